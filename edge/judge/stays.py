"""The rules for what stays: things seen to stand in a zone, turned into conditions with a life.

    none ──(stood for the dwell)──► open ◄──► held        cleared: only when seen gone
                                      └──────────┴──► cleared

`parked` makes one case of a zone, which things join and leave; `left` makes one case of each thing.
What stays and that nobody can name counts as well, and makes what it opens *suspected*. Where a zone's case
is of nothing else, things with a name that come later make one of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from uuid import UUID

from devices.messages import Change, ConditionState
from devices.site.rules import ParkedRule, StayRule, labels_of
from edge.judge.case import EVERYWHERE, REOPEN, Case, Past, Turn, turn
from edge.judge.heaps import Count, Singles, buried, counted, learnt
from edge.judge.zones import Polygon, around, relative, same_place, stands_in, touch
from edge.see.cover import Cover
from edge.see.slots import Phase, Slot
from edge.see.view import View
from edge.see.votes import UNKNOWN

Cases = Mapping[str, Case]
"""The open cases of one rule in one zone, by what tells them apart: the slot, `zone`, or its own id where it
is of things without a name that `zone` has left to themselves."""
Covers = Mapping[UUID, Cover]
"""What things cover of the zone, by slot."""

ZONE = "zone"
NONE: Covers = MappingProxyType({})
NOBODY: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Ledger:
    """What one rule in one zone remembers between two looks."""

    cases: Cases
    cleared: tuple[Past, ...] = ()
    closed: Mapping[UUID, float] = field(default_factory=dict)
    """Seconds that things stood while the rule did not hold (outside its hours), by slot."""
    singles: Singles = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sum:
    """What the things of one case come to."""

    count: Count
    share: float
    named: Count
    named_share: float


def judge(
    rule: StayRule,
    zone: Polygon,
    ledger: Ledger,
    view: View,
    new_id: Callable[[], UUID],
    *,
    covers: Covers = NONE,
    taken: frozenset[UUID] = NOBODY,
    holds: bool = True,
) -> tuple[Ledger, tuple[Turn, ...]]:
    """One look at one zone by one rule: what it remembers now, and the turns it took.

    Args:
        rule: the rule.
        zone: the zone's outline.
        ledger: what the rule remembers.
        view: what the eye sees.
        new_id: makes a case's id.
        covers: what the things cover of the zone.
        taken: things without a name that another rule of the zone has reported already.
        holds: the rule's hours; outside of them nothing is opened and no dwell counts.
    """
    closed = _closed(ledger, view, holds)
    known = {member for case in ledger.cases.values() for member in case.members}
    fit = [slot for slot in view.slots if slot.id not in taken and _fits(rule, zone, slot, view)]
    ripe = {slot.id for slot in fit if holds and slot.stood - closed.get(slot.id, 0.0) >= rule.dwell}
    if isinstance(rule, ParkedRule) and holds and rule.counts_ground:
        inside = [slot for slot in view.slots if stands_in(zone, relative(slot, view))]
        row = [slot for slot in inside if _named(rule, slot) and slot.id not in closed]
        ripe |= {slot.id for slot in buried(row, view) if view.at - slot.since >= rule.dwell}
    mine = [slot for slot in view.slots if slot.id in known | ripe]
    singles = learnt(ledger.singles, [slot for slot in mine if _named(rule, slot)], covers, view)
    before, groups = _grouped(rule, ledger.cases, mine, fit, covers, singles, view)
    cases: dict[str, Case] = {}
    turns: list[Turn] = []
    # What came within the window opens its case a dwell later.
    recent = tuple(past for past in ledger.cleared if view.at - past[1] <= REOPEN + rule.dwell)
    for key in sorted(groups.keys() | before.keys()):
        slots = groups.get(key, [])
        staying = [slot for slot in slots if slot.phase is not Phase.GONE]
        total = _sum(rule, staying, covers, singles, view)
        case = before.get(key)
        if case is None:
            done = (
                _begin(rule, staying, total, view, recent, new_id)
                if _enough(rule, total.count, total.share)
                else None
            )
        else:
            case, done = _follow(rule, case, slots, total, view)
        if done is not None:
            turns.append(done)
        last = case if done is None else done.case
        if last is None:
            continue
        if last.state is ConditionState.CLEARED:
            recent += ((last.id, view.at, last.box or EVERYWHERE),)
        else:
            cases[key] = last
    return Ledger(cases, recent, closed, singles), tuple(turns)


def hold(ledger: Ledger, at: float) -> tuple[Ledger, tuple[Turn, ...]]:
    """No pictures come: nothing can be said of what stays in a zone."""
    turns = [
        turn(case, Change.HELD, at) for case in ledger.cases.values() if case.state is ConditionState.OPEN
    ]
    held = {one.case.id: one.case for one in turns}
    cases = {key: held.get(case.id, case) for key, case in ledger.cases.items()}
    return replace(ledger, cases=cases), tuple(turns)


def suspects(ledger: Ledger, view: View) -> frozenset[UUID]:
    """Things without a name that are part of this rule's cases."""
    members = {member for case in ledger.cases.values() for member in case.members}
    return frozenset(
        slot.id for slot in view.slots if slot.id in members and slot.votes.verdict()[0] == UNKNOWN
    )


