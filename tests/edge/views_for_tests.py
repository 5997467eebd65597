"""Slots, views and rules as the judge meets them, without pictures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from devices.site.model import LeftRule, ParkedRule
from edge.judge.stays import Ledger, judge
from edge.see.health import Sight
from edge.see.slots import Phase, Slot
from edge.see.view import View
from edge.see.votes import Votes

SHAPE = (360, 640)
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
DWELL = 10.0
BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)


def ids():
    """Ids 1, 2, 3, ..."""
    numbers = count(1)
    return lambda: UUID(int=next(numbers))


def parked(**more) -> ParkedRule:
    return ParkedRule(
        **{"kind": "parked", "id": "bikes", "event_class": "05-06", "labels": ("bicycle",), "dwell": DWELL}
        | more
    )


def left(**more) -> LeftRule:
    return LeftRule(**{"kind": "left", "id": "things", "event_class": "05-06", "dwell": DWELL} | more)


def votes(label: str | None = "bicycle", score: float = 0.8, looks: int = 3) -> Votes:
    so_far = Votes()
    for _ in range(looks):
        so_far = so_far.with_look(label, score)
    return so_far


def slot(number: int, **more) -> Slot:
    """A bicycle that has stood for the dwell; slot `number` has a place of its own in the picture."""
    x, y = 20 + 60 * (number % 10), 100 + 60 * (number // 10 % 4)
    made = Slot(
        id=UUID(int=1000 + number),
        box=(x, y, x + 40, y + 40),
        since=0.0,
        at_least=False,
        stood=DWELL,
        last_present=0.0,
        phase=Phase.STANDING,
        presents=10,
        looks=10,
        votes=votes(),
    )
    return replace(made, **more)


def view(at: float, *slots: Slot, shift=(0.0, 0.0)) -> View:
    return View(at, BEGIN + timedelta(seconds=at), Sight.CLEAR, slots, SHAPE, shift)


class Judge:
    """One rule in one zone over many looks; keeps every turn."""

    def __init__(self, rule, zone=WHOLE) -> None:
        self.rule, self.zone = rule, zone
        self.ledger = Ledger({})
        self.turns = []
        self._new_id = ids()

    def look(self, at: float, *slots: Slot, shift=(0.0, 0.0)):
        """The turns of this look."""
        seen = view(at, *slots, shift=shift)
        self.ledger, taken = judge(self.rule, self.zone, self.ledger, seen, self._new_id)
        self.turns += taken
        return [turn.change.value for turn in taken]

    @property
    def only(self):
        """The one case there is."""
        (case,) = self.ledger.cases.values()
        return case
