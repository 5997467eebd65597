"""The rules for what stays, over looks that any eye might have."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.messages import Change, ConditionState
from edge.judge.case import REOPEN
from edge.judge.stays import ZONE, hold
from edge.see.slots import STIRS, Phase
from edge.see.votes import Votes
from tests.edge.views_for_tests import DWELL, LEFT_HALF, WHOLE, Judge, left, parked, slot, votes

THINGS = 4
STEPS = ("stay", "stand", "stand", "stand", "hide", "hide", "leave", "doubt", "go", "lose", "come", "come")
NEXT = {"stand": Phase.STANDING, "hide": Phase.HIDDEN, "leave": Phase.LEAVING, "doubt": Phase.CANDIDATE}
stories = st.lists(
    st.tuples(st.sampled_from((0.5, 4.0, 12.0)), st.tuples(*[st.sampled_from(STEPS)] * THINGS)),
    min_size=6,
    max_size=40,
)


def told(story):
    """The views of a story: (at, slots). What goes is seen gone once; what is lost just is not there."""
    at, number = 0.0, 100
    things = {place: slot(place, stood=0.0) for place in range(THINGS)}
    for gap, steps in story:
        at += gap
        for place, step in enumerate(steps):
            known = things[place]
            if known is None or known.phase is Phase.GONE:
                things[place] = None
                if step == "come":
                    number += 10
                    things[place] = replace(
                        slot(place), id=UUID(int=number), since=at, stood=0.0, phase=Phase.CANDIDATE
                    )
            elif step == "lose":
                things[place] = None
            elif step == "go":
                things[place] = replace(known, phase=Phase.GONE)
            else:
                phase = NEXT.get(step, known.phase)
                stood = known.stood + gap * (phase is Phase.STANDING)
                things[place] = replace(known, phase=phase, stood=stood)
        yield at, [thing for thing in things.values() if thing is not None]


def counts(thing) -> bool:
    return thing.phase is Phase.STANDING and thing.stood >= DWELL


def check_life(turns) -> None:
    """opened → (held → resumed | updated)* → cleared?, with revisions 1, 2, 3, ..."""
    assert [turn.case.rev for turn in turns] == list(range(1, len(turns) + 1))
    assert turns[0].change is Change.OPENED
    follows = {
        Change.OPENED: {Change.HELD, Change.UPDATED, Change.CLEARED},
        Change.UPDATED: {Change.HELD, Change.UPDATED, Change.CLEARED},
        Change.RESUMED: {Change.HELD, Change.UPDATED, Change.CLEARED},
        Change.HELD: {Change.RESUMED, Change.CLEARED},
        Change.CLEARED: set(),
    }
    for before, after in pairwise(turns):
        assert after.change in follows[before.change]
        assert after.at > before.at
        assert after.case.since <= before.case.since
    for turn in turns:
        assert (turn.case.state is ConditionState.HELD) == (turn.change is Change.HELD)
        assert (turn.case.state is ConditionState.CLEARED) == (turn.change is Change.CLEARED)


def lives(judge):
    by_case = {}
    for turn in judge.turns:
        by_case.setdefault(turn.case.id, []).append(turn)
    return by_case


@settings(max_examples=150, deadline=None)
@given(story=stories, count=st.integers(1, 3))
def test_a_parked_case_lives_one_life_whatever_is_seen(story, count):
    judge = Judge(parked(count=count))
    for at, slots in told(story):
        before = judge.ledger.cases.get(ZONE)
        changes = judge.look(at, *slots)
        assert len(judge.ledger.cases) <= 1
        assert len(changes) <= 1
        standing = {thing.id for thing in slots if counts(thing)}
        seen = {thing.id: thing.phase for thing in slots}
        if "cleared" in changes:
            assert Phase.GONE in {seen.get(member) for member in before.members}
            left_there = {member for member in before.members if seen.get(member) not in (None, Phase.GONE)}
            assert len(standing | left_there) < judge.rule.least
        if "resumed" in changes:
            assert any(thing.phase is Phase.STANDING for thing in slots)
        if before is None:
            assert (changes == ["opened"]) == (len(standing) >= count)
        elif standing and changes != ["cleared"]:
            # Whatever stands there belongs to the case, also when it only took another's place.
            assert standing <= judge.only.members
            assert judge.only.state is ConditionState.OPEN
    for turns in lives(judge).values():
        check_life(turns)


@settings(max_examples=150, deadline=None)
@given(story=stories)
def test_each_left_thing_has_one_case_and_one_life(story):
    judge = Judge(left())
    opened = {}
    for at, slots in told(story):
        before = dict(judge.ledger.cases)
        changes = len(judge.turns)
        judge.look(at, *slots)
        seen = {thing.id: thing.phase for thing in slots}
        for turn in judge.turns[changes:]:
            if turn.change is Change.OPENED:
                (member,) = turn.case.members
                assert member not in opened
                opened[member] = turn.case.id
            if turn.change is Change.CLEARED:
                (was,) = (case for case in before.values() if case.id == turn.case.id)
                assert Phase.GONE in {seen.get(member) for member in was.members}
        members = [member for case in judge.ledger.cases.values() for member in case.members]
        assert len(members) == len(set(members)) or any(member not in seen for member in members)
        assert {thing.id for thing in slots if counts(thing)} <= set(members)
    for turns in lives(judge).values():
        check_life(turns)


@settings(max_examples=60, deadline=None)
@given(story=stories, rule=st.sampled_from([parked(), left()]))
def test_nothing_is_cleared_while_things_only_vanish_or_hide(story, rule):
    judge = Judge(rule)
    blind = [(gap, ["lose" if step == "go" else step for step in steps]) for gap, steps in story]
    for at, slots in told(blind):
        judge.look(at, *slots)
    assert all(turn.change is not Change.CLEARED for turn in judge.turns)


def test_a_case_says_what_stands_where_since_when_and_how_many():
    judge = Judge(parked(count=2))
    assert judge.look(20.0, slot(0, since=4.0)) == []
    assert judge.look(21.0, slot(0, since=4.0), slot(1, since=9.0, at_least=True)) == ["opened"]
    case = judge.only
    assert (case.label, case.count, case.since, case.at_least) == ("bicycle", 2, 4.0, False)
    assert case.score == pytest.approx(0.8)
    assert case.box == pytest.approx((20 / 640, 100 / 360, 120 / 640, 140 / 360))


def test_a_thing_that_was_there_before_makes_the_time_a_lower_bound():
    judge = Judge(parked())
    judge.look(20.0, slot(0, since=1.0, at_least=True))
    assert judge.only.at_least


def test_one_bicycle_takes_anothers_place_at_the_same_look_and_the_case_still_clears():
    judge = Judge(parked())
    judge.look(1.0, slot(0))
    assert judge.look(2.0, slot(0, phase=Phase.GONE), slot(1)) == []
    assert judge.look(3.0, slot(1, phase=Phase.LEAVING)) == []
    assert judge.look(9.0, slot(1, phase=Phase.GONE)) == ["cleared"]


def test_things_that_join_and_leave_update_the_count():
    judge = Judge(parked())
    judge.look(1.0, slot(0))
    assert judge.look(2.0, slot(0), slot(1)) == ["updated"]
    assert judge.only.count == 2
    assert judge.look(3.0, slot(0), slot(1, phase=Phase.GONE)) == ["updated"]
    assert judge.only.count == 1


def test_a_hidden_case_is_held_until_it_is_seen_again():
    judge = Judge(left())
    judge.look(1.0, slot(0))
    assert judge.look(2.0, slot(0, phase=Phase.HIDDEN)) == ["held"]
    assert judge.look(3.0, slot(0, phase=Phase.HIDDEN)) == []
    assert judge.look(4.0, slot(0)) == ["resumed"]


def test_an_empty_look_behind_what_hid_it_is_not_taken_for_the_things_return():
    judge = Judge(parked())
    judge.look(1.0, slot(0))
    judge.look(2.0, slot(0, phase=Phase.HIDDEN))
    assert judge.look(3.0, slot(0, phase=Phase.LEAVING)) == []
    assert judge.look(9.0, slot(0, phase=Phase.GONE)) == ["cleared"]


def test_a_hidden_thing_seen_gone_behind_what_hid_it_is_cleared_without_being_resumed():
    judge = Judge(left())
    judge.look(1.0, slot(0))
    judge.look(2.0, slot(0, phase=Phase.HIDDEN))
    assert judge.look(3.0, slot(0, phase=Phase.GONE)) == ["cleared"]


def test_the_name_changes_the_case_once():
    judge = Judge(left())
    judge.look(1.0, slot(0, votes=votes(None)))
    assert judge.only.label == "unknown"
    named = slot(0, votes=votes("suitcase", 0.6, looks=6))
    assert judge.look(2.0, named) == ["updated"]
    assert judge.look(3.0, named) == []
    assert judge.only.label == "suitcase"


@pytest.mark.parametrize("rule", [parked(), left()])
def test_the_same_spot_filled_within_the_window_names_the_case_it_reopens(rule):
    judge = Judge(rule)
    judge.look(1.0, slot(0))
    first = judge.turns[-1].case.id
    judge.look(50.0, slot(0, phase=Phase.GONE))
    arrived = 50.0 + REOPEN - 1
    again = slot(0, id=UUID(int=7), since=arrived)
    assert judge.look(arrived + DWELL, again) == ["opened"]
    assert judge.only.reopens == first
    assert judge.only.id != first


@pytest.mark.parametrize("rule", [parked(dwell=900.0), left(dwell=900.0)])
def test_a_dwell_longer_than_the_window_does_not_keep_a_spot_from_being_reopened(rule):
    judge = Judge(rule)
    judge.look(1.0, slot(0, stood=900.0))
    first = judge.only.id
    judge.look(50.0, slot(0, phase=Phase.GONE))
    for at in range(51, 961, 60):
        judge.look(float(at))
    judge.look(961.0, slot(0, id=UUID(int=7), since=60.0, stood=900.0))
    assert judge.only.reopens == first


@pytest.mark.parametrize("rule", [parked(), left()])
def test_long_after_a_clearing_a_new_case_reopens_nothing_and_the_past_is_forgotten(rule):
    judge = Judge(rule)
    judge.look(1.0, slot(0))
    judge.look(50.0, slot(0, phase=Phase.GONE))
    at = 50.0 + REOPEN + 2 * DWELL
    judge.look(at, slot(0, id=UUID(int=7), since=at - DWELL))
    assert judge.only.reopens is None
    assert judge.ledger.cleared == ()


def test_a_left_thing_elsewhere_in_the_zone_reopens_nothing():
    judge = Judge(left())
    judge.look(1.0, slot(0))
    judge.look(50.0, slot(0, phase=Phase.GONE))
    judge.look(60.0, slot(5, since=50.0))
    assert judge.only.reopens is None


def test_a_lost_left_thing_goes_on_as_what_stands_in_its_place():
    judge = Judge(left())
    judge.look(1.0, slot(0))
    case = judge.only.id
    assert judge.look(2.0) == ["held"]
    found = slot(0, id=UUID(int=7), box=(22, 98, 64, 141))
    assert judge.look(40.0, found) == ["resumed"]
    assert judge.only.id == case
    assert judge.look(41.0, replace(found, phase=Phase.GONE)) == ["cleared"]
    assert judge.ledger.cases == {}


def test_two_parts_that_turn_out_to_be_one_thing_are_cleared_together():
    judge = Judge(left())
    wheel, frame = slot(0), slot(0, id=UUID(int=7), box=(64, 100, 104, 140))
    assert judge.look(1.0, wheel, frame) == ["opened", "opened"]
    whole = replace(wheel, box=(20, 100, 104, 140))
    judge.look(2.0, whole)
    judge.look(3.0, whole)
    assert judge.look(9.0, replace(whole, phase=Phase.GONE)) == ["cleared", "cleared"]
    assert judge.ledger.cases == {}


def test_what_stands_outside_the_polygon_is_nobodys_business():
    judge = Judge(parked(), LEFT_HALF)
    inside, outside = slot(1), slot(8)
    assert judge.look(1.0, outside) == []
    assert judge.look(2.0, inside, outside) == ["opened"]
    assert judge.only.members == {inside.id}


def test_a_member_stays_a_member_when_its_box_grows_out_of_the_zone():
    judge = Judge(left(), LEFT_HALF)
    judge.look(1.0, slot(1))
    assert judge.look(2.0, slot(1, box=(80, 100, 639, 140))) == []
    assert judge.look(3.0, slot(1, box=(80, 100, 639, 140), phase=Phase.GONE)) == ["cleared"]


def test_the_zone_is_held_against_the_picture_as_it_is_now():
    judge = Judge(left(), LEFT_HALF)
    assert judge.look(1.0, slot(5), shift=(0.0, 0.0)) == []  # x from 320 on
    assert judge.look(2.0, slot(5), shift=(-60.0, 0.0)) == ["opened"]


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("not yet for the dwell", {"stood": DWELL - 0.1}),
        ("not looked at often enough", {"votes": votes(looks=2)}),
        ("somebody", {"votes": votes("person")}),
        ("an animal", {"votes": votes("dog")}),
        ("unknown and unsteady", {"votes": votes(None), "presents": 7, "looks": 10}),
        ("unknown and alive", {"votes": votes(None), "stirring": STIRS}),
        ("hidden", {"phase": Phase.HIDDEN}),
        ("leaving", {"phase": Phase.LEAVING}),
        ("a candidate", {"phase": Phase.CANDIDATE}),
    ],
)
def test_no_case_is_opened_for_what_is(what, more):
    judge = Judge(left())
    assert judge.look(30.0, slot(0, **more)) == [], what
    assert judge.look(31.0, slot(0, stirring=1.0)) == ["opened"], "a name of its own is believed"


def test_what_nobody_can_name_but_stands_steadily_is_left_there():
    judge = Judge(left())
    assert judge.look(30.0, slot(0, votes=votes(None))) == ["opened"]
    assert judge.only.label == "unknown"
    assert judge.only.score == 0.0


def test_one_good_sighting_of_a_person_among_unknown_looks_is_enough_to_wait():
    once = votes(None, looks=2).with_look("person", 0.5)
    assert Judge(left()).look(30.0, slot(0, votes=once)) == []


def test_only_the_labels_that_a_rule_names_count():
    judge = Judge(parked(labels=("car", "truck"), unknown="ignore"), WHOLE)
    assert judge.look(30.0, slot(0), slot(1, votes=votes(None)), slot(2, votes=Votes(3))) == []
    assert judge.look(31.0, slot(0), slot(3, votes=votes("truck"))) == ["opened"]
    assert judge.only.members == {slot(3).id}


def test_a_box_reaching_out_of_a_shifted_picture_stays_within_it():
    judge = Judge(left())
    judge.look(1.0, slot(0), shift=(-40.0, -120.0))
    assert judge.only.box == pytest.approx((0.0, 0.0, 20 / 640, 20 / 360))


def test_the_detectors_own_box_is_told_once_it_has_named_the_thing():
    drawn = (18, 96, 70, 150)
    judge = Judge(left())
    judge.look(1.0, slot(0, named_box=drawn, named_score=0.9))
    assert judge.only.box == pytest.approx((18 / 640, 96 / 360, 70 / 640, 150 / 360))


def test_a_rule_is_held_once_when_no_pictures_come():
    judge = Judge(left())
    judge.look(1.0, slot(0), slot(4))
    ledger, turns = hold(judge.ledger, 60.0)
    assert [(one.change, one.at) for one in turns] == [(Change.HELD, 60.0)] * 2
    assert hold(ledger, 61.0) == (ledger, ())
