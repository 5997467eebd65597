"""The rules for people: how long a zone is occupied, by whomever. Nobody is told from anybody else.

    nobody ──► watched ──(long enough, seen often enough)──► open ◄──► held
                  │ gap too long                               │ seen empty for `clear_after`
                  └──► nobody                                  └──► cleared

Only what was seen counts: while the camera is blind, and over a pause longer than `BRIDGE`, clocks stand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from uuid import UUID

from devices.messages import Change, ConditionState
from devices.site.rules import ClosedRule, CrowdRule, LoiteringRule, PersonRule
from edge.judge.case import EVERYWHERE, REOPEN, Case, Past, Turn, turn
from edge.judge.zones import Polygon, around, stands_in, touch
from edge.see.people import DOG, PERSON, PersonLook, Somebody

BRIDGE = 12.0
"""Seconds between two looks over which a clock runs on; key frames come more often."""
GAP = 10.0
"""Seconds for which the detector may lose a crowd or a dog; a person who stands was missed for 4 s."""
OFTEN = (3, 5)
"""A crowd or a dog must be seen in so many of so many looks when its case opens: a detector errs once."""
GROWN = 1.5
"""A crowd that has grown by this is news."""


class Level(IntEnum):
    """How many are there, for the rule."""

    NONE = 0
    SOME = 1
    """Not enough to open a case, too many to be over."""
    ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Presence:
    """What one rule about people in one zone remembers. Times are stream time."""

    case: Case | None = None
    since: float | None = None
    """When the zone was occupied, while that has not yet opened a case."""
    at_least: bool = False
    """It was occupied when the looks began: `since` is a lower bound."""
    occupied: float = 0.0
    """Seconds for which that was seen."""
    away: float = 0.0
    """Seconds for which nobody was seen since."""
    looks: tuple[bool, ...] = ()
    """Of the latest looks, whether enough were there."""
    empty: float | None = None
    """Of an open case: seconds for which the zone was seen empty; None while it is not."""
    last_at: float | None = None
    """The last look that could see."""
    blind: bool = False
    """The camera was blind since."""
    cleared: tuple[Past, ...] = ()

    @property
    def busy(self) -> bool:
        """Somebody is being watched, or a case is open."""
        return self.case is not None or self.since is not None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule asks for, whatever its kind."""

    label: str
    enough: int
    least: int
    dwell: float
    gap: float
    seen: int
    looks: int
    clear_after: float


def terms_of(rule: PersonRule) -> Terms:
    """The rule's terms."""
    if isinstance(rule, CrowdRule):
        return Terms(PERSON, rule.count, rule.least, rule.dwell, GAP, *OFTEN, rule.clear_after)
    if isinstance(rule, ClosedRule):
        return Terms(PERSON, 1, 1, 0.0, 60.0, rule.seen, rule.looks, rule.clear_after)
    if isinstance(rule, LoiteringRule):
        return Terms(PERSON, 1, 1, rule.dwell, rule.gap, 1, 1, max(rule.gap, rule.clear_after))
    return Terms(DOG, 1, 1, rule.dwell, GAP, *OFTEN, rule.clear_after)


def judge(
    rule: PersonRule,
    zone: Polygon,
    before: Presence,
    look: PersonLook | None,
    at: float,
    new_id: Callable[[], UUID],
    *,
    holds: bool = True,
) -> tuple[Presence, Turn | None]:
    """One look: what the rule remembers now, and the turn it took, if any.

    `look` is None when none was due. Outside its hours (`holds` false) a rule forgets whom it watched; a
    case that is open stays so until the zone is seen empty.
    """
    if before.case is None and not holds:
        return Presence(cleared=before.cleared), None
    if look is None:
        return before, None
    if not look.could_see:
        blind = before.last_at is None or at - before.last_at > BRIDGE
        if before.case is not None and before.case.state is ConditionState.OPEN and blind:
            held = turn(before.case, Change.HELD, at)
            return replace(before, case=held.case, blind=True), held
        return replace(before, blind=True), None
    terms = terms_of(rule)
    there = [one for one in look.found if one.label == terms.label and stands_in(zone, one.box)]
    known = before.last_at is not None and not before.blind and at - before.last_at <= BRIDGE
    seen = replace(
        before,
        last_at=at,
        blind=False,
        looks=(*before.looks, len(there) >= terms.enough)[-terms.looks :],
        cleared=tuple(past for past in before.cleared if at - past[1] <= REOPEN + terms.dwell),
    )
    counts = at - (before.last_at or 0.0) if known else 0.0
    if seen.case is not None:
        return _follow(terms, seen, seen.case, there, at, counts)
    watched = _watch(terms, seen, _level(terms, there), at, counts, known=known)
    if watched.since is None or not there or not _ripe(terms, watched):
        return watched, None
    return _open(terms, watched, watched.since, there, at, new_id)


