"""Real processes of the product for end-to-end tests: their logs, and waiting for what they say or do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


def until(check: Callable[[], T], within: float, what: str) -> T:
    """Wait for `check` to answer something true, and give that; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        if found := check():
            return found
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        time.sleep(0.1)


class Process:
    """`gridwatch WORDS` in a session of its own, its output in a file."""

    def __init__(self, log: Path, *words: str, env: Mapping[str, str] | None = None) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gridwatch", *words],
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def says(self, pattern: str, within: float) -> re.Match[str]:
        """Wait until its output has `pattern`; fails at once when it ended without."""

        def look() -> re.Match[str] | None:
            ended = self.process.poll() is not None
            found = re.search(pattern, self.text, re.MULTILINE)
            assert found or not ended, (
                f"ended with {self.process.returncode}, no {pattern!r} in:\n{self.text}"
            )
            return found

        try:
            return until(look, within, pattern)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text[-3000:]}") from None

    def end(self, how: signal.Signals = signal.SIGTERM, within: float = 60) -> int:
        """Send the signal and wait; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(within)
