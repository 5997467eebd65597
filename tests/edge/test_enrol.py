"""The node's own credential: it survives an end at any step, and nobody can read it who should not."""

from __future__ import annotations

import logging
import os
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge import enrol
from edge.errors import CloudRefused, CloudUnreachable, CredentialTrouble, EdgeError
from edge.send import credential, exchange
from edge.send.credential import Credential, digest, load, new_token, store
from edge.send.token import token_from
from gridwatch import main
from tests.edge.door_for_tests import FakeDoor

CODE = "abcd-efgh-jkmn-pqrs"


class Killed(BaseException):
    """The process ends here; no handler of ours may catch it."""


class Fate:
    """Ends the process at the n-th dangerous step, `before` or after it was done."""

    def __init__(self, at: int, *, before: bool) -> None:
        self.at, self.before, self.steps = at, before, 0

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def doomed(*args: Any, **named: Any) -> Any:
            self.steps += 1
            mine = self.steps == self.at
            if mine and self.before:
                raise Killed
            result = work(*args, **named)
            if mine:
                raise Killed
            return result

        return doomed


def step_by_step(
    monkeypatch: pytest.MonkeyPatch, door: FakeDoor, work: Callable[[Any], object], at: int, *, before: bool
) -> bool:
    """Run `work`, ended at a step of the disk or the line; False when it has no such step."""
    fate = Fate(at, before=before)
    with monkeypatch.context() as patch:
        for name in ("open", "fsync"):
            patch.setattr(credential.os, name, fate.around(getattr(os, name)))
        patch.setattr(Path, "replace", fate.around(Path.replace))
        patch.setattr(Path, "unlink", fate.around(Path.unlink))
        doomed = SimpleNamespace(enrol=fate.around(door.enrol), rotate=fate.around(door.rotate))
        try:
            work(doomed)
        except Killed:
            return True
    return False


@pytest.mark.parametrize("before", [True, False])
def test_a_node_that_dies_at_any_step_of_a_rotation_is_never_locked_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    at, ended = 0, True
    while ended:
        at += 1
        state = tmp_path / str(at)
        state.mkdir()
        first = new_token()
        door = FakeDoor(first)
        store(state, Credential("n1", first))
        ended = step_by_step(
            monkeypatch, door, lambda to, state=state: exchange.rotate(state, to), at, before=before
        )
        mine = load(state)
        assert mine is not None
        assert mine.node == "n1"
        assert door.takes(mine.token) or (mine.next and door.takes(mine.next)), at
        assert exchange.rotate(state, door) == "n1"
        after = load(state)
        assert after is not None
        assert after.next == ""
        assert after.token != first
        assert list(door.valid) == [digest(after.token)], "one token is left, and it is the node's"
    assert at > 10


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("anew", [True, False])
def test_a_node_that_dies_at_any_step_of_its_enrolment_goes_on_with_the_same_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool, anew: bool
) -> None:
    at, ended = 0, True
    while ended:
        at += 1
        state = tmp_path / str(at)
        state.mkdir()
        door = FakeDoor(codes={CODE: "n1"})
        if anew:
            store(state, Credential("n1", "an-old-token-that-is-void"))
        ended = step_by_step(
            monkeypatch, door, lambda to, state=state: exchange.enrol(state, CODE, to), at, before=before
        )
        with suppress(CloudRefused):  # when it had been done but for the last word
            exchange.enrol(state, CODE, door)
        mine = load(state)
        assert mine is not None
        assert (mine.node, mine.next) == ("n1", "")
        assert list(door.valid) == [digest(mine.token)]
    assert at > 10


