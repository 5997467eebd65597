"""Rules that join, against a model that tries every set of lives and looks at the whole past each time."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.messages import Change, ConditionState, JoinedPart
from devices.site.joins import Join
from edge.judge.case import REOPEN
from edge.judge.joined import PAST, Heard, Life, Notes, enough, hear
from edge.judge.joined_shelf import moved, notes_from_json, notes_to_json
from tests.edge.views_for_tests import ids

OPEN, HELD, CLEARED = ConditionState.OPEN, ConditionState.HELD, ConditionState.CLEARED


def join(kind: str = "all_of", parts: int = 2, **more) -> Join:
    made = [{"rule": f"r{n}"} for n in range(parts)]
    return Join.model_validate({"kind": kind, "id": "j", "event_class": "01-01", "parts": made} | more)


def life(number: int, part: int, begin: float, end: float | None = None, device: str = "d", **more) -> Life:
    shown = JoinedPart(
        condition_id=UUID(int=number), point="P01", device=device, rule=f"r{part}", label="x",
        since=datetime.fromtimestamp(1e9 + begin, UTC),
    )  # fmt: skip
    return Life(UUID(int=number), (part, device), begin, shown, end=end, **more)


@dataclass
class Desk:
    """One join and what it said."""

    join: Join
    notes: Notes = field(default_factory=Notes)
    turns: list[tuple[Change, float]] = field(default_factory=list)
    heard: Heard | None = None
    new_id = staticmethod(ids())

    def hear(self, one: Life, at: float) -> Change | None:
        self.heard = hear(self.join, self.notes, one, at, self.new_id)
        self.notes = self.heard.notes
        if self.heard.turn is None:
            return None
        self.turns.append((self.heard.turn.change, self.heard.turn.at))
        return self.heard.turn.change


def test_both_parts_there_opens_and_names_its_evidence_from_each():
    desk = Desk(join())
    assert desk.hear(life(1, 0, 0.0), 5.0) is None
    assert desk.hear(life(2, 1, 8.0), 9.0) is Change.OPENED
    assert [part.condition_id.int for part in desk.heard.parts] == [1, 2]
    assert (desk.notes.case.since, desk.notes.case.rev) == (8.0, 1)


@pytest.mark.parametrize(("gap", "joined"), [(0.0, True), (60.0, True), (60.5, False)])
def test_one_may_be_over_for_so_long_when_the_other_comes(gap, joined):
    desk = Desk(join(within=60))
    desk.hear(life(1, 0, 0.0), 0.0)
    desk.hear(life(1, 0, 0.0, end=10.0), 10.0)
    assert (desk.hear(life(2, 1, 10.0 + gap), 200.0) is Change.OPENED) is joined


def test_it_goes_by_when_things_were_not_by_when_they_were_heard_of():
    """A backlog of readings comes an hour late: the camera's case of then is what it joins."""
    desk = Desk(join(within=5))
    desk.hear(life(1, 0, 100.0), 110.0)
    desk.hear(life(1, 0, 100.0, end=160.0), 160.0)
    assert desk.hear(life(2, 1, 150.0), 3700.0) is Change.OPENED


@pytest.mark.parametrize(("apart", "joined"), [(299.0, True), (301.0, False)])
def test_what_has_stood_for_long_proves_nothing_where_the_beginnings_count(apart, joined):
    desk = Desk(join(begun_within=300))
    desk.hear(life(1, 0, 0.0), 0.0)
    assert (desk.hear(life(2, 1, apart), apart) is Change.OPENED) is joined


def test_confirmed_needs_its_first_part_and_another():
    desk = Desk(join("confirmed", parts=3))
    desk.hear(life(1, 1, 0.0), 0.0)
    assert desk.hear(life(2, 2, 0.0), 0.0) is None, "two that confirm, and nothing to confirm"
    assert desk.hear(life(3, 0, 1.0), 1.0) is Change.OPENED
    assert len(desk.heard.parts) == 3


def test_any_of_counts_devices_not_conditions():
    desk = Desk(join("any_of", parts=1, count=2))
    desk.hear(life(1, 0, 0.0, device="a"), 0.0)
    assert desk.hear(life(2, 0, 1.0, device="a"), 1.0) is None
    assert desk.hear(life(3, 0, 2.0, device="b"), 2.0) is Change.OPENED
    assert desk.hear(life(4, 0, 3.0, device="c"), 3.0) is Change.UPDATED
    assert [part.device for part in desk.heard.parts] == ["a", "b", "c"]


