"""Is it still there? A second look at what one condition is about, for whoever says that it is done."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from devices.link import Verdict
from edge.judge.panel import Notes
from edge.judge.people import Presence
from edge.judge.shelf import cases_of
from edge.see.health import Sight
from edge.see.slots import CLEAR_LOOKS
from edge.see.view import View


def again(condition: UUID, notes: Iterable[Notes], view: View) -> Verdict | None:
    """What this look says of it; None: not sure yet, look once more.

    What the rules hold open no more is gone: they saw it go. One look sees that a thing is there; that it is
    gone must be seen as often as a rule asks for.
    """
    mine = next((one for one in notes if any(case.id == condition for case in cases_of(one))), None)
    if mine is None:
        return Verdict.GONE
    if view.sight is not Sight.CLEAR:
        return None
    if isinstance(mine, Presence):
        looked = mine.last_at == view.at and mine.looks
        return Verdict.PRESENT if looked and mine.looks[-1] else None
    members = next(case.members for case in cases_of(mine) if case.id == condition)
    slots = [slot for slot in view.slots if slot.id in members]
    if any(slot.last_present == view.at for slot in slots):
        return Verdict.PRESENT
    if slots and all(slot.gone_looks >= CLEAR_LOOKS for slot in slots):
        return Verdict.GONE
    return None


def unsure(view: View) -> Verdict:
    """What is said when there is no more time to look."""
    return Verdict.OCCLUDED if view.sight is Sight.CLEAR else Verdict.BLIND
