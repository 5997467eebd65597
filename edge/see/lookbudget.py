"""How many looks of the detector a node may take, and who goes without when there are too many. Pure.

A bucket of looks fills with time. What a look is for decides how much must be left in it for the others:
open conditions always get theirs, though the bucket then owes; candidates near their dwell may empty it;
start-up scans leave a quarter, repeats a half. Whoever is refused asks again with the next picture.
`Looks` holds the bucket that the eyes of a node share.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum


class Purpose(Enum):
    """What a look is for, most urgent first; the value is the share of the bucket left to the others."""

    OPEN = -1.0
    """Does a thing of an open condition still stand? Never refused."""
    DUE = 0.0
    """A candidate whose name must be known by its dwell."""
    SCAN = 0.25
    """What stood there when the eye opened: it has its whole dwell to be found."""
    REPEAT = 0.5
    """One more look at what could not be named so far."""


@dataclass(frozen=True, slots=True)
class LookBudget:
    """The bucket. Times are seconds of one clock that never goes back."""

    per_second: float
    """Looks that the node may take on the long run."""
    burst: float
    """Looks that may be taken at once after a pause, and the most that open conditions can owe."""
    left: float
    at: float

    @classmethod
    def full(cls, per_second: float, burst: float, at: float) -> LookBudget:
        """A bucket nobody has taken from.

        Raises:
            ValueError: a rate or a burst that is not above 0.
        """
        if per_second <= 0 or burst <= 0:
            raise ValueError("looks per second and burst must be above 0")
        return cls(per_second, burst, burst, at)

    def take(self, purpose: Purpose, looks: int, at: float) -> tuple[int, LookBudget]:
        """How many of `looks` are granted now, and the bucket afterwards.

        Open conditions are granted all; a scan asks for as many tiles as it has left and gets what there is.
        """
        filled = min(self.burst, self.left + max(0.0, at - self.at) * self.per_second)
        if purpose is Purpose.OPEN:
            granted = looks
        else:
            granted = max(0, min(looks, int(filled - purpose.value * self.burst)))
        left = max(-self.burst, filled - granted)
        return granted, replace(self, left=left, at=max(at, self.at))


class Looks:
    """What all eyes of a node take their looks from; used by one thread."""

    def __init__(
        self,
        per_second: float | None = None,
        burst: float = 20.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`per_second`: None where time does not matter, as in the replay of a clip: all are granted.

        Raises:
            ValueError: as of `LookBudget.full`.
        """
        self._monotonic = monotonic
        self._budget = None if per_second is None else LookBudget.full(per_second, burst, monotonic())

    def take(self, purpose: Purpose, looks: int, least: int = 1) -> int:
        """How many are granted; none where it would be fewer than `least` of those asked for."""
        if self._budget is None:
            return looks
        granted, after = self._budget.take(purpose, looks, self._monotonic())
        if granted < min(least, looks):
            return 0
        self._budget = after
        return granted