def test_all_gone_clears_and_what_is_held_is_not_gone():
    desk = Desk(join())
    desk.hear(life(1, 0, 0.0), 0.0)
    desk.hear(life(2, 1, 0.0), 0.0)
    assert desk.hear(life(2, 1, 0.0, held=True), 5.0) is None, "the other is seen to be there"
    assert desk.hear(life(1, 0, 0.0, end=6.0), 6.0) is Change.HELD
    assert desk.hear(life(2, 1, 0.0), 7.0) is Change.RESUMED
    assert desk.hear(life(2, 1, 0.0, end=8.0), 8.0) is Change.CLEARED
    assert desk.notes.case is None


def test_with_any_the_first_that_is_over_clears():
    desk = Desk(join(clear_when="any"))
    desk.hear(life(1, 0, 0.0), 0.0)
    desk.hear(life(2, 1, 0.0), 0.0)
    assert desk.hear(life(1, 0, 0.0, held=True), 5.0) is Change.HELD
    assert desk.hear(life(1, 0, 0.0, end=6.0), 6.0) is Change.CLEARED
    assert desk.hear(life(2, 1, 0.0, held=True), 7.0) is None
    assert desk.hear(life(2, 1, 0.0), 8.0) is None, "the same lives are not joined twice"


def test_with_any_what_was_over_when_it_opened_clears_nothing():
    """A beam broken for two seconds, and somebody seen where it stands: over when nobody is there."""
    desk = Desk(join("confirmed", clear_when="any"))
    desk.hear(life(1, 0, 0.0), 0.0)
    desk.hear(life(1, 0, 0.0, end=2.0), 2.0)
    assert desk.hear(life(2, 1, 3.0), 6.0) is Change.OPENED
    assert desk.hear(life(2, 1, 3.0, end=30.0), 30.0) is Change.CLEARED


def test_it_names_the_case_that_it_reopens_within_ten_minutes():
    desk = Desk(join(within=0))
    for begin in (0.0, 10.0 + REOPEN, 1e4):
        desk.hear(life(int(begin) + 1, 0, begin), begin)
        desk.hear(life(int(begin) + 2, 1, begin), begin)
        desk.turns.append((desk.notes.case.reopens is not None, begin))
        for number in (1, 2):
            desk.hear(life(int(begin) + number, number - 1, begin, end=begin + 10), begin + 10)
    assert [told for told, _ in desk.turns if isinstance(told, bool)] == [False, True, False]


def test_what_is_told_of_a_silent_part_is_told_once_it_is_joined():
    desk = Desk(join())
    desk.hear(life(1, 0, 0.0, told=False), 0.0)
    assert [one.told for one in desk.notes.lives] == [False]
    desk.hear(life(2, 1, 0.0), 0.0)
    assert [one.told for one in desk.notes.lives] == [True, True]
    desk.hear(life(1, 0, 0.0, told=False, held=True), 1.0)
    assert all(one.told for one in desk.notes.lives)


# -- against the model --------------------------------------------------------------------------------------


class Model:
    """The definition, with no thought for speed: all subsets, all of the past that may be remembered."""

    def __init__(self, asked: Join) -> None:
        self.join, self.lives, self.members, self.spent = asked, {}, None, set()
        self.state, self.order = None, []

    def together(self, some) -> bool:
        until = [math.inf if one.end is None else one.end + self.join.within for one in some]
        if any(a.begin > until[n] for a in some for n in range(len(some))):
            return False
        span, begins = self.join.begun_within, [one.begin for one in some]
        return span is None or max(begins) - min(begins) <= span

    def hear(self, one: Life):
        new = one.id not in self.lives and one.end is None
        self.lives[one.id] = one
        mine = [each for each in self.lives.values() if each.source == one.source]
        over = sorted((each for each in mine if each.end is not None), key=lambda each: each.end)
        for each in over[:-PAST]:
            del self.lives[each.id]
        if self.members is None:
            if not new:
                return None
            known = list(self.lives.values())
            sets = [
                some
                for size in range(1, len(known) + 1)
                for some in combinations(known, size)
                if one in some and self.together(some) and enough(self.join, {each.source for each in some})
            ]
            if not sets:
                return None
            self.largest = max(len({each.source for each in some}) for some in sets)
            self.state = OPEN
            return Change.OPENED
        joined = new and one.source not in self.members and self._near(one)
        if joined:
            self.members.add(one.source)
        before, self.state = self.state, self.standing()
        if self.state is CLEARED:
            self.members, self.spent = None, set()
            return Change.CLEARED
        if self.state is not before:
            return Change.HELD if self.state is HELD else Change.RESUMED
        return Change.UPDATED if joined else None

    def _near(self, one) -> bool:
        span = self.join.begun_within
        others = [each for each in self.lives.values() if each.source in self.members]
        return span is None or all(abs(each.begin - one.begin) <= span for each in others)

    def standing(self) -> ConditionState:
        def value(source):
            mine = [each for each in self.lives.values() if each.source == source and each.end is None]
            return OPEN if any(not each.held for each in mine) else HELD if mine else CLEARED

        values = {source: value(source) for source in self.members}
        if self.join.clear_when == "all":
            return next((one for one in (OPEN, HELD) if one in values.values()), CLEARED)
        for least in (OPEN, HELD):
            good = {OPEN} if least is OPEN else {OPEN, HELD}
            if enough(self.join, {s for s, v in values.items() if v in good or s in self.spent}):
                return least
        return CLEARED


