"""What fails is logged once when it begins to, and once when it is back."""

from __future__ import annotations

import logging
from collections import deque

from edge.errors import StoreError

log = logging.getLogger(__name__)


class StoreTrouble:
    """Of one writer; used by one thread at a time."""

    def __init__(self, what: str) -> None:
        """`what` cannot be kept while the store fails: "a look", "readings"."""
        self._what = what
        self._failing = False

    def failed(self, error: StoreError) -> None:
        """It could not be kept."""
        if not self._failing:
            log.error("%s cannot be kept: %s", self._what, error)
        self._failing = True

    def kept(self) -> None:
        """It was kept."""
        if self._failing:
            log.info("%s can be kept again", self._what)
        self._failing = False


class Outages:
    """Which goings and comings of one device are worth a line: not all of one that reboots all night."""

    MANY = 5
    WITHIN = 600.0
    """Seconds in which so many outages make a device unsteady; for as long it must hold to be steady."""

    def __init__(self) -> None:
        self._lost: deque[float] = deque(maxlen=self.MANY)
        self.unsteady = False
        """It comes and goes: only its end is told."""

    def lost(self, at: float) -> bool:
        """It was up and went, at monotonic seconds; whether that is told. `unsteady` may begin with it."""
        self._lost.append(at)
        if self.unsteady:
            return False
        self.unsteady = len(self._lost) == self.MANY and at - self._lost[0] <= self.WITHIN
        return True

    def held(self, at: float) -> bool:
        """It is up; whether it is steady again just now."""
        if not self.unsteady or at - self._lost[-1] < self.WITHIN:
            return False
        self.unsteady = False
        return True
