"""One line that tells how far a thing is: rewritten in place on a terminal, now and then anywhere else."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TextIO

EVERY = 5.0
"""Seconds between two lines of progress where nothing can be rewritten."""


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
        if self._open:
            self._out.write("\r\x1b[K")
            self._open = False
        self._out.write(f"{text}\n")
        self._out.flush()
        self._told = self._clock()

    def progress(self, text: str) -> None:
        """How far it is; may be called often."""
        if self._rewrites:
            width = shutil.get_terminal_size().columns - 1
            self._out.write(f"\r\x1b[K{text[:width]}")
            self._out.flush()
            self._open = True
        elif self._clock() - self._told >= EVERY:
            self.say(text)
