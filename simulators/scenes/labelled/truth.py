"""What a perfect observer says of a scene: the issues and their times, from what is seen at each look.

A clock runs for every thing. It counts the time between two looks at which the thing is seen, one after the
other or with up to `BRIDGE` seconds between them in which it is not (somebody passes); a longer time in which
it is covered, or in which there are no pictures, is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from devices.site.model import LeftRule, ParkedRule, Zone
from simulators.errors import SceneError
from simulators.scenes.labelled.actors import Thing, covered_share, own_share
from simulators.scenes.labelled.model import Box, Issue
from simulators.scenes.labelled.paint import Plan
from simulators.scenes.labelled.sprites import HEIGHT, WIDTH

BRIDGE = 12.0
"""Seconds it may be out of sight while its clock runs on."""
HIDDEN = 0.5
"""Share of a thing's place that is covered from which it cannot be seen."""
DOUBTFUL = (0.3, 0.75)
"""Shares between which nobody should be asked whether it can be seen, for longer than `BRIDGE`."""
EMPTY = 0.15
"""Share of its place that a thing which moves off may still cover when the place counts as empty."""
SHORT = 0.7
"""What stays for less than this part of the dwell must not be reported."""
SPARE = 8.0
"""Seconds for which something that must be reported is seen after its dwell was over, at least."""


@dataclass(frozen=True, slots=True)
class Life:
    """What can be seen of one thing."""

    thing: Thing
    since: float
    due: float | None
    """None: its dwell was never over."""
    stood: float
    """What its clock showed at the end, seconds."""
    gone: float | None
    unseen: tuple[tuple[float, float], ...]
    """From the last look at which it was seen to the next one, where more than `BRIDGE` lies between."""
    doubtful: bool
    """It was half covered for long: who can say whether it is seen?"""


def life(plan: Plan, thing: Thing, dwell: float) -> Life | None:
    """Follow one thing through the scene; None when it was never seen at rest."""
    actors = list(plan.actors)
    since = due = gone = last = half = None
    doubtful = False
    stood, unseen = 0.0, []
    for t in plan.times():
        if t < thing.rest:
            continue
        covered = covered_share(thing, actors, t)
        half = (half or t) if DOUBTFUL[0] < covered < DOUBTFUL[1] else None
        doubtful |= half is not None and t - half > BRIDGE
        hidden = covered > HIDDEN
        if t >= thing.leave:
            if not hidden and own_share(thing, t) <= EMPTY:
                gone = t
                break
            continue
        if hidden:
            continue
        if since is None:
            since = max(thing.rest, 0.0) if t - max(thing.rest, 0.0) <= BRIDGE else t
            last = since
        assert last is not None
        if t - last <= BRIDGE:
            stood += t - last
        else:
            unseen.append((last, t))
        last = t
        if due is None and stood >= dwell:
            due = t
    if since is None or last is None:
        return None
    if gone is None and plan.seconds - last > BRIDGE:
        unseen.append((last, plan.seconds))
    return Life(thing, since, due, stood, gone, tuple(unseen), doubtful)


def issues(plan: Plan, zone: Zone) -> tuple[Issue, ...] | None:
    """The truth for the one rule of `zone`; None when the plan is neither yes nor no: draw another one."""
    (rule,) = zone.rules
    if not isinstance(rule, LeftRule | ParkedRule):
        raise SceneError(
            f"zone {zone.id}: rule {rule.id} is of kind {rule.kind}; only what stays has truth here"
        )
    lives = []
    for thing in plan.things:
        if not thing.counts:
            continue
        found = life(plan, thing, rule.dwell)
        if found is None or found.doubtful or not _clear(found, rule.dwell):
            return None
        if found.due is not None:
            lives.append(found)
    if isinstance(rule, LeftRule):
        return tuple(_one(found, zone, rule) for found in lives)
    return _together(lives, zone, rule)


def suspects(plan: Plan, zone: Zone) -> tuple[Issue, ...]:
    """Things of another kind that stand in the zone for the dwell: who cannot name them must suspect them."""
    (rule,) = zone.rules
    if not isinstance(rule, LeftRule | ParkedRule) or not rule.labels:
        return ()
    # What drives up in front, stands and goes again, has four times.
    parked = [
        one for one in plan.others if not one.fidget and len(one.spots) == 4 and one.spots[1] == one.spots[2]
    ]
    things = [one for one in plan.things if not one.counts]
    things += [Thing(one, one.spots[1], one.times[1], one.times[2], counts=False) for one in parked]
    corners = np.array([(x * WIDTH, y * HEIGHT) for x, y in zone.polygon], np.float32)
    return tuple(
        Issue(
            zone.id,
            rule.id,
            names_of(one) | {"unknown"},
            one.box,
            one.rest,
            one.rest + rule.dwell,
            None if math.isinf(one.leave) else one.leave,
            optional=True,
        )
        for one in things
        if min(one.leave, plan.seconds) - one.rest >= SHORT * rule.dwell
        and cv2.pointPolygonTest(corners, one.spot, measureDist=False) >= 0
    )


def _clear(found: Life, dwell: float) -> bool:
    """It stayed long enough beyond doubt, or not at all long enough."""
    if found.due is None:
        return found.stood <= SHORT * dwell
    return found.stood >= dwell + SPARE


def _one(found: Life, zone: Zone, rule: LeftRule) -> Issue:
    assert found.due is not None
    thing = found.thing
    there = thing.rest < 0
    return Issue(
        zone.id, rule.id, names_of(thing), thing.box, found.since, found.due, found.gone, at_least=there
    )


def _together(lives: Sequence[Life], zone: Zone, rule: ParkedRule) -> tuple[Issue, ...] | None:
    """One issue for the zone: due when enough have stood, gone when the rule holds so few for none."""
    enough = rule.count or 1
    if len(lives) < enough:
        return ()
    by_due = sorted(lives, key=lambda one: one.due or 0.0)
    deciding = by_due[enough - 1]
    assert deciding.due is not None
    ends = sorted((math.inf if one.gone is None else one.gone for one in lives), reverse=True)
    hidden = any(a < deciding.due + SPARE and b > deciding.due for one in lives for a, b in one.unseen)
    if ends[-1] <= deciding.due + SPARE or hidden:
        return None
    over = ends[rule.least - 1]
    gone = None if math.isinf(over) else over
    boxes: list[Box] = [one.thing.box for one in lives]
    union = (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
    labels = frozenset[str]().union(*(names_of(one.thing) for one in lives))
    there = all(one.thing.rest < 0 for one in lives)
    since = sorted(one.since for one in lives)[enough - 1]
    return (Issue(zone.id, rule.id, labels, union, since, deciding.due, gone, at_least=there),)


def names_of(thing: Thing) -> frozenset[str]:
    """Labels that are right for it."""
    source = thing.actor.sprite.source
    return source.names | {source.label}
