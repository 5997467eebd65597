"""Keeps a handful of processes running: starts them, restarts what ends, ends them in order."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

STEADY = 30.0
"""Seconds a process must have run before its end counts as the first."""
LONGEST = 15.0
"""Seconds between two starts of a process that keeps ending."""
GRACE = 15.0
"""Seconds a process has to end by itself."""
TOLD = 3
"""Lines of its log that are told of a process that ended by itself."""
_PR_SET_PDEATHSIG = 1
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, and with which environment beside ours."""

    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class Running:
    """One program as it runs."""

    program: Program
    process: subprocess.Popen[bytes]
    since: float
    ends: int = 0
    again_at: float | None = None
    """When it is started again, after it ended."""


class Supervisor:
    """Not safe for several threads. `check` must be called often."""

    def __init__(
        self,
        logs: Path,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        grace: float = GRACE,
    ) -> None:
        """Logs go to `logs`/NAME.log; `tell` gets one line when a process ends or comes back.

        Of one that was not killed but ended by itself it gets the last lines of the log as well, in the same
        call.

        `grace`: seconds a process has to end by itself.
        """
        self._logs = logs
        self._tell = tell
        self._clock = clock
        self._grace = grace
        self.running: dict[str, Running] = {}

    def start(self, program: Program) -> None:
        """Start a program and keep it running."""
        self.running[program.name] = Running(program, self._spawn(program), self._clock())

    def check(self) -> None:
        """Restart what ended, at once the first time and ever later after that."""
        now = self._clock()
        for one in self.running.values():
            if one.again_at is None and (code := one.process.poll()) is not None:
                one.ends = one.ends + 1 if now - one.since < STEADY else 1
                one.again_at = now + min(LONGEST, 2.0 ** min(one.ends - 1, 10) - 1.0)
                self._tell(self._ended(one.program.name, code))
            if one.again_at is not None and now >= one.again_at:
                one.process, one.since, one.again_at = self._spawn(one.program), now, None
                self._tell(f"{one.program.name} started again, pid {one.process.pid}")

    def stop(self) -> None:
        """End all, the last started first, each with time to end by itself."""
        for one in reversed(self.running.values()):
            if one.process.poll() is None:
                one.process.terminate()
                try:
                    one.process.wait(self._grace)
                except subprocess.TimeoutExpired:
                    self._tell(f"{one.program.name} does not end; killed")
                    one.process.kill()
                    one.process.wait()

    def log(self, name: str) -> Path:
        """Where a program's output goes."""
        return self._logs / f"{name}.log"

    def _ended(self, name: str, code: int) -> str:
        how = f"signal {-code}" if code < 0 else f"exit {code}"
        told = f"{name} ended ({how}); its log: {self.log(name)}"
        killed = code in (-signal.SIGKILL, -signal.SIGTERM)
        return told if killed else "\n  ".join([told, *tail(self.log(name), TOLD)])

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        self._logs.mkdir(parents=True, exist_ok=True)
        with self.log(program.name).open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - our own programs
                program.command,
                env={**os.environ, **program.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=functools.partial(_end_with, os.getpid()),
            )


def tail(log: Path, lines: int) -> list[str]:
    """The last lines of a log; none where somebody removed it."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.strip().splitlines()[-lines:]


def _end_with(parent: int) -> None:
    """In the child: a supervisor that is killed leaves nothing behind that holds the ports (Linux only)."""
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)
