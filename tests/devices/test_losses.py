from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.errors import MessageError
from devices.ids import uuid7
from devices.losses import Gap, joined
from devices.messages import Event, Reading, Series, Telemetry, envelope

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
numbers = st.integers(1, 60)
ranges = st.lists(st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair))), min_size=1)


def numbers_of(pairs: object) -> set[int]:
    assert isinstance(pairs, list | tuple)
    return {number for first, last in pairs for number in range(first, last + 1)}


@given(ranges)
def test_joined_ranges_name_the_same_numbers_and_make_a_gap(pairs: list[tuple[int, int]]) -> None:
    found = joined(pairs)
    assert numbers_of(found) == numbers_of(pairs)
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(found))
    gap = Gap(node="n1", series=Series.ALARM, epoch=uuid7(), ranges=found, cause="quota")
    assert gap.count == len(numbers_of(pairs))


@pytest.mark.parametrize(
    "bad", [[], [(3, 2)], [(0, 1)], [(1, 4), (4, 5)], [(5, 6), (1, 2)], [(1, 2**62 + 1)]]
)
def test_a_gap_whose_ranges_do_not_rise_is_no_message(bad: list[tuple[int, int]]) -> None:
    with pytest.raises(ValidationError):
        Gap(node="n1", series=Series.ALARM, epoch=uuid7(), ranges=tuple(bad), cause="quota")


@pytest.mark.parametrize("series", list(Series))
def test_a_gap_is_numbered_in_the_series_it_tells_of(series: Series) -> None:
    gap = Gap(node="n1", series=series, epoch=uuid7(), ranges=((1, 4), (9, 9)), cause="quota")
    event = envelope(gap, event_id=uuid7(), node="n1", epoch=uuid7(), seq=10, time=NOON)
    assert event.series is series
    assert Event.model_validate_json(event.model_dump_json()).body() == gap
    wrong = event.model_copy(update={"series": next(other for other in Series if other is not series)})
    with pytest.raises(MessageError, match="numbered in"):
        wrong.body()


def test_a_batch_of_readings_travels_as_one_message() -> None:
    reading = Reading(
        point="P01",
        sensor="P01-W1",
        quantity="water_level",
        value=12.5,
        unit="cm",
        taken_at=NOON,
        received_at=NOON,
        boot="7f",
        seq=3,
    )
    batch = Telemetry(node="n1", readings=(reading, reading))
    event = envelope(batch, event_id=uuid7(), node="n1", epoch=uuid7(), seq=1, time=NOON)
    assert event.series is Series.TELEMETRY
    assert Event.model_validate_json(event.model_dump_json()).body() == batch
