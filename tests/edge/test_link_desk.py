"""Commands are done once, whatever dies in between."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from devices.ids import uuid7
from devices.link import LogLevelBody, Outcome
from devices.messages import Evidence, EvidenceKind, Series
from edge.errors import CloudUnreachable, CredentialBusy
from edge.keep import NodeStore
from edge.link.desk import COMMAND, SPARE, CommandDesk, Done
from edge.link.levels import LogLevels
from edge.send import credential, exchange
from tests.edge.door_for_tests import FakeDoor
from tests.edge.link_for_tests import command
from tests.edge.points_for_tests import NOON, bodies, disk_full, open_store

ROOT = Path(__file__).parents[2]


class Photographer:
    """Takes a photo of nothing much, and counts."""

    def __init__(self, store: NodeStore) -> None:
        self.store = store
        self.taken = 0

    def __call__(self, asked) -> Done:
        self.taken += 1
        sha256, _ = self.store.save_photo(f"photo {self.taken}".encode())
        shown = Evidence(
            evidence_id=uuid7(), condition_id=asked.id, kind=EvidenceKind.FRESH, camera="P01-C1",
            captured_at=NOON, sha256=sha256, size=7, width=4, height=3,
        )  # fmt: skip
        return Done({"sha256": sha256}, (shown,))


class Bench:
    """A desk over a store that can be opened again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.woken = 0
        self.now = NOON
        self.open()

    def open(self) -> None:
        self.store = open_store(self.directory)
        self.camera = Photographer(self.store)
        self.desk = CommandDesk(
            {"photo": self.camera}, self.store, lambda: self.now, self._wake, lambda: 100.0
        )

    def again(self) -> None:
        self.store.close()
        self.open()

    def _wake(self) -> None:
        self.woken += 1

    def photos(self) -> list[Evidence]:
        return bodies(self.store, Series.EVIDENCE)


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.store.close()


def test_a_command_is_done_and_its_photo_queued_in_the_transaction_of_its_answer(bench):
    asked = command()
    answer = bench.desk.handle(asked, 100.0)
    assert (answer.id, answer.outcome) == (asked.id, Outcome.DONE)
    (photo,) = bench.photos()
    assert photo.sha256 == answer.result["sha256"]
    assert bench.woken == 1


def test_a_command_that_comes_twice_is_done_once_and_answered_the_same(bench):
    asked = command()
    first = bench.desk.handle(asked, 100.0)
    assert bench.desk.handle(asked.model_copy(update={"expires_in": -5.0}), 100.0) == first
    assert (bench.camera.taken, len(bench.photos())) == (1, 1)


def test_a_repeat_after_a_restart_gets_the_stored_answer(bench):
    asked = command()
    first = bench.desk.handle(asked, 100.0)
    bench.again()
    assert bench.desk.handle(asked, 100.0) == first
    assert (bench.camera.taken, len(bench.photos())) == (0, 1)


@pytest.mark.parametrize(("expires_in", "came"), [(0.0, 100.0), (-3.0, 100.0), (5.0, 94.0)])
def test_what_comes_too_late_or_waited_too_long_is_not_done(bench, expires_in, came):
    answer = bench.desk.handle(command(expires_in=expires_in), came)
    assert answer.outcome is Outcome.EXPIRED
    assert bench.camera.taken == 0


def test_while_the_store_fails_nothing_is_answered_and_no_photo_stays(bench, monkeypatch):
    asked = command()
    with disk_full(monkeypatch):
        assert bench.desk.handle(asked, 100.0) is None
    assert [path for path in bench.directory.rglob("*") if path.is_file() and path.stat().st_size == 7] == []
    assert bench.desk.handle(asked, 100.0).outcome is Outcome.DONE
    assert len(bench.photos()) == 1


def test_a_kind_that_nobody_here_knows_and_a_body_that_fits_none_are_said_so(bench):
    unknown = bench.desk.handle(command("reboot"), 100.0)
    assert unknown.outcome is Outcome.FAILED
    assert "reboot" in unknown.result["reason"]
    levels = LogLevels()
    desk = CommandDesk({"log_level": levels}, bench.store, lambda: NOON, lambda: None, lambda: 100.0)
    wrong = desk.handle(command("log_level", logger="edge; rm", level="DEBUG", seconds=5), 100.0)
    assert wrong.outcome is Outcome.FAILED
    assert "body.logger" in wrong.result["reason"]


