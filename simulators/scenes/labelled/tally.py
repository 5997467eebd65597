"""The truth of rows and heaps: how many stand and what they cover, look by look, and when that is too much.

A thing counts from when it has stood for the dwell until it moves. What it covers is its outline with what
lies within it: each pixel that it shows on both sides of, along row and column (a wheel, a frame).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from devices.site.model import ParkedRule, Zone
from simulators.errors import SceneError
from simulators.scenes.labelled.actors import Thing
from simulators.scenes.labelled.model import Issue, Tally
from simulators.scenes.labelled.paint import Plan
from simulators.scenes.labelled.sprites import HEIGHT, WIDTH
from simulators.scenes.labelled.stage import Polygon, filled
from simulators.scenes.labelled.truth import names_of

PLAIN = 20.0
"""Seconds for which it must be too much, or plainly little enough: else nobody can say."""
FEWER = 0.65
"""Of what opens a zone, or keeps it open: less than this part is plainly less."""


def tallies(plan: Plan, ground: Polygon, dwell: float) -> tuple[Tally, ...]:
    """The true count and covered share of the zone `ground`, at each look at which one of them changes."""
    floor = filled(ground) > 0
    own = [_covered(thing) for thing in plan.things]
    found: list[Tally] = []
    before: list[int] | None = None
    for t in plan.times():
        there = [n for n, thing in enumerate(plan.things) if thing.rest + dwell <= t < thing.leave]
        if there == before:
            continue
        before = there
        union = np.zeros(floor.shape, bool)
        for n in there:
            union |= own[n]
        share = float(np.count_nonzero(union & floor)) / max(1, int(np.count_nonzero(floor)))
        found.append(Tally(t, len(there), share))
    return tuple(found)


def zone_issue(plan: Plan, zone: Zone, counts: tuple[Tally, ...]) -> tuple[Issue, ...] | None:
    """At most one issue for the zone; None when it is neither plainly yes nor plainly no."""
    (rule,) = zone.rules
    if not isinstance(rule, ParkedRule):
        raise SceneError(f"zone {zone.id}: rule {rule.id} is of kind {rule.kind}; here only `parked` counts")
    ends = [*(one.at for one in counts[1:]), plan.seconds]
    plainly = [one for one, end in zip(counts, ends, strict=True) if end - one.at >= PLAIN]
    due = next((one.at for one in counts if _enough(rule, one)), None)
    if due is None:
        return () if all(_far(rule, one) for one in counts) else None
    if not any(_enough(rule, one, 1.3) for one in plainly):
        return None
    gone = next((one.at for one in counts if one.at > due and _over(rule, one)), None)
    after = [one for one in counts if gone is not None and one.at >= gone]
    last = counts[-1]
    if gone is None and not _enough(rule, last):
        return None
    if after and (any(_enough(rule, one) for one in after) or not _over(rule, last, FEWER)):
        return None
    boxes = [thing.box for thing in plan.things]
    union = (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
    labels = frozenset[str]().union(*(names_of(thing) for thing in plan.things))
    return (Issue(zone.id, rule.id, labels, union, due - rule.dwell, due, gone),)


def _enough(rule: ParkedRule, one: Tally, times: float = 1.0) -> bool:
    by_count = rule.enough is not None and one.count >= times * rule.enough
    return by_count or (rule.share is not None and one.share >= times * rule.share)


def _far(rule: ParkedRule, one: Tally) -> bool:
    """Plainly too little."""
    few = rule.enough is None or one.count <= max(1, math.floor(FEWER * rule.enough))
    return few and (rule.share is None or one.share <= FEWER * rule.share)


def _over(rule: ParkedRule, one: Tally, times: float = 1.0) -> bool:
    few = rule.enough is None or one.count < max(1.0, times * rule.least)
    return one.count == 0 or (few and (rule.share is None or one.share < times * rule.least_share))


def _covered(thing: Thing) -> npt.NDArray[np.bool_]:
    """The pixels of the picture that a thing covers, its wheels and frame filled."""
    solid = thing.actor.sprite.solid
    sides = []
    for axis in (0, 1):
        before = np.logical_or.accumulate(solid, axis=axis)
        after = np.flip(np.logical_or.accumulate(np.flip(solid, axis), axis=axis), axis)
        sides.append(before & after)
    full = np.zeros((HEIGHT, WIDTH), bool)
    left, top = thing.actor.sprite.corner(*thing.spot)
    part = full[top : top + solid.shape[0], left : left + solid.shape[1]]
    part |= (sides[0] & sides[1])[: part.shape[0], : part.shape[1]]
    return full
