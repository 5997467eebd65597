"""Which packets are worth decoding, decided from nothing but their times and key flags."""

from __future__ import annotations

from collections import deque
from enum import Enum

MOST_HELD = 2000
"""Packets without a key frame after which everything is decoded even if their clock stands still."""
SLACK = 0.05
"""Part of `every` by which a frame may come early: clocks of cameras jitter."""


class Act(Enum):
    """What to do with one packet."""

    HOLD = "hold"
    """Not now; it may be wanted if the next key frame is late."""
    ALONE = "alone"
    """Decode this key packet by itself."""
    ALL = "all"
    """Decode everything held, then this."""
    SKIP = "skip"
    """Nothing can be made of it: no key packet came before."""


class Pace:
    """At most one frame every so many seconds, on a grid so that the mean keeps to it."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._due: float | None = None

    def is_due(self, at: float) -> bool:
        """Whether a frame of this time is wanted."""
        return self._due is None or at >= self._due - SLACK * self._every

    def took(self, at: float) -> None:
        """A frame of this time was handed out."""
        if self._due is None:
            self._due = at
        steps = max(0, int((at - self._due) / self._every + SLACK)) + 1
        self._due += steps * self._every


class Cadence:
    """Key packets alone while they come often enough, else everything; changes over as it measures.

    Everything is decoded from the moment a key interval passes `need`, beginning with that interval's
    own key packet, so that no frame is lost; key packets alone again after three short intervals.
    """

    def __init__(self, need: float) -> None:
        self.everything = False
        """Whether every packet is decoded just now."""
        self.intervals: deque[float] = deque(maxlen=3)
        """The last measured seconds between two key packets."""
        self._need = need
        self._key_at: float | None = None
        self._since_key = 0

    def judge(self, at: float, *, key: bool, due: bool) -> Act:
        """What to do with the packet of this stream time; `due`: a frame is wanted by now."""
        if key:
            if self._key_at is not None:
                self.intervals.append(at - self._key_at)
            self._key_at, self._since_key = at, 0
            if len(self.intervals) == 3 and max(self.intervals) <= self._need:
                self.everything = False
        elif self._key_at is None:
            return Act.SKIP
        else:
            self._since_key += 1
            if at - self._key_at > self._need or self._since_key > MOST_HELD:
                self.everything = True
        if self.everything:
            return Act.ALL
        return Act.ALONE if key and due else Act.HOLD