def test_answers_are_forgotten_once_their_commands_are_long_over(bench):
    first, second = command(expires_in=60.0), command()
    bench.desk.handle(first, 100.0)
    bench.now += timedelta(seconds=SPARE)
    bench.desk.handle(second, 100.0)
    assert set(bench.store.states(COMMAND)) == {str(first.id), str(second.id)}
    bench.now += timedelta(seconds=61)
    third = command()
    bench.desk.handle(third, 100.0)
    assert set(bench.store.states(COMMAND)) == {str(second.id), str(third.id)}


def test_a_failed_command_is_remembered_too(bench):
    tries = []

    def broken(asked) -> Done:
        tries.append(asked.id)
        return Done(reason="no picture came")

    desk = CommandDesk({"photo": broken}, bench.store, lambda: NOON, lambda: None, lambda: 100.0)
    asked = command()
    answers = [desk.handle(asked, 100.0) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0].result == {"reason": "no picture came"}
    assert len(tries) == 1


CHILD = """
import os, signal, sys
from pathlib import Path
from devices.link import Command
from edge.link.desk import CommandDesk
from tests.edge.points_for_tests import NOON, open_store
from tests.edge.test_link_desk import Photographer

store = open_store(Path(sys.argv[1]))
camera = Photographer(store)
desk = CommandDesk({"photo": camera}, store, lambda: NOON, lambda: None, lambda: 100.0)
if sys.argv[2] == "before":
    # done, its photo on the disk, not yet kept
    store.transaction = lambda: os.kill(os.getpid(), signal.SIGKILL)
answer = desk.handle(Command.model_validate_json(sys.argv[3]), 100.0)
print(answer.model_dump_json(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_node_killed_between_doing_and_answering_gives_one_photo_and_one_answer(tmp_path, when):
    asked = command()
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), when, asked.model_dump_json()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    bench = Bench(tmp_path)
    try:
        answer = bench.desk.handle(asked, 100.0)
        assert answer.outcome is Outcome.DONE
        if when == "after":
            assert child.stdout.strip() == answer.model_dump_json()
            assert bench.camera.taken == 0
        (photo,) = bench.photos()
        assert photo.sha256 == answer.result["sha256"]
    finally:
        bench.store.close()


def test_a_log_level_holds_for_its_time_and_a_second_one_replaces_the_first():
    named = logging.getLogger("edge.only_for_this_test")
    named.setLevel(logging.ERROR)
    levels = LogLevels()
    for level in ("DEBUG", "INFO"):
        body = LogLevelBody(logger=named.name, level=level, seconds=3600)
        levels(command("log_level", **body.model_dump()))
        assert logging.getLevelName(named.level) == level
    levels.close()
    assert named.level == logging.ERROR


def test_a_log_level_ends_by_itself():
    named = logging.getLogger("edge.only_for_this_test_too")
    levels = LogLevels()
    levels(command("log_level", logger=named.name, level="DEBUG", seconds=0.2))
    timer = next(iter(levels._timers.values()))
    timer.join(20)
    assert named.level == logging.NOTSET
    assert not levels._timers


class Rotating:
    """A handler as the node has it, at a door that counts."""

    def __init__(self, state: Path, door: FakeDoor) -> None:
        self.state, self.door = state, door

    def __call__(self, asked) -> Done:
        exchange.rotate(self.state, self.door, str(asked.id))
        return Done()


def test_a_node_that_dies_between_changing_its_token_and_answering_changes_it_once(bench, monkeypatch):
    credential.store(bench.directory, credential.Credential("n1", "first"))
    door, asked = FakeDoor("first"), command("rotate")
    handlers = {"rotate": Rotating(bench.directory, door)}
    with disk_full(monkeypatch):  # done, not kept: as after kill -9
        desk = CommandDesk(handlers, bench.store, lambda: NOON, lambda: None, lambda: 100.0)
        assert desk.handle(asked, 100.0) is None
    changed = credential.load(bench.directory)
    bench.again()
    desk = CommandDesk(handlers, bench.store, lambda: NOON, lambda: None, lambda: 100.0)
    assert desk.handle(asked, 100.0).outcome is Outcome.DONE
    assert credential.load(bench.directory) == changed
    assert list(door.valid) == [credential.digest(changed.token)]


@pytest.mark.parametrize("trouble", [CloudUnreachable("away"), CredentialBusy("another one is at it")])
def test_what_cannot_be_done_just_now_is_not_answered_and_done_when_it_comes_again(bench, trouble):
    tries = [trouble, None]

    def now_and_then(asked) -> Done:
        if (now := tries.pop(0)) is not None:
            raise now
        return Done()

    desk = CommandDesk({"rotate": now_and_then}, bench.store, lambda: NOON, lambda: None, lambda: 100.0)
    asked = command("rotate")
    assert desk.handle(asked, 100.0) is None
    assert desk.handle(asked, 100.0).outcome is Outcome.DONE