def _closed(ledger: Ledger, view: View, holds: bool) -> dict[UUID, float]:
    if not holds:
        return {slot.id: slot.stood for slot in view.slots}
    return {slot.id: ledger.closed[slot.id] for slot in view.slots if slot.id in ledger.closed}


def _grouped(
    rule: StayRule,
    cases: Cases,
    mine: list[Slot],
    fit: list[Slot],
    covers: Covers,
    singles: Singles,
    view: View,
) -> tuple[Cases, dict[str, list[Slot]]]:
    """The open cases by what tells them apart from here on, and the slots of each and of those that may
    begin.

    A case of one thing whose slot is lost (the eye began anew, or took two parts for one thing) goes on with
    what stands in its place.
    """
    if isinstance(rule, ParkedRule) and _overtaken(rule, cases, mine, covers, singles, view):
        cases = {str(case.id) if key == ZONE else key: case for key, case in cases.items()}
    alone = {key: case for key, case in cases.items() if key != ZONE}
    groups = {key: [slot for slot in mine if slot.id in case.members] for key, case in alone.items()}
    for key, lost in alone.items():
        if not groups[key]:
            groups[key] = [slot for slot in fit if same_place(relative(slot, view), lost.box)][:1]
    taken = {slot.id for slots in groups.values() for slot in slots}
    rest = [slot for slot in mine if slot.id not in taken]
    if isinstance(rule, ParkedRule):
        return cases, groups | {ZONE: rest}
    return cases, groups | {str(slot.id): [slot] for slot in rest}


def _overtaken(
    rule: ParkedRule, cases: Cases, mine: list[Slot], covers: Covers, singles: Singles, view: View
) -> bool:
    """What opened the zone's case is only suspected, and things with a name came that are enough without it:
    whoever put the one aside must be told of the others.
    """
    case = cases.get(ZONE)
    if case is None or not case.suspected:
        return False
    members = [slot for slot in mine if slot.id in case.members]
    # What was lost may be what has a name now.
    if not members or any(_named(rule, slot) for slot in members):
        return False
    named = [slot for slot in mine if _named(rule, slot) and slot.phase is not Phase.GONE]
    total = _sum(rule, named, covers, singles, view)
    return _enough(rule, total.count, total.share)


def _fits(rule: StayRule, zone: Polygon, slot: Slot, view: View) -> bool:
    """The slot stands in the zone and is what the rule is about, as far as can be told."""
    if slot.phase is not Phase.STANDING or slot.stood < rule.dwell or not slot.votes.enough:
        return False
    if not stands_in(zone, relative(slot, view)):
        return False
    if _named(rule, slot):
        return True
    # Of a zone that is one case, what stands in front of its things is no further thing of that case.
    return _unnamed(rule, slot) and not (isinstance(rule, ParkedRule) and _hides(slot, view))


def _hides(slot: Slot, view: View) -> bool:
    """It stands before another thing that cannot be seen just now."""
    others = [other for other in view.slots if other.id != slot.id and other.last_present < view.at]
    return any(same_place(slot.box, other.box) for other in others)


def _named(rule: StayRule, slot: Slot) -> bool:
    """It has a name that the rule counts."""
    label, _ = slot.votes.verdict()
    if rule.labels:
        return label in labels_of(rule)
    return label != UNKNOWN and not slot.votes.animate


