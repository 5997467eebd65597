"""Parked things: counts and covered shares with their way back, estimates, what is suspected, and hours."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.messages import ConditionState
from edge.judge import stays
from edge.judge.heaps import CROWDED, FEW, PACKED, ROUGH, Count, counted, learnt, unit_at
from edge.judge.stays import Ledger, suspects
from edge.see.cover import Cover
from edge.see.slots import Phase
from tests.edge.views_for_tests import DWELL, WHOLE, ids, left, parked, slot, view, votes

ONE = 0.004
"""Part of the picture that one bike covers."""


class Zone:
    """One rule over many looks, with covers; keeps every turn."""

    def __init__(self, rule) -> None:
        self.rule, self.ledger, self.turns, self._new_id = rule, Ledger({}), [], ids()

    def look(self, at, *slots, covers=None, holds=True, taken=frozenset()):
        self.ledger, told = stays.judge(
            self.rule,
            WHOLE,
            self.ledger,
            view(at, *slots),
            self._new_id,
            covers=covers or {},
            holds=holds,
            taken=taken,
        )
        self.turns += told
        return [turn.change.value for turn in told]

    @property
    def only(self):
        (case,) = self.ledger.cases.values()
        return case


def bikes(*numbers, **more):
    return [slot(number, **more) for number in numbers]


def gone(*numbers):
    return bikes(*numbers, phase=Phase.GONE)


def test_a_rule_of_three_clears_when_one_is_left_and_the_two_others_were_seen_to_go():
    zone = Zone(parked(count=3))
    assert zone.look(1.0, *bikes(0, 1)) == []
    assert zone.look(2.0, *bikes(0, 1, 2)) == ["opened"]
    assert zone.look(3.0, *bikes(0, 1), *gone(2)) == ["updated"]
    assert zone.only.count == 2
    assert zone.look(4.0, *bikes(0), *gone(1)) == ["cleared"]
    assert zone.look(5.0, *bikes(0)) == []


def test_what_cannot_be_seen_counts_as_still_there():
    zone = Zone(parked(count=3))
    zone.look(1.0, *bikes(0, 1, 2))
    assert zone.look(2.0, *bikes(0, 1, phase=Phase.HIDDEN), *gone(2)) == ["held"]
    assert zone.look(3.0, slot(0), slot(1, phase=Phase.HIDDEN)) == ["resumed"]
    assert zone.look(4.0, *bikes(0), *gone(1)) == ["cleared"]


def test_what_is_lost_was_not_seen_to_go():
    zone = Zone(parked(count=3))
    zone.look(1.0, *bikes(0, 1, 2))
    assert zone.look(2.0, slot(0)) == ["updated"]
    assert zone.only.state is ConditionState.OPEN
    assert zone.look(3.0, slot(0)) == []


@settings(max_examples=100, deadline=None)
@given(count=st.integers(2, 9), story=st.lists(st.integers(-1, 1), min_size=5, max_size=60))
def test_within_the_band_a_zone_neither_opens_nor_clears(count, story):
    """Things come and go between the two counts: no turn but how many there are."""
    rule = parked(count=count)
    standing, fresh, number, gap = Zone(rule), Zone(rule), 10 * count, []
    there = list(range(count))
    standing.look(0.0, *bikes(*there))
    for at, step in enumerate(story, 1):
        gap = []
        if step < 0 and len(there) > rule.least:
            gap = [there.pop(0)]
        elif step > 0 and len(there) < count:
            number += 1
            there.append(number)
        told = standing.look(float(at), *bikes(*there), *gone(*gap))
        assert "cleared" not in told
        few = there[: count - 1]
        assert fresh.look(float(at), *bikes(*few), *gone(*gap)) == []


def covering(share, *numbers):
    return {slot(number).id: Cover(share / 4, share) for number in numbers}


def test_a_covered_share_opens_and_clears_with_a_band_of_its_own():
    zone = Zone(parked(share=0.3, clear_share=0.2))
    heap = slot(0)
    assert zone.look(1.0, heap, covers=covering(0.29, 0)) == []
    assert zone.look(2.0, heap, slot(1), covers=covering(0.15, 0, 1)) == ["opened"]
    assert zone.look(3.0, heap, *gone(1), covers=covering(0.25, 0)) == ["updated"]
    assert zone.look(4.0, heap, slot(2), covers=covering(0.11, 0, 2)) == ["updated"]
    assert zone.look(5.0, heap, *gone(2), covers=covering(0.11, 0)) == ["cleared"]


def test_count_and_share_each_open_and_both_must_be_back_to_clear():
    rule = parked(count=5, share=0.5)
    by_count, by_share = Zone(rule), Zone(rule)
    assert by_count.look(1.0, *bikes(0, 1, 2, 3, 4), covers=covering(0.01, 0, 1, 2, 3, 4)) == ["opened"]
    assert by_share.look(1.0, *bikes(0, 1), covers=covering(0.3, 0, 1)) == ["opened"]
    assert by_share.look(2.0, *bikes(0), *gone(1), covers=covering(0.4, 0)) == ["updated"]
    assert by_share.look(3.0, *bikes(0, 2), covers=covering(0.2, 0, 2)) == ["updated"]
    assert by_share.look(4.0, *bikes(0), *gone(2), covers=covering(0.2, 0)) == ["cleared"]


def perspective(foot: float) -> float:
    """A bike's part of the picture where its foot is `foot`: sides grow from a horizon at 0.2."""
    return (0.08 * (foot - 0.2)) ** 2


