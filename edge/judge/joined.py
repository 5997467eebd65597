"""A rule over other rules: lives of their conditions in, one joined condition out. Pure.

A *life* is one condition of a part, from its `since` to its end. Lives hold together when each has begun
before any other is over for longer than `within`: stretched by `within` at their ends they then share a
moment, since intervals of a line that meet pairwise do. Only times of what happened count, never when it was
heard of, because the threads that decide about cameras and sensors do not run in step. So nothing here waits
for time to pass, and there is no clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from devices.messages import MOST_PARTS, Change, ConditionState, JoinedPart
from devices.site.joins import Join
from edge.judge.case import REOPEN, Case, Turn, turn

LABEL = "joined"
PAST = 3
"""Lives of one source that are over and still remembered."""
Source = tuple[int, str]
"""Number of the part, and which rule of which device (in which zone) the life is of."""


@dataclass(frozen=True, slots=True)
class Life:
    """One condition that can be a part. Times are monotonic seconds."""

    id: UUID
    source: Source
    begin: float
    shown: JoinedPart
    score: float = 1.0
    suspected: bool = False
    held: bool = False
    end: float | None = None
    """None: it is there still, as far as is known."""
    told: bool = True
    """The cloud knows of it."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What one join remembers."""

    lives: tuple[Life, ...] = ()
    """In the order in which they were first heard of."""
    case: Case | None = None
    members: tuple[Source, ...] = ()
    """What the case is made of."""
    spent: frozenset[Source] = frozenset()
    """Members that were over when it opened."""
    named: tuple[JoinedPart, ...] = ()
    last: UUID | None = None
    """The case that was cleared last."""
    last_at: float = -math.inf


@dataclass(frozen=True, slots=True)
class Heard:
    """What one word about one part led to."""

    notes: Notes
    turn: Turn | None = None
    parts: tuple[JoinedPart, ...] = field(default=())
    """Of the turn's case."""


def hear(join: Join, notes: Notes, life: Life, at: float, new_id: Callable[[], UUID]) -> Heard:
    """One word about one life, as it stands now, decided at `at`."""
    new = life.end is None and all(one.id != life.id for one in notes.lives)
    notes = replace(notes, lives=_remembered(notes.lives, life))
    if notes.case is None:
        together = meeting(join, notes.lives, life) if new else None
        return Heard(notes) if together is None else _opened(notes, together, at, new_id)
    joins_in = new and _belongs(join, notes, life)
    if joins_in:
        named = (*notes.named, life.shown)[:MOST_PARTS]
        notes = replace(notes, members=(*notes.members, life.source), named=named)
    if life.source in notes.members:
        notes = replace(notes, lives=_told(notes.lives, {life.id}))
    return _stands(join, notes, at, changed=joins_in)


def enough(join: Join, sources: Collection[Source]) -> bool:
    """Whether these, of different parts and devices, are what the join asks for."""
    parts = {part for part, _ in sources}
    if join.kind == "all_of":
        return len(parts) == len(join.parts)
    if join.kind == "any_of":
        return len(sources) >= join.count
    return 0 in parts and sum(part != 0 for part, _ in sources) >= join.count


def meeting(join: Join, lives: Iterable[Life], newest: Life) -> tuple[Life, ...] | None:
    """The most lives that hold together with `newest` and are enough; None: there are none.

    Every largest set that shares a moment shares the latest of its beginnings, and every one whose
    beginnings lie close begins with one of them: only these are tried.
    """
    near = [one for one in lives if _meet(join, one, newest)]
    best: tuple[Life, ...] = ()
    most = 0
    for latest in near:
        if latest.begin < newest.begin:
            continue
        for earliest in near if join.begun_within is not None else near[:1]:
            span = join.begun_within
            here = tuple(
                one
                for one in near
                if one.begin <= latest.begin <= _until(join, one)
                and (span is None or earliest.begin <= one.begin <= earliest.begin + span)
            )
            sources = {one.source for one in here}
            if any(one.id == newest.id for one in here) and enough(join, sources) and len(sources) > most:
                best, most = here, len(sources)
    return best or None


def _until(join: Join, life: Life) -> float:
    return math.inf if life.end is None else life.end + join.within


def _meet(join: Join, one: Life, other: Life) -> bool:
    return one.begin <= _until(join, other) and other.begin <= _until(join, one)


def _remembered(lives: tuple[Life, ...], life: Life) -> tuple[Life, ...]:
    """With this life as it is now; of each source only the latest few that are over."""
    known = [replace(life, told=one.told or life.told) if one.id == life.id else one for one in lives]
    if all(one.id != life.id for one in lives):
        known.append(life)
    over = [one for one in known if one.source == life.source and one.end is not None]
    gone = {one.id for one in sorted(over, key=lambda one: one.end or 0.0)[:-PAST]}
    return tuple(one for one in known if one.id not in gone)


def _opened(notes: Notes, together: tuple[Life, ...], at: float, new_id: Callable[[], UUID]) -> Heard:
    since = max(one.begin for one in together)
    case = Case(
        new_id(),
        0,
        ConditionState.OPEN,
        since,
        False,
        LABEL,
        min(one.score for one in together),
        suspected=all(one.suspected for one in together),
        reopens=notes.last if since - notes.last_at <= REOPEN else None,
    )
    newest = {one.source: one for one in together}
    members = tuple(newest)
    there = {one.source for one in together if one.end is None}
    opened = turn(case, Change.OPENED, at)
    lives = _told(notes.lives, {one.id for one in together})
    named = tuple(one.shown for one in newest.values())[:MOST_PARTS]
    spent = frozenset(newest) - there
    notes = replace(notes, lives=lives, case=opened.case, members=members, spent=spent, named=named)
    return Heard(notes, opened, named)


def _told(lives: tuple[Life, ...], ids: Collection[UUID]) -> tuple[Life, ...]:
    return tuple(replace(one, told=True) if one.id in ids else one for one in lives)


def _belongs(join: Join, notes: Notes, life: Life) -> bool:
    """Whether a new life is one more member of the open case."""
    if life.source in notes.members:
        return False
    span = join.begun_within
    begins = [one.begin for one in notes.lives if one.source in notes.members]
    return span is None or all(abs(life.begin - begin) <= span for begin in begins)


def _stands(join: Join, notes: Notes, at: float, *, changed: bool) -> Heard:
    """The open case after a word about a part."""
    case = notes.case
    if case is None:
        return Heard(notes)
    state = standing(join, notes)
    if state is ConditionState.CLEARED:
        cleared = turn(case, Change.CLEARED, at)
        after = Notes(lives=notes.lives, last=case.id, last_at=at)
        return Heard(after, cleared, notes.named)
    if state is not case.state:
        change = Change.HELD if state is ConditionState.HELD else Change.RESUMED
    elif changed:
        change = Change.UPDATED
    else:
        return Heard(notes)
    taken = turn(case, change, at)
    return Heard(replace(notes, case=taken.case), taken, notes.named)


def standing(join: Join, notes: Notes) -> ConditionState:
    """How the case stands: what is held cannot be known, and counts neither as there nor as gone."""
    here = {one.source for one in notes.lives if one.end is None and not one.held}
    maybe = here | {one.source for one in notes.lives if one.end is None}
    members = set(notes.members)
    if join.clear_when == "all":
        if here & members:
            return ConditionState.OPEN
        return ConditionState.HELD if maybe & members else ConditionState.CLEARED
    if enough(join, (here & members) | notes.spent):
        return ConditionState.OPEN
    if enough(join, (maybe & members) | notes.spent):
        return ConditionState.HELD
    return ConditionState.CLEARED