def _unnamed(rule: StayRule, slot: Slot) -> bool:
    """Nobody can name it, it is nobody, and it was seen nearly always."""
    label, _ = slot.votes.verdict()
    nobody = not slot.votes.animate and not slot.lively
    return rule.unknown == "report" and label == UNKNOWN and slot.steady and nobody


def _sum(rule: StayRule, slots: list[Slot], covers: Covers, singles: Singles, view: View) -> Sum:
    def of(these: list[Slot]) -> tuple[Count, float]:
        share = sum(covers[slot.id].share for slot in these if slot.id in covers)
        return counted(these, covers, singles, view), min(1.0, share)

    if not isinstance(rule, ParkedRule):
        count = Count(len(slots))
        return Sum(count, 0.0, Count(sum(_named(rule, slot) for slot in slots)), 0.0)
    return Sum(*of(slots), *of([slot for slot in slots if _named(rule, slot)]))


def _enough(rule: StayRule, count: Count, share: float) -> bool:
    if not isinstance(rule, ParkedRule):
        return count.number > 0
    by_share = rule.share is not None and share >= rule.share
    return by_share or (rule.enough is not None and count.least >= rule.enough)


def _over(rule: StayRule, total: Sum) -> bool:
    """Of an open case: so little is left that it is over."""
    if not isinstance(rule, ParkedRule):
        return total.count.number == 0
    few = rule.enough is None or total.count.number < rule.least
    return total.count.number == 0 or (few and (rule.share is None or total.share < rule.least_share))


def _begin(
    rule: StayRule,
    slots: list[Slot],
    total: Sum,
    view: View,
    recent: Iterable[Past],
    new_id: Callable[[], UUID],
) -> Turn:
    empty = Case(new_id(), 0, ConditionState.OPEN, view.at, False, "", 0.0)
    case = _described(rule, empty, slots, total, view)
    same = [
        past
        for past, at, box in recent
        if case.since - at <= REOPEN and (isinstance(rule, ParkedRule) or touch(box, case.box))
    ]
    return turn(replace(case, reopens=same[-1] if same else None), Change.OPENED, view.at)


def _follow(
    rule: StayRule, case: Case, slots: list[Slot], total: Sum, view: View
) -> tuple[Case, Turn | None]:
    """An open case after this look, and the turn it took, if any."""
    staying = [slot for slot in slots if slot.phase is not Phase.GONE]
    if len(staying) < len(slots) and _over(rule, total):
        return case, turn(replace(case, members=frozenset()), Change.CLEARED, view.at)
    # Slots that are lost (the eye's memory was damaged) are not seen gone: nothing can be said.
    hidden = all(slot.phase is Phase.HIDDEN for slot in staying)
    now = _described(rule, case, staying, total, view) if staying else case
    if hidden and case.state is ConditionState.OPEN:
        return case, turn(case, Change.HELD, view.at)
    if case.state is ConditionState.HELD:
        # What looks empty now may be gone in a moment; only what is seen to stand is back.
        back = any(slot.phase is Phase.STANDING for slot in staying)
        return case, turn(now, Change.RESUMED, view.at) if back else None
    if hidden:
        return case, None
    # An estimate that wanders within its error is no news.
    other = abs((now.count or 0) - (case.count or 0)) > (now.count_error or 0)
    if other or (now.label, now.suspected) != (case.label, case.suspected):
        return case, turn(now, Change.UPDATED, view.at)
    # One thing may have taken another's place at the same look: who belongs to it is kept without a word.
    return replace(case, members=now.members), None


def _described(rule: StayRule, case: Case, slots: list[Slot], total: Sum, view: View) -> Case:
    """The case with what its slots say of it: when, what, where, how many."""
    first = min(slots, key=lambda slot: slot.since)
    # The name of the best known thing; hidden ones keep their votes.
    named = [slot for slot in slots if _named(rule, slot)] or slots
    label, score = max((slot.votes.verdict() for slot in named), key=lambda verdict: verdict[1])
    return replace(
        case,
        since=min(case.since, first.since) if case.members else first.since,
        at_least=case.at_least or first.at_least,
        label=label,
        score=score,
        box=around(relative(slot, view) for slot in slots),
        count=total.count.number,
        count_error=total.count.error,
        # What was once known by name stays so, also when less of it is left.
        suspected=(case.rev == 0 or case.suspected) and not _enough(rule, total.named, total.named_share),
        members=frozenset(slot.id for slot in slots),
    )