@st.composite
def stories(draw):
    """Lives of two or three parts on up to two devices, each told as opened, perhaps held, and cleared."""
    kind = draw(st.sampled_from(("all_of", "any_of", "confirmed")))
    parts = draw(st.integers(2, 3))
    asked = join(
        kind, parts,
        count=draw(st.integers(1, 3)) if kind == "any_of" else 1,
        within=draw(st.sampled_from((0.0, 2.0, 5.0))),
        begun_within=draw(st.sampled_from((None, 3.0, 8.0))),
        clear_when=draw(st.sampled_from(("all", "any"))),
    )  # fmt: skip
    words = []
    for number in range(draw(st.integers(2, 9))):
        begin = draw(st.integers(0, 30))
        told = begin + draw(st.integers(0, 4))
        one = life(
            number + 1, draw(st.integers(0, parts - 1)), float(begin), device=draw(st.sampled_from("ab"))
        )
        words.append((told, number, 0, one))
        if draw(st.booleans()):
            words.append((told, number, 1, Life(**_values(one) | {"held": True})))
            if draw(st.booleans()):
                words.append((told + 1, number, 2, one))
        if draw(st.booleans()):
            end = told + draw(st.integers(0, 10))
            words.append(
                (end + draw(st.integers(0, 9)), number, 3, Life(**_values(one) | {"end": float(end)}))
            )
    return asked, [(float(at), one) for at, _, _, one in sorted(words, key=lambda word: word[:3])]


def _values(one: Life) -> dict:
    return {name: getattr(one, name) for name in Life.__slots__}


@settings(max_examples=120, deadline=None)
@given(stories())
def test_it_agrees_with_trying_every_set_of_lives(story):
    asked, words = story
    desk, model = Desk(asked), Model(asked)
    for at, one in words:
        wanted = model.hear(one)
        assert desk.hear(one, at) is wanted, (asked.kind, at)
        if wanted is Change.OPENED:
            members = set(desk.notes.members)
            assert len(members) == model.largest
            together = [
                each for each in desk.notes.lives if each.id in {p.condition_id for p in desk.heard.parts}
            ]
            assert model.together(together)
            assert enough(asked, members)
            model.members, model.spent = members, set(desk.notes.spent)
    revs = 0
    for change, _ in desk.turns:
        revs = 1 if change is Change.OPENED else revs + 1
    assert desk.notes.case is None or desk.notes.case.rev == revs


@settings(max_examples=50, deadline=None)
@given(stories(), st.data())
def test_a_restart_anywhere_changes_nothing(story, data):
    """Kept as JSON and read back by a clock that began anew: the same turns, none told twice."""
    asked, words = story
    whole, broken = Desk(asked), Desk(asked)
    stop = data.draw(st.integers(0, len(words)))
    by = 0.0
    for number, (at, one) in enumerate(words):
        whole.hear(one, at)
        if number == stop:
            by = -1000.0
            kept = json.loads(json.dumps(notes_to_json(broken.notes)))
            broken.notes = moved(notes_from_json(kept), by, math.inf)
        end = None if one.end is None else one.end + by
        broken.hear(Life(**_values(one) | {"begin": one.begin + by, "end": end}), at + by)
    assert [change for change, _ in whole.turns] == [change for change, _ in broken.turns]
