"""Processes that a bench starts, asks and ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

GRACE = 20.0
"""Seconds to end by itself."""


class Child:
    """One process, with its standard input and output to talk with; ended with the context."""

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        """`log` takes what it complains of."""
        self._log = log
        self._complaints = log.open("wb")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints,
            env={**os.environ, **(env or {})},
        )  # fmt: skip
        self.pid = self._process.pid

    @property
    def log(self) -> str:
        """What it has complained of."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def hear(self) -> dict[str, Any]:
        """Its next line.

        Raises:
            RuntimeError: it ended instead.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            last = self.log.strip().splitlines()[-1:]
            raise RuntimeError(f"{self._log.stem} ended: {' '.join(last)}")
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self, line: str = "") -> dict[str, Any]:
        """One line to it, and its answer.

        Raises:
            RuntimeError: it has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        return self.hear()

    def close(self) -> None:
        """Ask it to end, and end it when it does not."""
        self._process.terminate()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._complaints):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def cameras_child(folder: Path, stream: str, count: int, *, per_packet: bool = False) -> Child:
    """The simulated cameras; its first line has been left to be heard."""
    command = [sys.executable, "-m", "tests.bench.cameras", "--stream", stream, "--cameras", str(count)]
    return Child([*command, "--per-packet"] if per_packet else command, folder / "cameras.log")
