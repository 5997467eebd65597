"""The truth of rules about people: who stands in the zone at each look, and when that is too long.

Somebody is in the zone when his foot is, and is there when half of him shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import cv2
import numpy as np

from devices.site.hours import open_at
from devices.site.rules import ClosedRule, CrowdRule, LoiteringRule, PersonRule
from simulators.scenes.labelled.actors import Actor, shown_share
from simulators.scenes.labelled.model import Box, Issue
from simulators.scenes.labelled.paint import DAY, Plan
from simulators.scenes.labelled.sprites import HEIGHT, WIDTH
from simulators.scenes.labelled.stage import Polygon

SEEN = 0.5
"""Share of somebody that must show."""
DIP = 5.0
"""Seconds for which one of a crowd, or a dog, may be hidden; the rule says so of loitering."""
PLAIN, SHORT = 12.0, 0.65
"""Seconds beyond the dwell from which it is plainly too long; part of the dwell up to which it is not."""
CROSSED = 8.0
"""Seconds for which somebody is plainly in a closed zone."""
UNSURE = (0.6, 1.5)
"""Parts of a gap that the rule allows: up to the first nobody left, from the second they plainly did."""
NEARLY = 0.9
"""Part of the looks in which there must be enough of a crowd."""


@dataclass(frozen=True, slots=True)
class Look:
    """Who is in the zone at `at`, as boxes; `holds`: within the rule's hours."""

    at: float
    there: tuple[Box, ...]
    holds: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule asks for, whatever its kind."""

    label: str
    enough: int
    least: int
    dwell: float
    gap: float
    clear: float


def terms_of(rule: PersonRule, every: float) -> Terms:
    """A rule's terms, when a look is due every so many seconds."""
    if isinstance(rule, CrowdRule):
        return Terms("person", rule.count, rule.least, rule.dwell, DIP, rule.clear_after)
    if isinstance(rule, ClosedRule):
        return Terms("person", 1, 1, (rule.seen - 1) * every, DIP, rule.clear_after)
    if isinstance(rule, LoiteringRule):
        return Terms("person", 1, 1, rule.dwell, rule.gap, max(rule.gap, rule.clear_after))
    return Terms("dog", 1, 1, rule.dwell, DIP, rule.clear_after)


def presence_issues(plan: Plan, zone: str, rule: PersonRule, polygon: Polygon) -> tuple[Issue, ...] | None:
    """The truth for a rule about people; None when it is neither plainly yes nor plainly no."""
    terms = terms_of(rule, plan.every)
    looks = [
        Look(
            t,
            tuple(present(plan.actors, polygon, t, terms.label)),
            open_at(rule.schedule, DAY + timedelta(seconds=t)),
        )
        for t in plan.times()
    ]
    stays = _stays(looks, terms)
    if stays is None:
        return None
    found: list[Issue] = []
    for stay, gone in stays:
        plainly = CROSSED if isinstance(rule, ClosedRule) else terms.dwell + PLAIN
        lasted = stay[-1].at - stay[0].at
        if not isinstance(rule, ClosedRule) and lasted <= SHORT * terms.dwell:
            continue
        many = [len(one.there) >= terms.enough for one in stay]
        if lasted < plainly or sum(many) < NEARLY * len(many):
            return None
        due = next(one.at for one in stay if one.at >= stay[0].at + terms.dwell)
        boxes = [box for one in stay for box in one.there]
        begun, there = stay[0].at, stay[0] is looks[0]
        label = frozenset({terms.label})
        found.append(Issue(zone, rule.id, label, _around(boxes), begun, due, gone, at_least=there))
    return tuple(found)


def present(actors: Sequence[Actor], polygon: Polygon, t: float, label: str) -> list[Box]:
    """Those of this label who are in the zone and show, as boxes in parts of the picture."""
    corners = np.array([(x * WIDTH, y * HEIGHT) for x, y in polygon], np.float32)
    here = [(one, spot) for one in actors if (spot := one.at(t)) is not None]
    found = []
    for one, (x, y) in here:
        if one.sprite.source.label != label or cv2.pointPolygonTest(corners, (x, y), measureDist=False) < 0:
            continue
        front = [(other.sprite, at) for other, at in here if other is not one and other.near > one.near]
        if shown_share(one.sprite, (x, y), front) >= SEEN:
            left, top = one.sprite.corner(x, y)
            right, bottom = left + one.sprite.width, top + one.sprite.height
            box = max(left, 0) / WIDTH, max(top, 0) / HEIGHT, min(right, WIDTH) / WIDTH
            found.append((*box, min(bottom, HEIGHT) / HEIGHT))
    return found


def _stays(looks: Sequence[Look], terms: Terms) -> list[tuple[list[Look], float | None]] | None:
    """Each time that enough were there, and when they were seen to have gone.

    None when a gap is neither short nor long.
    """
    found: list[tuple[list[Look], float | None]] = []
    stay: list[Look] = []
    away: list[Look] = []
    for look in looks:
        if not stay:
            stay = [look] if look.holds and len(look.there) >= terms.enough else []
            continue
        if len(look.there) >= terms.least:
            if away and look.at - stay[-1].at > UNSURE[0] * _gap(stay, terms):
                return None
            stay, away = [*stay, *away, look], []
            continue
        away.append(look)
        if look.at - stay[-1].at > UNSURE[1] * _gap(stay, terms):
            found.append((stay, away[0].at))
            stay, away = [], []
    if stay:
        found.append((stay, away[0].at if away else None))
    return found


def _gap(stay: Sequence[Look], terms: Terms) -> float:
    """Seconds of nobody after which it is over: less before the dwell is over than after."""
    return terms.clear if stay[-1].at - stay[0].at >= terms.dwell else terms.gap


def _around(boxes: Sequence[Box]) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
