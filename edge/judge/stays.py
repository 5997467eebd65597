"""The rules for what stays: things seen to stand in a zone, turned into conditions with a life.

    none ──(stood for the dwell)──► open ◄──► held        cleared: only when seen gone
                                      └──────────┴──► cleared

`parked` makes one case of a zone, which things join and leave; `left` makes one case of each thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from devices.messages import Change, ConditionState
from devices.site.model import LeftRule, ParkedRule
from edge.judge.case import REOPEN, Box, Case, Turn, turn
from edge.judge.zones import Polygon, stands_in
from edge.see.eye import View
from edge.see.slots import Phase, Slot
from edge.see.votes import UNKNOWN

Cases = Mapping[str, Case]
"""The open cases of one rule in one zone, by what tells them apart: the slot, or `zone`."""

ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Ledger:
    """What one rule in one zone remembers between two looks."""

    cases: Cases
    cleared: tuple[tuple[UUID, float, Box], ...] = ()
    """(id, when, where) of cases cleared lately."""


def judge(
    rule: ParkedRule | LeftRule,
    zone: Polygon,
    ledger: Ledger,
    view: View,
    new_id: Callable[[], UUID],
) -> tuple[Ledger, tuple[Turn, ...]]:
    """One look at one zone by one rule: what it remembers now, and the turns it took."""
    known = {member for case in ledger.cases.values() for member in case.members}
    mine = [slot for slot in view.slots if slot.id in known or _counts(rule, zone, slot, view)]
    groups = {ZONE: mine} if isinstance(rule, ParkedRule) else _one_by_one(mine, ledger.cases, view)
    enough = rule.count if isinstance(rule, ParkedRule) else 1
    cases: dict[str, Case] = {}
    turns: list[Turn] = []
    # What came within the window opens its case a dwell later.
    recent = tuple(past for past in ledger.cleared if view.at - past[1] <= REOPEN + rule.dwell)
    for key in sorted(groups.keys() | ledger.cases.keys()):
        slots = groups.get(key, [])
        case = ledger.cases.get(key)
        if case is None:
            taken = _begin(rule, enough, slots, view, recent, new_id)
        else:
            case, taken = _follow(case, slots, view)
        if taken is not None:
            turns.append(taken)
        last = case if taken is None else taken.case
        if last is None:
            continue
        if last.state is ConditionState.CLEARED:
            recent += ((last.id, view.at, last.box or (0.0, 0.0, 1.0, 1.0)),)
        else:
            cases[key] = last
    return Ledger(cases, recent), tuple(turns)


def _one_by_one(mine: list[Slot], cases: Cases, view: View) -> dict[str, list[Slot]]:
    """The slots of each case, and those that may begin one, each alone.

    A case whose slot is lost (the eye began anew, or took two parts for one thing) goes on with what
    stands in its place.
    """
    groups = {key: [slot for slot in mine if slot.id in case.members] for key, case in cases.items()}
    for key, lost in cases.items():
        if not groups[key]:
            groups[key] = [slot for slot in mine if _same_place(relative(slot, view), lost.box)][:1]
    taken = {slot.id for slots in groups.values() for slot in slots}
    return groups | {str(slot.id): [slot] for slot in mine if slot.id not in taken}


def _counts(rule: ParkedRule | LeftRule, zone: Polygon, slot: Slot, view: View) -> bool:
    """The slot has stood long enough, is named as the rule wants it, and stands in the zone."""
    if slot.phase is not Phase.STANDING or slot.stood < rule.dwell or not slot.votes.enough:
        return False
    if not stands_in(zone, relative(slot, view)):
        return False
    label, _ = slot.votes.verdict()
    if rule.labels:
        return label in rule.labels
    return not slot.votes.animate and (label != UNKNOWN or slot.steady)


def _begin(
    rule: ParkedRule | LeftRule,
    enough: int,
    slots: list[Slot],
    view: View,
    recent: Iterable[tuple[UUID, float, Box]],
    new_id: Callable[[], UUID],
) -> Turn | None:
    if len(slots) < enough:
        return None
    empty = Case(new_id(), 0, ConditionState.OPEN, view.at, False, "", 0.0)
    case = _described(empty, slots, view)
    same = [
        past
        for past, at, box in recent
        if case.since - at <= REOPEN and (isinstance(rule, ParkedRule) or _touch(box, case.box))
    ]
    return turn(replace(case, reopens=same[-1] if same else None), Change.OPENED, view.at)


def _follow(case: Case, slots: list[Slot], view: View) -> tuple[Case, Turn | None]:
    """An open case after this look, and the turn it took, if any."""
    staying = [slot for slot in slots if slot.phase is not Phase.GONE]
    if slots and not staying:
        return case, turn(replace(case, members=frozenset()), Change.CLEARED, view.at)
    # Slots that are lost (the eye's memory was damaged) are not seen gone: nothing can be said.
    hidden = all(slot.phase is Phase.HIDDEN for slot in staying)
    now = _described(case, staying, view) if staying else case
    if hidden and case.state is ConditionState.OPEN:
        return case, turn(case, Change.HELD, view.at)
    if case.state is ConditionState.HELD:
        # What looks empty now may be gone in a moment; only what is seen to stand is back.
        back = any(slot.phase is Phase.STANDING for slot in staying)
        return case, turn(now, Change.RESUMED, view.at) if back else None
    if hidden:
        return case, None
    if now.count != case.count or now.label != case.label:
        return case, turn(now, Change.UPDATED, view.at)
    # One thing may have taken another's place at the same look: who belongs to it is kept without a word.
    return replace(case, members=now.members), None


def _described(case: Case, slots: list[Slot], view: View) -> Case:
    """The case with what its slots say of it: when, what, where, how many."""
    first = min(slots, key=lambda slot: slot.since)
    # The name of the best known thing; hidden ones keep their votes.
    label, score = max((slot.votes.verdict() for slot in slots), key=lambda verdict: verdict[1])
    boxes = [relative(slot, view) for slot in slots]
    return replace(
        case,
        since=min(case.since, first.since) if case.members else first.since,
        at_least=case.at_least or first.at_least,
        label=label,
        score=score,
        box=(
            min(box[0] for box in boxes),
            min(box[1] for box in boxes),
            max(box[2] for box in boxes),
            max(box[3] for box in boxes),
        ),
        count=len(slots),
        members=frozenset(slot.id for slot in slots),
    )


def relative(slot: Slot, view: View) -> Box:
    """The slot's box in parts of the picture as it is now."""
    height, width = view.shape
    dx, dy = view.shift
    x0, y0, x1, y1 = (
        slot.box if slot.named_box is None or slot.votes.verdict()[0] == UNKNOWN else slot.named_box
    )
    return _part(x0 + dx, width), _part(y0 + dy, height), _part(x1 + dx, width), _part(y1 + dy, height)


def _part(pixels: float, of: int) -> float:
    return min(1.0, max(0.0, pixels / of))


def _touch(a: Box, b: Box | None) -> bool:
    return b is not None and _common(a, b) > 0


def _same_place(a: Box, b: Box | None) -> bool:
    """Half of the smaller one lies in the other."""
    return b is not None and _common(a, b) >= 0.5 * min(_common(a, a), _common(b, b)) > 0


def _common(a: Box, b: Box) -> float:
    """The area of what two boxes share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
