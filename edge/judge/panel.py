"""All rules of one camera over one look. Node, replay and `gridwatch eval` judge through this one door.

lookout = Lookout(zones, detector, new_id)
ledgers = blank(lookout.posts)
for picture in pictures:
sighting = lookout.look(picture, ledgers)
ledgers, turns = judge_all(lookout.posts, ledgers, sighting, new_id)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeGuard
from uuid import UUID

from devices.site.hours import open_at
from devices.site.model import Zone
from devices.site.rules import CameraRule, LeftRule, ParkedRule, PersonRule, StayRule
from edge.judge import people, stays
from edge.judge.case import Turn
from edge.judge.people import Presence
from edge.judge.stays import NONE, Covers, Ledger, suspects
from edge.see.people import PersonLook
from edge.see.view import View

Notes = Ledger | Presence
"""What one rule in one zone remembers, whatever its kind."""


@dataclass(frozen=True, slots=True)
class Post:
    """One rule in one zone of a camera."""

    zone: Zone
    rule: CameraRule


@dataclass(frozen=True, slots=True)
class Sighting:
    """All that one look at one camera gives its rules."""

    view: View
    local: datetime
    """By the site's clock."""
    covers: Mapping[str, Covers] = field(default_factory=dict)
    """What things cover of a zone, by zone."""
    people: PersonLook | None = None
    """None: no look for people was due."""


def posts_of(zones: Iterable[Zone]) -> tuple[Post, ...]:
    """Every rule of every zone, in the file's order."""
    return tuple(Post(zone, rule) for zone in zones for rule in zone.rules)


def about_things(rule: CameraRule) -> TypeGuard[StayRule]:
    """It is about things that stay."""
    return isinstance(rule, ParkedRule | LeftRule)


def about_people(rule: CameraRule) -> TypeGuard[PersonRule]:
    """It is about people, for a time."""
    return not isinstance(rule, ParkedRule | LeftRule)


def blank(posts: Sequence[Post]) -> tuple[Notes, ...]:
    """What the rules remember before their first look."""
    return tuple(Ledger({}) if about_things(post.rule) else Presence() for post in posts)


def judge_all(
    posts: Sequence[Post], ledgers: Sequence[Notes], sighting: Sighting, new_id: Callable[[], UUID]
) -> tuple[tuple[Notes, ...], tuple[tuple[Post, Turn], ...]]:
    """One look by all rules: what each remembers now, and the turns they took.

    A thing that nobody can name is reported by one rule of a zone only: by the one that has it in a case,
    else by the first in the zone's order that opens one.
    """
    view = sighting.view
    after = list(ledgers)
    turns: list[tuple[Post, Turn]] = []
    for at, post in enumerate(posts):
        holds, zone, notes = open_at(post.rule.schedule, sighting.local), post.zone, after[at]
        if about_things(post.rule) and isinstance(notes, Ledger):
            taken = [
                suspects(other, view)
                for n, other in enumerate(after)
                if n != at and posts[n].zone.id == zone.id and isinstance(other, Ledger)
            ]
            after[at], told = stays.judge(
                post.rule,
                zone.polygon,
                notes,
                view,
                new_id,
                covers=sighting.covers.get(zone.id, NONE),
                taken=frozenset().union(*taken),
                holds=holds,
            )
            turns += [(post, one) for one in told]
        elif about_people(post.rule) and isinstance(notes, Presence):
            after[at], one_told = people.judge(
                post.rule, zone.polygon, notes, sighting.people, view.at, new_id, holds=holds
            )
            turns += [] if one_told is None else [(post, one_told)]
    return tuple(after), tuple(turns)


def hold_all(ledgers: Sequence[Notes], at: float) -> list[tuple[Notes, tuple[Turn, ...]]]:
    """No pictures come: of each rule, what it remembers now, and the turns it took."""
    held: list[tuple[Notes, tuple[Turn, ...]]] = []
    for notes in ledgers:
        if isinstance(notes, Ledger):
            held.append(stays.hold(notes, at))
        else:
            presence, one = people.hold(notes, at)
            held.append((presence, () if one is None else (one,)))
    return held
