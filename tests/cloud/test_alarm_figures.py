"""The measures of ISA-18.2, from counts a minute."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.alarms.figures import FLOOD_BEGINS, Flood, floods_in, rate

START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
HOUR = START + timedelta(hours=1)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def test_ten_in_ten_minutes_are_no_flood_and_eleven_are() -> None:
    assert floods_in({at(0): 5, at(9): 5}, HOUR, 1) == []
    (flood,) = floods_in({at(0): 5, at(9): 6}, HOUR, 1)
    assert (flood.begins, flood.alarms, flood.peak) == (at(0), 11, 11)


def test_eleven_over_more_than_ten_minutes_are_no_flood() -> None:
    assert floods_in({at(0): 5, at(10): 6}, HOUR, 1) == []


def test_a_flood_lasts_until_there_are_fewer_than_five_in_ten_minutes() -> None:
    (flood,) = floods_in({at(0): 11, at(8): 5}, HOUR, 1)
    assert flood == Flood(at(0), at(18), 16, 16)


def test_a_flood_at_the_end_of_the_span_is_over_when_its_ten_minutes_are() -> None:
    (flood,) = floods_in({at(58): 20}, HOUR, 1)
    assert flood == Flood(at(58), at(68), 20, 20)


def test_two_operators_share_what_would_flood_one() -> None:
    minutes = {at(0): 15}
    assert len(floods_in(minutes, HOUR, 1)) == 1
    assert floods_in(minutes, HOUR, 2) == []
    assert rate(minutes, START, HOUR, 2).peak_per_operator_per_10_min == 7.5


def test_the_rate_is_for_each_operator_and_ten_minutes() -> None:
    found = rate({at(0): 3, at(30): 9}, START, HOUR, 2)
    assert found.per_operator_per_10_min == pytest.approx(1.0)
    assert found.flood_share == 0.0
    assert rate({}, START, HOUR, 1).peak_per_operator_per_10_min == 0


@given(st.dictionaries(st.integers(0, 300), st.integers(1, 15), max_size=60))
def test_floods_are_what_counting_every_ten_minutes_finds(counts: dict[int, int]) -> None:
    minutes = {at(minute): count for minute, count in counts.items()}
    floods = floods_in(minutes, at(400), 1)
    for end in range(311):
        inside = sum(counts.get(minute, 0) for minute in range(end - 9, end + 1))
        if inside > FLOOD_BEGINS:
            assert any(flood.begins <= at(end) <= flood.ends for flood in floods)
    for before, after in itertools.pairwise(floods):
        assert before.begins < before.ends <= after.ends
