"""Which cameras are looked at less often, when, and how it comes back."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.node.budget import CALM, DEEPEST, STEPS, Attention, Thinning, thin

NOTHING, CANDIDATE, OPEN = Attention.NOTHING, Attention.CANDIDATE, Attention.OPEN
streets = st.lists(st.sampled_from(Attention), max_size=64)
steps = st.builds(Thinning, st.integers(0, STEPS), st.integers(0, CALM - 1))


def after(cameras, loads, budget=1.0, *, behind=False) -> list[int]:
    """The step after each window of these loads."""
    now, taken = Thinning(), []
    for cores in loads:
        now = thin(now, cameras, cores, budget, behind=behind)
        taken.append(now.step)
    return taken


def test_cameras_with_nothing_in_view_come_first_then_candidates_and_open_conditions_never():
    levels = [
        [Thinning(step).level(kind) for kind in (NOTHING, CANDIDATE, OPEN)] for step in range(STEPS + 1)
    ]
    assert levels == [[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0], [3, 1, 0], [3, 2, 0], [3, 3, 0]]
    assert DEEPEST == 3


def test_within_the_budget_nothing_is_thinned():
    assert after([NOTHING] * 38, [0.99] * 20) == [0] * 20
    assert after([NOTHING] * 38, [7.0] * 20, None) == [0] * 20


def test_a_little_too_much_takes_one_step_and_far_too_much_several_at_once():
    assert after([NOTHING] * 38, [1.1]) == [1]
    assert after([NOTHING] * 38, [3.5]) == [2]
    assert after([NOTHING] * 30 + [CANDIDATE] * 30, [3.0]) == [4]


def test_what_is_over_budget_whatever_is_done_stays_at_the_last_step():
    assert after([OPEN] * 5, [2.0] * 4) == [STEPS] * 4


def test_a_node_that_falls_behind_is_thinned_without_a_budget_too():
    assert after([NOTHING] * 64, [1.9] * 3, None, behind=True) == [1, 2, 3]


def test_it_comes_back_one_step_at_a_time_after_calm_windows():
    now = Thinning(3)
    seen = []
    for _ in range(4 * CALM):
        now = thin(now, [NOTHING] * 38, 0.1, 1.0, behind=False)
        seen.append(now.step)
    assert seen == [3] * (CALM - 1) + [2] * CALM + [1] * CALM + [0] * (CALM + 1)


def test_under_a_steady_load_it_does_not_swing():
    """38 cameras that cost 1.5 cores when all is looked at, 0.3 of it for receiving."""
    now, steps_seen = Thinning(), []
    for _ in range(100):
        cores = 0.3 + 1.2 / 2 ** now.level(NOTHING)
        now = thin(now, [NOTHING] * 38, cores, 1.0, behind=False)
        steps_seen.append(now.step)
    assert steps_seen[0] == 1
    assert set(steps_seen) == {1}


@given(steps, streets, st.floats(0, 100), st.none() | st.floats(0.1, 10), st.booleans())
def test_open_conditions_are_never_thinned_and_steps_stay_in_bounds(before, cameras, cores, budget, behind):
    now = thin(before, cameras, cores, budget, behind=behind)
    assert 0 <= now.step <= STEPS
    assert 0 <= now.calm < CALM
    assert now.level(OPEN) == 0
    assert now.level(CANDIDATE) <= now.level(NOTHING) <= DEEPEST
    if behind or (budget is not None and cores > budget):
        assert now.step > before.step or now.step == STEPS
    else:
        assert before.step - 1 <= now.step <= before.step


@given(st.lists(st.floats(0, 0.4), min_size=2 * CALM, max_size=60))
def test_it_comes_back_no_faster_than_a_step_each_calm_windows(loads):
    seen = after([NOTHING] * 8, [100.0, *loads])
    downs = [number for number, (one, two) in enumerate(pairwise(seen)) if two < one]
    assert all(later - sooner >= CALM for sooner, later in pairwise(downs))
