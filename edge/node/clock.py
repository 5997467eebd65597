"""The node's two clocks: one for durations, which never jumps, and the wall's, which may be set anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

STEP = 1.0
"""Seconds: less is a clock that is being steered, or a busy machine."""
AT_ONCE = 0.05
"""Seconds within which both clocks must be read for their difference to mean something."""
OFFSET_FILE = "GRIDWATCH_CLOCK_OFFSET_FILE"
"""Names a file whose content, in seconds, is added to the wall clock: for drills, which must not set the
machine's."""


class Clock:
    """Both clocks; any thread may read them, one asks whether the wall's was set."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self.monotonic = monotonic
        """Seconds since some moment."""
        self.wall = wall
        """Seconds since 1970 UTC, as far as the machine knows."""
        self._offset = self._difference()

    def now(self) -> datetime:
        """The wall clock, UTC."""
        return datetime.fromtimestamp(self.wall(), UTC)

    def stepped(self) -> float:
        """Seconds by which the wall clock was set since this was asked last; 0 when it was not."""
        offset = self._difference()
        by, self._offset = offset - self._offset, offset
        return by if abs(by) >= STEP else 0.0

    def _difference(self) -> float:
        while True:
            before = self.monotonic()
            wall = self.wall()
            if self.monotonic() - before <= AT_ONCE:
                return wall - before


def clock_from(env: Mapping[str, str]) -> Clock:
    """The machine's clocks; the wall's is moved by `OFFSET_FILE` where the environment names one."""
    name = env.get(OFFSET_FILE)
    if name is None:
        return Clock()
    file = Path(name)

    def moved() -> float:
        with suppress(OSError, ValueError):
            return time.time() + float(file.read_text())
        return time.time()

    return Clock(wall=moved)


def spoken(seconds: float) -> str:
    """A difference of clocks for people: `+1 h`, `-7 h 30 min`, `+90 s`, `-3 d`."""
    sign, rest = "+-"[seconds < 0], round(abs(seconds))
    if rest < 120:
        return f"{sign}{rest} s"
    minutes = round(rest / 60)
    if minutes < 120 and minutes != 60:
        return f"{sign}{minutes} min"
    if minutes < 48 * 60:
        hours, left = divmod(minutes, 60)
        return f"{sign}{hours} h" + (f" {left} min" if left else "")
    return f"{sign}{round(minutes / 1440)} d"