def hold(before: Presence, at: float) -> tuple[Presence, Turn | None]:
    """No pictures come: nothing can be said of who is there, and no clock runs until a look can see again."""
    blind = replace(before, blind=True)
    if before.case is None or before.case.state is not ConditionState.OPEN:
        return blind, None
    held = turn(before.case, Change.HELD, at)
    return replace(blind, case=held.case), held


def _level(terms: Terms, there: list[Somebody]) -> Level:
    if len(there) >= terms.enough:
        return Level.ENOUGH
    return Level.SOME if len(there) >= terms.least else Level.NONE


def _watch(terms: Terms, now: Presence, level: Level, at: float, counts: float, *, known: bool) -> Presence:
    """Nothing is open: whether somebody is being watched, and for how long."""
    if now.since is None:
        if level is not Level.ENOUGH:
            return now
        return replace(now, since=at, at_least=not known, occupied=0.0, away=0.0)
    away = now.away + counts if level is Level.NONE else 0.0
    if away > terms.gap:
        return replace(now, since=None, occupied=0.0, away=0.0)
    return replace(now, occupied=now.occupied + counts, away=away)


def _ripe(terms: Terms, now: Presence) -> bool:
    """Long enough, in this look, and often enough of late."""
    return now.looks[-1] and now.occupied >= terms.dwell and sum(now.looks) >= terms.seen


def _open(
    terms: Terms, now: Presence, since: float, there: list[Somebody], at: float, new_id: Callable[[], UUID]
) -> tuple[Presence, Turn]:
    box = around(one.box for one in there)
    same = [past for past, when, where in now.cleared if since - when <= REOPEN and touch(where, box)]
    case = Case(
        id=new_id(),
        rev=0,
        state=ConditionState.OPEN,
        since=since,
        at_least=now.at_least,
        label=terms.label,
        score=max(one.score for one in there),
        box=box,
        count=len(there),
        reopens=same[-1] if same else None,
    )
    opened = turn(case, Change.OPENED, at)
    return replace(now, case=opened.case, since=None, occupied=0.0, away=0.0), opened


def _follow(
    terms: Terms, now: Presence, case: Case, there: list[Somebody], at: float, counts: float
) -> tuple[Presence, Turn | None]:
    """A case is open or held."""
    if _level(terms, there) is Level.NONE:
        empty = 0.0 if now.empty is None else now.empty + counts
        if empty < terms.clear_after:
            return replace(now, empty=empty), None
        cleared = turn(case, Change.CLEARED, at)
        past = (case.id, at, case.box or EVERYWHERE)
        return replace(now, case=None, empty=None, looks=(), cleared=(*now.cleared, past)), cleared
    described = replace(
        case,
        count=max(len(there), case.count or 0),
        box=around(one.box for one in there),
        score=max(one.score for one in there),
    )
    if case.state is ConditionState.HELD:
        taken = turn(described, Change.RESUMED, at)
    elif terms.enough > 1 and len(there) >= GROWN * (case.count or 1):
        taken = turn(described, Change.UPDATED, at)
    else:
        return replace(now, empty=None), None
    return replace(now, case=taken.case, empty=None), taken
