"""How often cameras are looked at when the machine cannot do it all: a stated order, and slowly back. Pure.

Every step takes half of the looks from one kind of cameras: first from those with nothing in view, down to
every eighth key frame, then from those with something that may become a condition. Cameras with an open
condition are looked at as ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

DEEPEST = 3
"""Halvings at most: every 2nd, 4th, 8th key frame."""
CALM = 6
"""Windows in a row that must allow it before one step is taken back."""
ROOM = 0.9
"""Part of the budget that the cost after a step back may come to."""


class Attention(Enum):
    """What a camera has in view."""

    NOTHING = "nothing"
    CANDIDATE = "candidate"
    OPEN = "open"


STEPS = 2 * DEEPEST


@dataclass(frozen=True, slots=True)
class Thinning:
    """How far it has gone."""

    step: int = 0
    """0: all key frames that are due are looked at, to `STEPS`."""
    calm: int = 0
    """Windows since it last had to be more."""

    def level(self, attention: Attention) -> int:
        """Halvings for a camera: of `2 ** level` key frames that are due one is looked at."""
        if attention is Attention.NOTHING:
            return min(self.step, DEEPEST)
        if attention is Attention.CANDIDATE:
            return max(0, self.step - DEEPEST)
        return 0


def thin(
    before: Thinning,
    cameras: Collection[Attention],
    cores: float,
    budget: float | None,
    *,
    behind: bool,
) -> Thinning:
    """The thinning after one window of time.

    Args:
        before: that of the window.
        cameras: what each has in view.
        cores: CPU seconds used a second, of the whole process.
        budget: as many may be used; None: as many as there are.
        behind: pictures were let go because newer ones came before their turn.
    """
    spent = None if budget is None else cores / budget
    if behind or (spent is not None and spent > 1.0):
        wanted = before.step + 1
        # Taking all cost for that of looks says how far it must go at least.
        while spent is not None and wanted < STEPS and spent * _share(cameras, before.step, wanted) > 1.0:
            wanted += 1
        return Thinning(min(wanted, STEPS))
    if before.step == 0:
        return Thinning()
    back = before.step - 1
    if spent is not None and spent * _share(cameras, before.step, back) > ROOM:
        return Thinning(before.step)
    return Thinning(back) if before.calm + 1 >= CALM else Thinning(before.step, before.calm + 1)


def _share(cameras: Collection[Attention], now: int, then: int) -> float:
    """Looks at one step by those at another."""
    return _looks(cameras, then) / _looks(cameras, now) if cameras else 1.0


def _looks(cameras: Collection[Attention], step: int) -> float:
    thinning = Thinning(step)
    return sum(count * 0.5 ** thinning.level(kind) for kind, count in Counter(cameras).items())
