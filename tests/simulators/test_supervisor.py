"""Programs that end, that must be ended, and that will not end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from simulators.supervisor import LONGEST, STEADY, Program, Supervisor

SLEEP = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(600)"]
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
STUBBORN = [sys.executable, "-c", DEAF + SLEEP[2]]
PATIENCE = 20.0


class Watch:
    """A supervisor with a clock moved by hand."""

    def __init__(self, logs: Path) -> None:
        self.now = 1000.0
        self.said: list[str] = []
        self.supervisor = Supervisor(logs, self.said.append, lambda: self.now, grace=0.3)

    def start(self, name: str, command: list[str], **env: str):
        self.supervisor.start(Program(name, command, env))
        return self.supervisor.running[name]

    def ready(self, name: str, times: int = 1) -> None:
        """Wait until the program has said so."""
        until = time.monotonic() + PATIENCE
        while self.supervisor.log(name).read_text(encoding="utf-8").count("ready") < times:
            assert time.monotonic() < until, f"{name} is not ready"
            time.sleep(0.01)

    def kill(self, name: str) -> None:
        process = self.supervisor.running[name].process
        process.kill()
        process.wait(PATIENCE)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    watch = Watch(tmp_path / "logs")
    yield watch
    watch.supervisor.stop()


def test_what_ends_is_started_again_at_once_and_said(watch):
    one = watch.start("camera", SLEEP)
    first = one.process.pid
    watch.supervisor.check()
    assert watch.said == []
    watch.kill("camera")
    watch.supervisor.check()
    assert one.process.pid != first
    assert one.process.poll() is None
    assert watch.said == [
        f"camera ended (signal 9); its log: {watch.supervisor.log('camera')}",
        f"camera started again, pid {one.process.pid}",
    ]


def test_what_keeps_ending_is_started_ever_later_and_never_less_often_than_the_longest_wait(
    watch, monkeypatch
):
    spawned = []

    class Ended:
        pid = 1

        def poll(self) -> int:
            return 3

    monkeypatch.setattr(Supervisor, "_spawn", lambda *_: spawned.append(watch.now) or Ended())
    one = watch.start("broken", ["false"])
    for _ in range(1000):
        watch.supervisor.check()
        watch.now += 0.25
    waits = [after - before for before, after in pairwise(spawned)]
    assert waits[:5] == [0.0, 1.25, 3.25, 7.25, 15.25]
    assert set(waits[5:]) == {LONGEST + 0.25}
    one.ends = 5000  # after a day of it
    watch.now += LONGEST
    watch.supervisor.check()
    watch.supervisor.check()
    assert one.again_at == watch.now + LONGEST
    monkeypatch.undo()
    watch.supervisor.running.clear()


def test_a_program_that_ran_steadily_before_it_ended_is_started_at_once_again(watch):
    one = watch.start("camera", SLEEP)
    one.ends = 4
    watch.now += STEADY
    watch.kill("camera")
    watch.supervisor.check()
    assert one.ends == 1
    assert one.process.poll() is None


def test_one_that_keeps_ending_does_not_keep_others_from_being_looked_after(watch):
    watch.start("broken", [sys.executable, "-c", "raise SystemExit(3)"])
    other = watch.start("camera", SLEEP)
    watch.supervisor.running["broken"].process.wait(PATIENCE)
    watch.kill("camera")
    watch.supervisor.check()
    assert other.process.poll() is None
    assert any("exit 3" in line for line in watch.said)


def test_of_what_ended_by_itself_the_last_lines_of_its_log_are_told(watch):
    says = "import os; print('one', 'two', 'ValueError: a defect', 'has ended', sep='\\n', flush=True); os."
    for name, end in (("exits", "_exit(1)"), ("aborts", "abort()"), ("killed", "kill(os.getpid(), 9)")):
        watch.start(name, [sys.executable, "-c", says + end]).process.wait(PATIENCE)
    watch.supervisor.check()
    ended = [line for line in watch.said if " ended (" in line]
    logs = {name: watch.supervisor.log(name) for name in watch.supervisor.running}
    last = "\n  two\n  ValueError: a defect\n  has ended"
    assert ended == [
        f"exits ended (exit 1); its log: {logs['exits']}{last}",
        f"aborts ended (signal 6); its log: {logs['aborts']}{last}",
        f"killed ended (signal 9); its log: {logs['killed']}",
    ]


def test_output_goes_to_the_log_which_is_continued_after_a_restart(watch):
    watch.start("camera", SLEEP)
    watch.ready("camera")
    watch.kill("camera")
    watch.supervisor.check()
    watch.ready("camera", times=2)


def test_a_program_has_its_own_environment_beside_ours_and_its_secrets_are_not_shown(watch, monkeypatch):
    monkeypatch.setenv("OURS", "here")
    tell = "import os; print('ready', os.environ['OURS'], os.environ['SECRET'])"
    one = watch.start("camera", [sys.executable, "-c", tell], SECRET="hush")
    one.process.wait(PATIENCE)
    assert watch.supervisor.log("camera").read_text(encoding="utf-8") == "ready here hush\n"
    assert "hush" not in repr(one)
    assert "SECRET" not in os.environ


def test_the_last_started_is_ended_first_and_each_before_the_next(watch, tmp_path):
    order = tmp_path / "order"
    for name in ("broker", "cloud", "edge"):
        says = (
            "import pathlib, signal, sys\n"
            f"def end(*_):\n  pathlib.Path({str(order)!r}).open('a').write('{name} ')\n  sys.exit(0)\n"
            f"signal.signal(signal.SIGTERM, end)\n{SLEEP[2]}"
        )
        watch.start(name, [sys.executable, "-c", says])
    watch.supervisor._grace = PATIENCE
    for name in ("broker", "cloud", "edge"):
        watch.ready(name)
    watch.supervisor.stop()
    assert order.read_text(encoding="utf-8").split() == ["edge", "cloud", "broker"]
    assert [one.process.returncode for one in watch.supervisor.running.values()] == [0, 0, 0]
    assert watch.said == []


def test_what_does_not_end_by_itself_is_killed_and_the_rest_ended_all_the_same(watch):
    polite, stubborn = watch.start("polite", SLEEP), watch.start("stubborn", STUBBORN)
    watch.ready("stubborn")
    watch.ready("polite")
    watch.supervisor.stop()
    assert stubborn.process.returncode == -signal.SIGKILL
    assert polite.process.returncode == -signal.SIGTERM
    assert watch.said == ["stubborn does not end; killed"]
    watch.supervisor.stop()
    assert len(watch.said) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="a promise of Linux's kernel")
def test_a_killed_supervisor_leaves_nothing_behind(tmp_path):
    supervise = (
        "import sys, time, pathlib; from simulators.supervisor import *\n"
        f"one = Supervisor(pathlib.Path({str(tmp_path)!r}), print)\n"
        f"one.start(Program('camera', {SLEEP!r}))\n"
        "print(one.running['camera'].process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", supervise], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    until = time.monotonic() + PATIENCE
    while alive(child):
        assert time.monotonic() < until, "the program outlived its supervisor"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended may still be waiting for its parent to notice."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")
