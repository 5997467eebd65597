from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ids import uuid7
from devices.losses import MAX_SEQ, Gap
from devices.messages import Committed, IngestAnswer, Reading, Series, Telemetry
from edge.keep import NodeStore
from edge.keep.batching import LARGEST, MOST, WAIT_S, cut
from tests.edge.messages_for_tests import NOON, a_condition


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opened(directory: Path, clock: Clock) -> NodeStore:
    return NodeStore.open(directory, "n1", now=clock, new_id=uuid7)


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[NodeStore]:
    store = opened(tmp_path, clock)
    yield store
    store.close()


def readings(*seqs: int, boot: str = "b1", sensor: str = "P01-W1") -> list[Reading]:
    return [
        Reading(
            point="P01",
            sensor=sensor,
            quantity="water_level",
            value=seq / 10,
            unit="cm",
            taken_at=NOON,
            received_at=NOON,
            boot=boot,
            seq=seq,
        )
        for seq in seqs
    ]


def batches(store: NodeStore) -> list[Telemetry]:
    bodies = [event.body() for event in store.batch(Series.TELEMETRY)]
    return [body for body in bodies if isinstance(body, Telemetry)]


@given(
    st.lists(st.one_of(st.integers(100, 400), st.integers(10_000, 200_000)), max_size=1500),
    st.floats(-100, 100),
)
def test_batches_are_cut_full_or_when_the_first_has_waited_long_enough(sizes: list[int], age: float) -> None:
    lengths = cut(sizes, age)
    assert all(0 < length <= MOST for length in lengths)
    assert sum(lengths) <= len(sizes)
    start = 0
    for length in lengths:
        assert length == 1 or sum(sizes[start : start + length]) <= LARGEST
        start += length
    left = sizes[start:]
    if left:
        assert 0.0 <= age < WAIT_S
        assert len(left) < MOST
        assert sum(left) < LARGEST


def test_readings_wait_ten_seconds_for_others_and_travel_as_one_numbered_message(
    store: NodeStore, clock: Clock
) -> None:
    assert store.keep_readings(readings(1, 2, 3)) == 3
    clock.turn(9.9)
    assert store.batch(Series.TELEMETRY) == []
    assert store.figures().unnumbered == 3
    clock.turn(0.1)
    (event,) = store.batch(Series.TELEMETRY)
    assert (event.seq, event.epoch) == (1, store.epoch_of(Series.TELEMETRY))
    assert event.epoch != store.epoch
    assert batches(store)[0].readings == tuple(readings(1, 2, 3))
    assert store.figures().unnumbered == 0


def test_five_hundred_readings_do_not_wait(store: NodeStore) -> None:
    store.keep_readings(readings(*range(1, MOST + 3)))
    assert [len(batch.readings) for batch in batches(store)] == [MOST]
    assert store.figures().unnumbered == 2


def test_a_reading_that_comes_again_is_kept_once_also_after_its_batch_was_delivered(
    store: NodeStore, clock: Clock, tmp_path: Path
) -> None:
    assert store.keep_readings(readings(1, 2)) == 2
    assert store.keep_readings(readings(2, 3)) == 1
    clock.turn(WAIT_S)
    sent = store.batch(Series.TELEMETRY)
    done = Committed(series=Series.TELEMETRY, epoch=store.epoch_of(Series.TELEMETRY), ranges=((1, 1),))
    assert store.settle(sent, IngestAnswer(committed=(done,))).committed == 1
    assert store.keep_readings(readings(1, 2, 3)) == 0
    store.close()
    again = opened(tmp_path, clock)
    assert again.keep_readings(readings(1, 2, 3)) == 0
    assert again.keep_readings(readings(1, boot="b2")) == 1
    figures = again.figures().series[Series.TELEMETRY]
    assert (figures.numbered, figures.accepted, figures.missing) == (1, 1, 0)
    again.close()


def test_readings_not_yet_numbered_survive_a_restart(store: NodeStore, clock: Clock, tmp_path: Path) -> None:
    store.keep_readings(readings(1, 2))
    store.close()
    clock.turn(WAIT_S)
    again = opened(tmp_path, clock)
    assert [len(batch.readings) for batch in batches(again)] == [2]
    again.close()


def test_a_clock_that_was_set_back_holds_no_reading_back(store: NodeStore, clock: Clock) -> None:
    store.keep_readings(readings(1))
    clock.turn(-3600)
    assert len(batches(store)) == 1


def test_telemetry_that_breaks_while_the_node_runs_is_begun_anew_and_alarms_never_notice(
    store: NodeStore, clock: Clock, tmp_path: Path
) -> None:
    before = store.epoch_of(Series.TELEMETRY)
    store.keep_readings(readings(*range(600)))
    sql = store._readings.book.connection
    sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    path = tmp_path / "telemetry.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xa5" * (size - 100))
    sql.execute("PRAGMA shrink_memory")
    assert store.keep_readings(readings(1000, 1001)) == 2
    assert store.epoch_of(Series.TELEMETRY) != before
    (event,) = store.batch(Series.TELEMETRY)
    gap = event.body()
    assert isinstance(gap, Gap)
    assert (gap.epoch, gap.ranges, gap.cause) == (before, ((1, MAX_SEQ),), "store_damaged")
    assert not store.broken
    with store.transaction() as tx:
        assert tx.queue(a_condition(), NOON).seq == 1