def test_the_ground_of_one_is_learnt_with_its_growth_towards_the_camera():
    singles = {UUID(int=n): (foot, perspective(foot)) for n, foot in enumerate((0.3, 0.45, 0.6, 0.75, 0.9))}
    for foot in (0.35, 0.5, 0.95):
        unit = unit_at(foot, singles)
        assert unit.area == pytest.approx(perspective(foot), rel=0.01)
        assert unit.error < ROUGH
    assert unit_at(0.5, {}) is None
    same_row = {UUID(int=n): (0.5, ONE) for n in range(4)}
    assert unit_at(0.5, same_row).area == pytest.approx(ONE)
    nearer = unit_at(0.75, same_row)
    assert nearer.area == pytest.approx(ONE * 1.5**2)
    assert nearer.error == pytest.approx((1 - 1 / 1.5**2) / 2), "where the horizon lies is a guess"
    assert unit_at(0.5, {UUID(int=1): (0.5, ONE)}).error == ROUGH


def test_only_bikes_that_stand_apart_teach_what_one_covers():
    alone = slot(0, named_box=slot(0).box)
    pair = slot(4, named_box=slot(4).box), slot(5, named_box=slot(5).box, box=(300, 100, 360, 140))
    unnamed, before = slot(20), slot(22, named_box=slot(22).box, at_least=True)
    heap = slot(24, named_box=(260, 220, 270, 230))
    things = (alone, *pair, unnamed, before, heap)
    seen = view(1.0, *things)
    found = learnt({}, things, {thing.id: Cover(ONE, 0.01) for thing in things}, seen)
    assert set(found) == {alone.id}
    assert learnt(found, things, {}, seen) == found


def test_a_heap_counts_as_many_as_it_covers_with_an_error():
    apart = [slot(number, named_box=slot(number).box) for number in (0, 2, 4, 6)]
    heap = slot(8)
    covers = {one.id: Cover(ONE, 0.01) for one in apart} | {heap.id: Cover(20 * ONE, 0.3)}
    seen = view(1.0, *apart, heap)
    singles = learnt({}, apart, covers, seen)
    count = counted([*apart, heap], covers, singles, seen)
    many = round(PACKED * 20)
    assert count.number == 4 + many
    assert count.error == round(CROWDED * many)
    assert counted(apart, covers, singles, seen).error is None
    assert counted([heap], covers, {}, seen).number == 1, "nothing is known of one"
    rough = counted([heap], covers, dict(list(singles.items())[: FEW - 1]), seen)
    assert (rough.number, rough.error) == (many, round(max(CROWDED, ROUGH) * many))


def test_a_heap_in_which_the_detector_drew_one_is_estimated_by_that_one():
    heap = slot(0, box=(100, 100, 300, 200), named_box=(120, 110, 160, 150), votes=votes())
    seen = view(1.0, heap)
    covers = {heap.id: Cover(0.47 * 40 * 40 * 8 / (640 * 360), 0.2)}
    count = counted([heap], covers, {}, seen)
    many = round(PACKED * 8)
    assert (count.number, count.error) == (many, round(max(CROWDED, ROUGH) * many))


def test_a_few_that_touch_are_counted_and_a_row_that_hides_itself_is_estimated():
    boxes = [(100 + 30 * n, 100, 130 + 30 * n, 140) for n in range(8)]
    row = [slot(n, box=box, named_box=box) for n, box in enumerate(boxes)]
    covers = {one.id: Cover(0.47 * 30 * 40 / (640 * 360), 0.01) for one in row}
    few = counted(row[:3], covers, {}, view(1.0, *row[:3]))
    assert (few.number, few.error) == (3, None)
    many = counted(row, covers, {}, view(1.0, *row))
    assert many.number == round(PACKED * 8)
    assert many.least <= 8 <= many.number, "it may be that they only stand side by side"


