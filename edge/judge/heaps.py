"""How many bikes are there, when rows and heaps are one thing to the eye?

The ground that one bike covers is learnt from those that stand apart, with its growth towards the camera;
what covers a multiple of it counts as so many, with the error that the bikes themselves show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from edge.judge.zones import common, relative
from edge.see.cover import BOX_FILL, Cover
from edge.see.slots import Phase, Slot
from edge.see.view import View

KNOWN = 24
"""Single bikes of a zone that are remembered, the latest."""
FEW = 3
"""Fewer are too few to tell how much they differ."""
ROUGH = 0.5
"""Error of a count, as a part of it, while they are that few."""
FINE = 0.15
"""And at the least: bikes lean on one another and hide each other."""
SEVERAL = 1.6
"""Times the ground of one from which a thing is several."""
SPREAD = 0.15
"""Height of the picture over which single bikes must be spread to tell how they grow towards its foot."""

Singles = Mapping[UUID, tuple[float, float]]
"""Of single bikes, by slot: where their foot is (part of the picture's height) and the ground they cover
(part of the picture's area)."""


@dataclass(frozen=True, slots=True)
class Count:
    """So many things; `error` is None when they were counted one by one."""

    number: int
    error: int | None = None

    @property
    def least(self) -> int:
        """There are at least so many."""
        return self.number - (self.error or 0)


@dataclass(frozen=True, slots=True)
class Unit:
    """What one bike covers at a place, and how far that may be off, as a part of it."""

    area: float
    error: float


def learnt(singles: Singles, slots: Sequence[Slot], covers: Mapping[UUID, Cover], view: View) -> Singles:
    """With those of `slots` that stand apart from all others and fill what the detector drew around them."""
    found = dict(singles)
    for slot in slots:
        if slot.id in found or slot.id not in covers or slot.phase is not Phase.STANDING:
            continue
        if slot.named_box is None or slot.at_least or not _alone(slot, view):
            continue
        foot = relative(slot, view)[3]
        found[slot.id] = (foot, covers[slot.id].area)
    return dict(list(found.items())[-KNOWN:])


def counted(slots: Sequence[Slot], covers: Mapping[UUID, Cover], singles: Singles, view: View) -> Count:
    """How many these are."""
    number, error = 0, 0.0
    for slot in slots:
        many, off = _in_one(slot, covers.get(slot.id), singles, view)
        number, error = number + many, error + off
    return Count(number, round(error) or 1) if error else Count(number)


def _in_one(slot: Slot, cover: Cover | None, singles: Singles, view: View) -> tuple[int, float]:
    unit = None if cover is None or slot.id in singles else unit_at(relative(slot, view)[3], singles)
    unit = unit or _drawn(slot, view)
    if cover is None or unit is None or cover.area < SEVERAL * unit.area:
        return 1, 0.0
    many = cover.area / unit.area
    return round(many), many * unit.error


def unit_at(foot: float, singles: Singles) -> Unit | None:
    """What one bike covers whose foot is at `foot`; None while no single one was seen.

    Lengths grow linearly with the distance of a foot from the horizon (a plane seen by a pinhole camera).
    Where the bikes known are spread enough, a line through the roots of their areas says where that is; else
    it is taken to be the picture's upper edge, and half of what that makes out counts as error.
    """
    if not singles:
        return None
    feet = np.array([max(0.05, y) for y, _ in singles.values()])
    sides = np.sqrt([area for _, area in singles.values()])
    slope, at_zero = float(np.median(sides / feet)), 0.0
    guess = 0.5 * abs(1.0 - (float(np.median(sides)) / (slope * max(0.05, foot))) ** 2)
    if len(sides) > FEW and float(np.ptp(feet)) >= SPREAD:
        fitted, begun = (float(part) for part in np.polyfit(feet, sides, 1))
        if fitted > 0 and fitted * foot + begun > 0.25 * float(sides.min()):
            slope, at_zero, guess = fitted, begun, 0.0
    side = slope * max(0.05, foot) + at_zero
    if len(sides) < FEW:
        return Unit(side**2, max(ROUGH, guess))
    off = float(np.median(np.abs(sides / (slope * feet + at_zero) - 1.0)))
    # 1.48 makes a median deviation a standard one; an area is off by twice what its side is.
    return Unit(side**2, max(FINE, guess, 2 * 1.48 * off))


def _drawn(slot: Slot, view: View) -> Unit | None:
    """Within a heap the detector drew its box around one of them, far smaller than the heap."""
    if slot.named_box is None or view.shape[0] == 0:
        return None
    x0, y0, x1, y1 = slot.named_box
    own = (x1 - x0) * (y1 - y0)
    whole = (slot.box[2] - slot.box[0]) * (slot.box[3] - slot.box[1])
    if not 0 < own < whole / SEVERAL:
        return None
    return Unit(BOX_FILL * own / (view.shape[0] * view.shape[1]), ROUGH)


def _alone(slot: Slot, view: View) -> bool:
    """No other thing touches it, and the detector's box is the thing's own."""
    box = _grown(slot.box)
    if any(common(box, _grown(other.box)) > 0 for other in view.slots if other.id != slot.id):
        return False
    assert slot.named_box is not None
    named: tuple[float, float, float, float] = slot.named_box
    shared = common(slot.box, named)
    return shared >= 0.5 * max(common(slot.box, slot.box), common(named, named))


def _grown(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A little larger on each side."""
    x0, y0, x1, y1 = box
    dx, dy = 0.05 * (x1 - x0), 0.05 * (y1 - y0)
    return x0 - dx, y0 - dy, x1 + dx, y1 + dy
