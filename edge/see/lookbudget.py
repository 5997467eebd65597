"""How many looks of the detector a node may take, and who goes without when there are too many. Pure.

A bucket of looks fills with time. What a look is for decides how much must be left in it for the others:
open conditions always get theirs, though the bucket then owes; candidates near their dwell may empty it;
start-up scans leave a quarter, repeats a half. Whoever is refused asks again with the next picture.
`Looks` holds the bucket that the eyes of a node share, and a small one for what is done at leisure: all that
a scan gets while the node has no time to spare.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

AT_LEISURE, LEISURE_BURST = 1.0, 4.0
"""Looks a second at what hardly hides a thing, and at once: a hundredth of a core."""


class Purpose(Enum):
    """What a look is for, most urgent first; the value is the share of the bucket left to the others."""

    OPEN = -1.0
    """Does a thing of an open condition still stand? Never refused."""
    DUE = 0.0
    """A candidate whose name must be known by its dwell."""
    SCAN = 0.25
    """What stood there when the eye opened: it has its whole dwell to be found."""
    LEISURE = 0.4
    """What hardly hides a thing, when there is nothing better to do."""
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
        spare: Callable[[], bool] = lambda: True,
    ) -> None:
        """`per_second`: None where time does not matter, as in the replay of a clip: all are granted.

        `spare`: whether the node has time to spare, asked for each scan.

        Raises:
            ValueError: as of `LookBudget.full`.
        """
        self._monotonic = monotonic
        self._spare = spare
        self._budget = None if per_second is None else LookBudget.full(per_second, burst, monotonic())
        self._leisure = LookBudget.full(AT_LEISURE, LEISURE_BURST, monotonic())

    def take(self, purpose: Purpose, looks: int, least: int = 1) -> int:
        """How many are granted; none where it would be fewer than `least` of those asked for."""
        if self._budget is None:
            return looks
        spare = purpose not in (Purpose.SCAN, Purpose.LEISURE) or self._spare()
        if spare and purpose is not Purpose.LEISURE:
            granted, self._budget = _taken(self._budget, purpose, looks, least, self._monotonic())
        elif spare or purpose is Purpose.SCAN:
            granted, self._leisure = _taken(self._leisure, Purpose.DUE, looks, least, self._monotonic())
        else:
            granted = 0
        return granted


def _taken(budget: LookBudget, purpose: Purpose, looks: int, least: int, at: float) -> tuple[int, LookBudget]:
    granted, after = budget.take(purpose, looks, at)
    return (0, budget) if granted < min(least, looks) else (granted, after)