def test_the_credential_is_private_at_every_moment_and_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = os.umask(0)
    try:
        opened = []
        real = os.open

        def spied(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
            opened.append((Path(path).name, oct(mode)))
            return real(path, flags, mode, **more)

        monkeypatch.setattr(credential.os, "open", spied)
        state = tmp_path / "deep" / "state"
        exchange.enrol(state, CODE, FakeDoor(codes={CODE: "n1"}))
    finally:
        os.umask(old)
    assert {mode for name, mode in opened if name.startswith("credential")} == {"0o600"}
    assert stat.S_IMODE((state / credential.FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert sorted(path.name for path in state.iterdir()) == [credential.FILE, credential.LOCK]


def test_a_refused_code_leaves_the_credential_of_before(tmp_path: Path) -> None:
    store(tmp_path, Credential("n1", "still-good"))
    with pytest.raises(CloudRefused):
        exchange.enrol(tmp_path, "wrong", FakeDoor("still-good"))
    assert load(tmp_path) == Credential("n1", "still-good")


def test_a_token_left_over_that_is_void_does_not_spoil_the_next_code(tmp_path: Path) -> None:
    """Enrolled, the answer lost, revoked meanwhile: the next code must not be refused for it."""
    store(tmp_path, Credential("", "", "left-over"))

    class Strict(FakeDoor):
        def enrol(self, code: str, token_sha256: str) -> str:
            if token_sha256 == digest("left-over"):
                raise CloudRefused("bad_code")
            return super().enrol(code, token_sha256)

    assert exchange.enrol(tmp_path, CODE, Strict(codes={CODE: "n1"})) == "n1"


def test_two_cannot_change_a_credential_at_once(tmp_path: Path) -> None:
    store(tmp_path, Credential("n1", "token"))
    with credential.held(tmp_path), pytest.raises(CredentialTrouble, match="another process"):
        exchange.rotate(tmp_path, FakeDoor("token"))


def test_who_is_not_enrolled_cannot_rotate(tmp_path: Path) -> None:
    with pytest.raises(CredentialTrouble, match="run gridwatch edge enrol"):
        exchange.rotate(tmp_path, FakeDoor())


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"node": "n1"}', "\xff", '"x"', "null"])
def test_a_damaged_credential_is_said_without_its_content(tmp_path: Path, content: str) -> None:
    (tmp_path / credential.FILE).write_text(content)
    with pytest.raises(CredentialTrouble, match=r"credential.json: is damaged; enrol this node anew"):
        load(tmp_path)


def test_the_node_takes_its_own_credential_before_the_environment_s(tmp_path: Path) -> None:
    read = token_from({"GRIDWATCH_NODE_TOKEN": "of-the-environment"}, tmp_path)
    assert read() == "of-the-environment"
    store(tmp_path, Credential("", "", "only-offered"))
    assert read() == "of-the-environment"
    store(tmp_path, Credential("n1", "own"))
    assert read() == "own"


def test_which_node_runs_follows_from_who_was_enrolled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EdgeError, match="--node: is missing"):
        enrol.identity(None, None)
    assert enrol.identity("n1", None) == ("n1", Path("var/edge/n1"))
    enrol.STATE.mkdir(parents=True)
    store(enrol.STATE, Credential("n1", "own"))
    assert enrol.identity(None, None) == ("n1", enrol.STATE)
    with pytest.raises(EdgeError, match="node n1 was enrolled in"):
        enrol.identity("n2", enrol.STATE)
    monkeypatch.setenv("GRIDWATCH_NODE_TOKEN", "left-over-1234567890")
    enrol.identity("n1", enrol.STATE)
    assert "GRIDWATCH_NODE_TOKEN is set and not used" in caplog.text
    assert "left-over-1234567890" not in caplog.text


def test_a_rotation_that_was_cut_off_is_finished_when_the_cloud_answers_again(tmp_path: Path) -> None:
    store(tmp_path, Credential("n1", "old", "next"))
    door, told, stopping = FakeDoor("next"), [], threading.Event()
    away = [True, True]

    class Away(FakeDoor):
        def rotate(self, held_token: str, token_sha256: str) -> bool:
            if away:
                away.pop()
                raise CloudUnreachable("away")
            return door.rotate(held_token, token_sha256)

    class Impatient(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            return self.is_set()

    enrol.finish_rotation(tmp_path, Away(), Impatient(), told.append)
    assert told == ["node n1: finished the change of its token"]
    assert load(tmp_path) == Credential("n1", "next")
    enrol.finish_rotation(tmp_path, Away(), stopping, told.append)
    assert len(told) == 1, "nothing is left to finish"
    store(tmp_path, Credential("n1", "void", "void-too"))
    enrol.finish_rotation(tmp_path, Away(), stopping, told.append)
    assert "cannot be finished" in told[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["enrol", "cloud.example", CODE], "write scheme, host and port"),
        (["enrol", "http://cloud.example:8420", CODE], "--allow-plain"),
        (["enrol", "https://u:pw@cloud.example", CODE], "write scheme, host and port"),
        (["enrol", "https://cloud.example", CODE, "--ca-file", "none.pem"], "ca_file: none.pem"),
        (["enrol", "http://127.0.0.1:1", CODE], "nobody answers at http://127.0.0.1:1"),
        (["rotate"], "--site: is missing"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_without_the_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    code = main(["edge", words[0], "--state", str(tmp_path / "state"), *words[1:]])
    out, err = capsys.readouterr()
    assert (code, out) == (1, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert CODE not in err
    assert "pw@" not in err


class Hearing(FakeDoor):
    """Remembers every hash that was offered."""

    def __init__(self, *tokens: str) -> None:
        super().__init__(*tokens)
        self.heard: set[str] = set()

    def rotate(self, held_token: str, token_sha256: str) -> bool:
        self.heard.add(token_sha256)
        return super().rotate(held_token, token_sha256)


@pytest.mark.parametrize("before", [True, False])
def test_a_rotation_that_was_ordered_is_done_once_whatever_dies_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    at, ended = 0, True
    while ended:
        at += 1
        state = tmp_path / str(at)
        state.mkdir()
        store(state, Credential("n1", "first"))
        made: list[str] = []

        def new(made: list[str] = made) -> str:
            made.append(f"token-{len(made)}")
            return made[-1]

        monkeypatch.setattr(exchange, "new_token", new)
        door = Hearing("first")
        ended = step_by_step(
            monkeypatch, door, lambda to, state=state: exchange.rotate(state, to, "order"), at, before=before
        )
        if at % 2:  # what the node does at its next start, before the order comes again
            enrol.finish_rotation(state, door, threading.Event(), lambda _: None)
        for _ in range(2):
            assert exchange.rotate(state, door, "order") == "n1"
        mine = load(state)
        assert mine is not None
        assert (mine.token, mine.next, mine.order) == (made[-1], "", "order")
        assert list(door.valid) == [digest(mine.token)]
        assert door.heard == {digest(mine.token)}, "one change: no other token was ever offered"
        exchange.rotate(state, door, "another order")
        assert load(state) != mine
    assert at > 10


def test_what_was_begun_by_hand_counts_for_the_order_that_finishes_it(tmp_path: Path) -> None:
    store(tmp_path, Credential("n1", "first", "second"))
    door = FakeDoor("first", "second")
    exchange.rotate(tmp_path, door, "order")
    assert load(tmp_path) == Credential("n1", "second", "", "order")


def test_a_credential_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    (tmp_path / credential.FILE).write_text('{"node": "n1", "token": "t", "next": ""}')
    assert load(tmp_path) == Credential("n1", "t")
