"""What rules ask of a camera's stream and of its eye."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.site.rules import ClosedRule, CrowdRule
from edge.judge.watch import EVERY, clear_after, request_for, watch_for
from edge.see.naming import name_schedule
from edge.see.votes import ANIMATE, ENOUGH, VEHICLES
from tests.edge.views_for_tests import left, parked

dwells = st.floats(1.0, 86400.0)
rules = st.lists(st.builds(parked, dwell=dwells) | st.builds(left, dwell=dwells), max_size=4)


@given(rules)
def test_the_stream_is_looked_at_often_enough_for_the_shortest_dwell(asked):
    request = request_for(asked)
    shortest = min((rule.dwell for rule in asked), default=60.0)
    assert 0.2 <= request.every <= EVERY
    assert request.every <= request.need <= 4.0
    assert request.need <= max(0.2, shortest / 8)
    assert shortest / request.every >= 5


@given(rules)
def test_a_place_must_be_seen_empty_for_a_while_but_not_for_ever(asked):
    watch = watch_for(asked)
    assert watch.dwell == min((rule.dwell for rule in asked), default=60.0)
    assert 4.0 <= watch.clear_after <= 60.0
    assert watch.clear_after == clear_after(watch.dwell)


@given(dwells)
def test_enough_looks_at_a_name_are_due_before_the_dwell_is_over(dwell):
    assert name_schedule(ENOUGH - 1, dwell) < dwell
    due = [name_schedule(looks, dwell) for looks in range(8)]
    assert due == sorted(set(due))


def test_at_start_up_the_eye_looks_for_what_the_rules_name_and_never_for_somebody():
    assert watch_for([left()]).start_up == VEHICLES
    assert watch_for([parked(labels=("suitcase", "person"))]).start_up == {"suitcase"}
    assert watch_for([parked(labels=("bench", "chair"))]).start_up == {"chair"}, "benches belong to streets"
    both = watch_for([parked(labels=("suitcase",)), left()]).start_up
    assert both == VEHICLES | {"suitcase"}
    assert not both & ANIMATE
    assert watch_for([]).start_up == frozenset()


def test_groups_of_labels_are_looked_for_one_by_one_and_people_not_at_all():
    assert watch_for([left(labels=("vehicles",))]).start_up == {"car", "truck", "bus", "motorcycle"}
    crowd = CrowdRule(kind="crowd", id="a", event_class="", count=3, dwell=5.0)
    closed = ClosedRule(kind="closed", id="b", event_class="")
    assert watch_for([crowd, closed]) == watch_for([])
    assert watch_for([crowd, left(dwell=90.0)]).dwell == 90.0
    assert request_for([crowd]).need < request_for([left(dwell=90.0)]).need
    assert request_for([closed]) == request_for([])
