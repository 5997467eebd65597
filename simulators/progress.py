"""One line that tells how far a thing is: rewritten in place on a terminal, now and then anywhere else."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from typing import TextIO

EVERY = 5.0
"""Seconds between two lines of progress where nothing can be rewritten."""
_ERASE = "\r\x1b[K"
"""Back to the line's begin, and empty it (ECMA-48: EL)."""


class Teller:
    """Prints to `out`: whole lines with `say`, the line in the making with `progress`."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._rewrites = out.isatty()
        self._open = False
        self._told = clock()

    def say(self, text: str) -> None:
        """A line that stays, in place of the one in the making."""
        self._write(f"{_ERASE if self._open else ''}{text}\n")
        self._open = False
        self._told = self._clock()

    def progress(self, text: str) -> None:
        """How far it is; may be called often."""
        if self._rewrites:
            width = shutil.get_terminal_size().columns - 1
            self._write(f"{_ERASE}{text[:width]}")
            self._open = True
        elif self._clock() - self._told >= EVERY:
            self.say(text)

    def _write(self, text: str) -> None:
        # What is being looked after matters more than whether somebody still reads about it.
        with contextlib.suppress(BrokenPipeError):
            self._out.write(text)
            self._out.flush()
