"""Which looks are granted when there are too many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.see.lookbudget import LookBudget, Purpose

asks = st.lists(
    st.tuples(st.sampled_from(Purpose), st.integers(1, 30), st.floats(0.0, 2.0)), min_size=1, max_size=60
)


@given(asks)
def test_open_conditions_are_never_refused_and_nobody_gets_more_than_asked(said):
    budget, at = LookBudget.full(10.0, 20.0, 0.0), 0.0
    for purpose, looks, pause in said:
        at += pause
        granted, budget = budget.take(purpose, looks, at)
        assert 0 <= granted <= looks
        if purpose is Purpose.OPEN:
            assert granted == looks
        assert -20.0 <= budget.left <= 20.0


@given(asks)
def test_all_but_open_conditions_together_stay_within_rate_and_burst(said):
    budget, at, taken = LookBudget.full(10.0, 20.0, 0.0), 0.0, 0
    for purpose, looks, pause in said:
        at += pause
        granted, budget = budget.take(purpose, looks, at)
        taken += granted if purpose is not Purpose.OPEN else 0
    assert taken <= 20.0 + 10.0 * at + 1e-6


@given(left=st.floats(-20.0, 20.0), looks=st.integers(1, 30))
def test_the_more_urgent_never_gets_less(left, looks):
    budget = LookBudget(10.0, 20.0, left, 0.0)
    granted = [budget.take(purpose, looks, 0.0)[0] for purpose in Purpose]
    assert granted == sorted(granted, reverse=True)


def test_38_cameras_that_start_at_once_are_scanned_one_after_another_while_candidates_get_their_names():
    budget, scans, named = LookBudget.full(10.0, 20.0, 0.0), dict.fromkeys(range(38), 9), 0
    seconds = 0
    while any(scans.values()):
        seconds += 1
        for camera in range(38):
            granted, budget = budget.take(Purpose.SCAN, scans[camera], float(seconds))
            assert granted <= 20
            scans[camera] -= granted
        granted, budget = budget.take(Purpose.DUE, 1, float(seconds))
        named += granted
    # 342 tiles and a name a second at 10 looks a second.
    assert named == seconds
    assert 30 <= seconds <= 42


def test_open_conditions_can_owe_but_not_for_ever():
    budget = LookBudget.full(10.0, 20.0, 0.0)
    _, budget = budget.take(Purpose.OPEN, 500, 0.0)
    assert budget.take(Purpose.DUE, 1, 1.9)[0] == 0
    assert budget.take(Purpose.DUE, 1, 2.2)[0] == 1


def test_a_clock_that_stands_still_or_goes_back_fills_nothing():
    budget = LookBudget.full(10.0, 20.0, 5.0)
    _, budget = budget.take(Purpose.DUE, 20, 5.0)
    assert budget.take(Purpose.DUE, 1, 4.0)[0] == 0
    assert budget.take(Purpose.DUE, 1, 5.0)[0] == 0


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 5.0), (5.0, 0.0), (-1.0, 5.0)])
def test_a_budget_of_nothing_is_a_mistake(rate, burst):
    with pytest.raises(ValueError, match="above 0"):
        LookBudget.full(rate, burst, 0.0)
