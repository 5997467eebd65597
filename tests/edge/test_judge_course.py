"""Readings placed on our own clock."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.judge.course import Course, place

STEPS = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=20)


@given(STEPS)
def test_times_never_go_back_and_never_lie_in_the_future(steps: list[tuple[float, float]]) -> None:
    course, taken, now, placed = None, 1e9, 0.0, []
    for passed, ticked in steps:
        now, taken = now + passed, taken + ticked
        course = place(course, taken, now)
        assert course.at <= now + 1e-6
        placed.append(course.at)
    assert all(one <= other for one, other in pairwise(placed))


def test_a_backlog_keeps_the_times_between_its_readings_whatever_the_devices_clock_says() -> None:
    course = place(None, 5000.0, 100.0)
    late = []
    for taken in (5010.0, 5040.0, 5100.0):
        course = place(course, taken, 200.0)
        late.append(course.at)
    assert late == [110.0, 140.0, 200.0]


def test_what_comes_faster_than_ever_before_corrects_the_course() -> None:
    course = place(place(None, 5000.0, 130.0), 5010.0, 111.0 + 19.0)
    assert place(course, 5020.0, 131.0).at == pytest.approx(131.0)
    assert course.lead == 130.0 - 5010.0


def test_a_device_that_sets_its_clock_back_is_heard_as_of_now() -> None:
    course = place(Course(-4900.0, 5000.0, 100.0), 1400.0, 160.0)
    assert course.at == 160.0
    assert place(course, 1410.0, 170.0).at == 170.0