def test_what_others_were_put_before_is_still_in_the_row_and_its_clock_runs_on():
    rule = parked(count=2)
    behind = slot(0, phase=Phase.HIDDEN, confirmed=True, stood=3.0, box=(100, 100, 160, 140))
    before = slot(1, since=5.0, box=(120, 110, 180, 150))
    passer = replace(before, phase=Phase.CANDIDATE)
    late = 2 * DWELL
    assert Zone(rule).look(late, behind, before) == ["opened"]
    assert Zone(rule).look(late, behind, passer) == [], "who passes before it tells nothing"
    earlier = replace(before, since=-5.0)
    assert Zone(rule).look(late, behind, earlier) == [], "it stood there before, and hides nothing"
    assert Zone(rule).look(DWELL / 2, behind, before) == []
    gone_now = replace(behind, phase=Phase.GONE)
    zone = Zone(rule)
    zone.look(late, behind, before)
    assert zone.look(late + 1, gone_now, before) == ["updated"]


def test_an_estimate_opens_only_when_it_is_enough_at_the_least():
    apart = [slot(number, named_box=slot(number).box) for number in (0, 2)]
    heap = slot(4)
    known = {one.id: Cover(ONE, 0.01) for one in apart}
    zone = Zone(parked(count=11))
    assert zone.look(1.0, *apart, heap, covers=known | {heap.id: Cover(8 * ONE, 0.1)}) == []
    assert zone.look(2.0, *apart, heap, covers=known | {heap.id: Cover(14 * ONE, 0.2)}) == ["opened"]
    assert (zone.only.count, zone.only.count_error) == (24, 11)
    # What wanders within its error is no news.
    assert zone.look(3.0, *apart, heap, covers=known | {heap.id: Cover(16 * ONE, 0.2)}) == []
    assert zone.look(4.0, *apart, *gone(4), covers=known) == ["cleared"]


def test_what_is_told_apart_is_there_however_rough_the_estimate():
    assert Count(9, 7, seen=4).least == 4
    four = [slot(number, box=(60 * number, 100, 60 * number + 40, 140)) for number in range(4)]
    wide = {one.id: Cover(3 * ONE, 0.1) for one in four}
    rough = counted(four, wide, {four[0].id: (0.4, ONE)}, view(1.0, *four))
    assert rough.error is not None
    assert (rough.seen, rough.number > 4) == (4, True)


NAMELESS = votes(None)


@pytest.mark.parametrize("rule", [parked(), left(labels=("vehicles",)), left()], ids=lambda rule: rule.kind)
def test_what_nobody_can_name_is_reported_as_suspected(rule):
    zone = Zone(rule)
    assert zone.look(1.0, slot(0, votes=NAMELESS)) == ["opened"]
    assert (zone.only.label, zone.only.suspected) == ("unknown", True)
    assert Zone(rule.model_copy(update={"unknown": "ignore"})).look(1.0, slot(0, votes=NAMELESS)) == []
    somebody = replace(slot(0), votes=votes(None, looks=2).with_look("person", 0.9))
    assert Zone(rule).look(1.0, somebody) == []


def test_a_name_of_its_own_that_comes_later_ends_the_suspicion():
    zone = Zone(left(labels=("vehicles",)))
    zone.look(1.0, slot(0, votes=NAMELESS))
    named = slot(0, votes=votes("car", looks=8))
    assert zone.look(2.0, named) == ["updated"]
    assert (zone.only.label, zone.only.suspected) == ("car", False)
    other = Zone(left(labels=("vehicles",)))
    other.look(1.0, slot(0, votes=NAMELESS))
    assert other.look(2.0, slot(0, votes=votes("bench", looks=8))) == ["updated"]
    assert (other.only.label, other.only.suspected) == ("bench", True)


def test_a_zone_of_bikes_is_suspected_only_while_the_named_ones_would_not_do():
    zone = Zone(parked(count=3))
    assert zone.look(1.0, *bikes(0, 1), slot(2, votes=NAMELESS)) == ["opened"]
    assert (zone.only.label, zone.only.count, zone.only.suspected) == ("bicycle", 3, True)
    assert zone.look(2.0, *bikes(0, 1, 3), slot(2, votes=NAMELESS)) == ["updated"]
    assert not zone.only.suspected
    assert zone.look(3.0, *bikes(0, 1), *gone(3), slot(2, votes=NAMELESS)) == ["updated"]
    assert not zone.only.suspected


