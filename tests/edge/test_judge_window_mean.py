"""The mean of a window goes by time, not by how often a device chose to report."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.judge import window

WITHIN = 600.0


def cells_of(readings: list[tuple[float, float]]) -> window.Cells:
    cells: window.Cells = ()
    for at, value in readings:
        cells = window.put(cells, value, at, WITHIN)
    return cells


def test_a_device_that_reports_more_often_while_it_is_loud_does_not_make_it_louder():
    """A minute of 90 dB in ten of 50 dB is 58 dB; over the readings alike it would be 81 dB."""
    loud = [(300.0 + 2 * n, 90.0) for n in range(31)]
    calm = [(60.0 * n, 50.0) for n in range(11) if not 300 <= 60 * n <= 360]
    assert window.mean(cells_of(sorted(calm + loud))) == pytest.approx(58.0, abs=0.1)


@given(
    st.lists(st.tuples(st.integers(10, 120), st.floats(-100, 100)), min_size=1, max_size=30),
)
def test_it_is_the_area_under_straight_lines_between_the_readings(steps):
    """Exact where no two readings share a cell of ten seconds."""
    at, readings = 0.0, []
    for step, value in steps:
        at += step
        readings.append((at, value))
    cells = cells_of(readings)
    kept = [one for one in readings if one[0] >= at - WITHIN]
    if len(kept) == 1:
        assert window.mean(cells) == pytest.approx(kept[0][1])
        return
    pairs = itertools.pairwise(kept)
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairs)
    assert window.mean(cells) == pytest.approx(area / (kept[-1][0] - kept[0][0]), abs=1e-6)
