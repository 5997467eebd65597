"""What rules would have raised in some pictures, and how near they came. By the code that judges live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from devices.ids import uuid7
from devices.messages import Change
from devices.site.hours import open_at
from devices.site.model import Zone
from devices.site.rules import ClosedRule, LoiteringRule
from devices.stream import Frame
from edge.judge.case import Case
from edge.judge.counts import PEOPLE, THINGS, Counts, counts_of
from edge.judge.lookout import Lookout
from edge.judge.panel import Post, about_people, blank, judge_all
from edge.judge.zones import relative, stands_in
from edge.see.detector import Colour, Detector
from edge.see.health import Sight
from edge.see.slots import BRIDGE, Phase
from edge.see.view import View

STEP = 10.0
"""Seconds between two pictures of the ring."""
LOOKS = 8
"""Looks that a dwell should have (`edge.judge.watch`)."""


class Limit(StrEnum):
    """What pictures ten seconds apart cannot show of a rule."""

    SHORT_DWELL = "short_dwell"
    """Its dwell has fewer than eight pictures: it may be missed, or open late by some of them."""
    BETWEEN = "between"
    """People who came and went between two pictures are not in any."""
    FEW_LOOKS = "few_looks"
    """It wants so many looks that they take ten times as long here as live."""
    SHORT_GAP = "short_gap"
    """The gap that it bears is shorter than the step between two pictures: it can never open here."""
    OUT_OF_HOURS = "out_of_hours"
    """None of the pictures was taken within its hours."""


@dataclass(slots=True)
class Raised:
    """One condition that would have been raised."""

    post: Post
    first: Case
    opened_at: datetime
    since: datetime
    picture: Colour
    """As it opened."""
    last: Case
    cleared_at: datetime | None = None


@dataclass(slots=True)
class Nearest:
    """How near a rule came."""

    post: Post
    most: int = 0
    """Things that stood in the zone at once, or people."""
    longest: float = 0.0
    """Seconds for which the longest-standing of them was seen to stand; of people nothing."""


@dataclass(slots=True)
class Tried:
    """What became of it."""

    raised: list[Raised] = field(default_factory=list)
    nearest: list[Nearest] = field(default_factory=list)
    limits: list[tuple[Post, Limit]] = field(default_factory=list)
    pictures: int = 0
    unclear: int = 0
    """Pictures that could not be judged: the camera was blind, or its view had changed wholly."""
    gaps: int = 0
    """Between two pictures there were more seconds than a clock goes on over."""
    began: datetime | None = None
    ended: datetime | None = None
    complete: bool = True
    """All pictures were looked at in the time that there was."""


def try_zones(
    pictures: Iterable[Frame],
    zones: Sequence[Zone],
    detector: Detector,
    timezone: str,
    more: Callable[[], bool] = lambda: True,
    new_id: Callable[[], UUID] = uuid7,
) -> Tried:
    """Look at `pictures`, oldest first, while there is `more` time; schedules go by `timezone` (IANA)."""
    lookout = Lookout(zones, detector, new_id, timezone=timezone)
    found = Tried(nearest=[Nearest(post) for post in lookout.posts])
    ledgers = blank(lookout.posts)
    cases: dict[UUID, Raised] = {}
    counts: Counts = {}
    in_hours: set[int] = set()
    before: Frame | None = None
    for picture in pictures:
        if not more():
            found.complete = False
            break
        found.began, found.ended = found.began or picture.taken_at, picture.taken_at
        found.pictures += 1
        found.gaps += before is not None and picture.stream_time - before.stream_time > BRIDGE
        sighting = lookout.look(picture, ledgers)
        counts = counts_of(zones, sighting, counts)
        found.unclear += sighting.view.sight is not Sight.CLEAR
        in_hours |= {n for n, post in enumerate(lookout.posts) if open_at(post.rule.schedule, sighting.local)}
        ledgers, turns = judge_all(lookout.posts, ledgers, sighting, new_id)
        for nearest in found.nearest:
            _approach(nearest, sighting.view, counts)
        for post, turn in turns:
            at = picture.taken_at - timedelta(seconds=picture.stream_time - turn.at)
            if turn.change is Change.OPENED:
                since = picture.taken_at - timedelta(seconds=picture.stream_time - turn.case.since)
                cases[turn.case.id] = Raised(post, turn.case, at, since, picture.colour(), turn.case)
            elif turn.case.id in cases:
                cases[turn.case.id].last = turn.case
                if turn.change is Change.CLEARED:
                    cases[turn.case.id].cleared_at = at
        before = picture
    found.raised = list(cases.values())
    found.limits = [
        (post, limit)
        for n, post in enumerate(lookout.posts)
        for limit in limits_of(post, in_hours=n in in_hours or not found.pictures)
    ]
    return found


def limits_of(post: Post, *, in_hours: bool) -> list[Limit]:
    """What the ring cannot show of a rule. Pure."""
    rule, limits = post.rule, []
    if not in_hours:
        limits.append(Limit.OUT_OF_HOURS)
    if isinstance(rule, ClosedRule):
        limits.append(Limit.FEW_LOOKS)
    elif rule.dwell < LOOKS * STEP:
        limits.append(Limit.SHORT_DWELL)
    if isinstance(rule, LoiteringRule) and rule.gap < STEP:
        limits.append(Limit.SHORT_GAP)
    if about_people(rule):
        limits.append(Limit.BETWEEN)
    return limits


def _approach(nearest: Nearest, view: View, counts: Counts) -> None:
    zone, people = nearest.post.zone, about_people(nearest.post.rule)
    nearest.most = max(nearest.most, counts.get(zone.id, {}).get(PEOPLE if people else THINGS, 0))
    if people:
        return
    for slot in view.slots:
        if slot.phase is not Phase.GONE and slot.confirmed and stands_in(zone.polygon, relative(slot, view)):
            nearest.longest = max(nearest.longest, slot.stood)