def test_named_things_that_come_to_a_zone_of_a_nameless_one_are_a_case_of_their_own():
    zone = Zone(parked())
    nameless = slot(0, votes=NAMELESS)
    assert zone.look(1.0, nameless) == ["opened"]
    assert zone.look(2.0, nameless, slot(5)) == ["opened"]
    suspected, known = (turn.case for turn in zone.turns)
    assert (suspected.label, suspected.suspected) == ("unknown", True)
    assert (known.label, known.suspected, known.count) == ("bicycle", False, 1)
    assert zone.look(3.0, nameless, *bikes(5, 6)) == ["updated"]
    assert zone.turns[-1].case.id == known.id
    assert zone.look(4.0, nameless, *gone(5, 6)) == ["cleared"]
    assert zone.only.id == suspected.id
    assert zone.look(5.0, slot(0, phase=Phase.GONE, votes=NAMELESS)) == ["cleared"]
    assert not zone.ledger.cases


def test_a_bike_seen_behind_the_nameless_thing_that_hid_it_is_a_case_of_its_own():
    zone = Zone(parked())
    assert zone.look(1.0, slot(0, votes=NAMELESS)) == ["opened"]
    behind = slot(9, box=slot(0).box)
    assert zone.look(2.0, slot(0, votes=NAMELESS, phase=Phase.LEAVING), behind) == ["opened"]
    assert zone.look(3.0, slot(0, votes=NAMELESS, phase=Phase.GONE), behind) == ["cleared"]
    assert (zone.only.label, zone.only.suspected) == ("bicycle", False)


def test_too_few_named_things_or_one_for_the_lost_one_leave_the_nameless_one_its_zone():
    nameless = slot(0, votes=NAMELESS)
    zone = Zone(parked(count=2))
    assert zone.look(1.0, nameless, slot(1, votes=NAMELESS)) == ["opened"]
    assert zone.look(2.0, nameless, slot(1, votes=NAMELESS), slot(5)) == ["updated"]
    assert zone.only.suspected
    again = Zone(parked())
    assert again.look(1.0, nameless) == ["opened"]
    assert again.look(2.0, slot(9, box=nameless.box)) == ["updated"]
    assert (again.only.label, again.only.suspected) == ("bicycle", False)


def test_what_another_rule_has_in_a_case_is_left_to_it():
    nameless = slot(0, votes=NAMELESS)
    first, second = Zone(left(labels=("bikes",))), Zone(left(labels=("vehicles",)))
    assert first.look(1.0, nameless) == ["opened"]
    mine = suspects(first.ledger, view(1.0, nameless))
    assert mine == {nameless.id}
    assert second.look(1.0, nameless, taken=mine) == []
    assert suspects(first.ledger, view(2.0, slot(0))) == frozenset(), "it has a name by now"


def test_what_hides_a_parked_thing_is_no_further_one_of_its_case():
    zone = Zone(parked())
    assert zone.look(1.0, slot(0, last_present=1.0)) == ["opened"]
    bus = slot(1, box=(10, 90, 200, 200), votes=NAMELESS, last_present=30.0)
    assert zone.look(30.0, slot(0, phase=Phase.HIDDEN, last_present=1.0), bus) == ["held"]


@pytest.mark.parametrize("rule", [parked(), left()], ids=lambda rule: rule.kind)
def test_outside_its_hours_nothing_opens_and_no_dwell_counts(rule):
    zone = Zone(rule)
    assert zone.look(1.0, slot(0, stood=500.0), holds=False) == []
    assert zone.look(2.0, slot(0, stood=501.0)) == []
    assert zone.look(9.0, slot(0, stood=500.0 + DWELL - 0.5)) == []
    assert zone.look(10.0, slot(0, stood=500.0 + DWELL)) == ["opened"]
    assert zone.only.since == 0.0, "it came before the hours began"


@pytest.mark.parametrize("rule", [parked(), left()], ids=lambda rule: rule.kind)
def test_what_is_open_stays_so_after_the_hours_until_it_is_seen_gone(rule):
    zone = Zone(rule)
    zone.look(1.0, slot(0))
    assert zone.look(2.0, slot(0), slot(1), holds=False) == []
    assert zone.only.members == {slot(0).id}
    assert zone.look(3.0, *gone(0), slot(1), holds=False) == ["cleared"]
    assert zone.ledger.closed.keys() == {slot(0).id, slot(1).id}
