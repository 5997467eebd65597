"""How many bikes are there, when rows and heaps are a few things to the eye?

The ground that one bike covers is learnt from those that stand apart, or from the boxes that the detector
draws, with its growth towards the camera. What touches, and covers a multiple of it, counts as so many: more
than would stand side by side, since they hide each other.
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
from edge.see.votes import UNKNOWN

BEHIND = 0.2
"""Share of a place that lies behind those put before it, when it is they who hide it."""
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
ROW = 4
"""So many things that touch are a row or a heap, in which there are some that nobody sees."""
PACKED, CROWDED = 1.6, 0.4
"""Bikes of a row or heap for each that what it covers has room for side by side, and how far that is off (a
part of the count). Measured on labelled rows and heaps of the tuning kind (docs/design/rules.md)."""
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
    seen: int = 0
    """Of them, those that are told apart."""

    @property
    def least(self) -> int:
        """There are at least so many."""
        return max(self.seen, self.number - (self.error or 0))


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
    samples = singles or _drawn(slots, view)
    for group in _touching(slots):
        many, off = _in_group(group, covers, singles, samples, view)
        number, error = number + many, error + off
    return Count(number, round(error) or 1, len(slots)) if error else Count(number)


def _in_group(
    group: Sequence[Slot],
    covers: Mapping[UUID, Cover],
    singles: Singles,
    samples: Singles,
    view: View,
) -> tuple[int, float]:
    """How many things that touch are, and how far that may be off; 0 when they were counted."""
    worth, error = 0.0, 0.0
    for slot in group:
        unit = unit_at(relative(slot, view)[3], samples)
        if unit is None or slot.id not in covers:
            return len(group), 0.0
        worth += 1.0 if slot.id in singles else covers[slot.id].area / unit.area
        error = max(error, unit.error)
    if len(group) < ROW and worth < SEVERAL * len(group):
        return len(group), 0.0
    many = max(len(group), round(PACKED * worth))
    return many, many * max(CROWDED, error)


def _touching(slots: Sequence[Slot]) -> list[list[Slot]]:
    """The slots in groups of which no two touch."""
    groups: list[list[Slot]] = []
    for slot in slots:
        box = _grown(slot.box)
        near = [group for group in groups if any(common(box, _grown(one.box)) > 0 for one in group)]
        groups = [group for group in groups if group not in near]
        groups.append([slot, *(one for group in near for one in group)])
    return groups


def buried(slots: Sequence[Slot], view: View) -> list[Slot]:
    """Those of `slots` (of one row or heap) that cannot be seen since others of them were put before them.

    Nobody takes one out of a heap without moving those in front: until its place is seen empty it is there.
    """
    standing = [slot for slot in slots if slot.phase is Phase.STANDING]
    return [
        slot
        for slot in slots
        if slot.confirmed
        and slot.phase is Phase.HIDDEN
        and sum(common(slot.box, other.box) for other in standing if other.since > slot.since)
        >= BEHIND * common(slot.box, slot.box)
    ]


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


def _drawn(slots: Sequence[Slot], view: View) -> Singles:
    """What one covers by the boxes the detector drew; one may hold several, so the smaller half counts."""
    samples = {}
    for slot in slots:
        if slot.named_box is not None and slot.votes.verdict()[0] != UNKNOWN:
            x0, y0, x1, y1 = slot.named_box
            area = (x1 - x0) * (y1 - y0) / (view.shape[0] * view.shape[1])
            samples[slot.id] = (relative(slot, view)[3], BOX_FILL * area)
    smaller = sorted(samples, key=lambda one: samples[one][1] / max(0.05, samples[one][0]) ** 2)
    return {one: samples[one] for one in smaller[: (len(smaller) + 1) // 2]}


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
