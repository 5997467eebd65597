"""Four lanes: what is live goes first, whatever lies behind; lines that go bad lose nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from devices.ids import uuid7
from devices.messages import HISTORY_AFTER_S, DeviceStatus, Event, Reading, Series
from edge.errors import CloudStalled
from edge.keep import NodeStore
from edge.keep.outbox import Pick
from edge.send import Timeouts
from edge.send.client import _Body
from edge.send.courier import Courier
from edge.send.lanes import LANES
from tests.edge.fake_cloud import FakeCloud
from tests.edge.messages_for_tests import a_condition, a_health, an_evidence
from tests.edge.proxy_for_tests import Proxy
from tests.edge.test_send_machine import Line
from tests.edge.test_send_uplink import TOKEN, Statuses, sending, settled

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=1)
SHORT = Timeouts(connect=1, read=1, answer=1, request=5)
(LIVE_ALARMS, _), (OLD_ALARMS, _) = LANES["live"], LANES["backlog"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeStore]:
    store = NodeStore.open(tmp_path / "state", "n1", now=lambda: NOW, new_id=uuid7)
    yield store
    store.close()


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud(TOKEN) as cloud:
        yield cloud


def queue(store: NodeStore, *times: datetime) -> None:
    with store.transaction() as tx:
        for at in times:
            tx.queue(a_condition(), at)


def seqs(events: list[Event]) -> list[int]:
    return [event.seq for event in events]


def test_what_is_live_comes_newest_first_and_history_oldest_first(store: NodeStore) -> None:
    queue(store, OLD, OLD, NOW, NOW, NOW + timedelta(hours=1))
    edge = NOW - timedelta(seconds=HISTORY_AFTER_S)
    live, history = Pick(since=edge), Pick(before=edge)
    assert seqs(store.batch(Series.ALARM, pick=live)) == [5, 4, 3]
    assert seqs(store.batch(Series.ALARM, pick=live, limit=2)) == [5, 4]
    assert seqs(store.batch(Series.ALARM, pick=live, after=4)) == [3]
    assert seqs(store.batch(Series.ALARM, pick=history)) == [1, 2]
    assert seqs(store.batch(Series.ALARM, pick=history, after=1)) == [2]


def test_what_is_live_is_found_behind_numbers_that_are_dated_earlier(store: NodeStore) -> None:
    queue(store, NOW, OLD, OLD)
    assert seqs(store.batch(Series.ALARM, pick=Pick(since=NOW - timedelta(minutes=1)))) == [1]


def test_an_alarm_of_this_second_is_in_the_next_request_though_a_storm_waits(store: NodeStore) -> None:
    queue(store, *[NOW - timedelta(seconds=1)] * 500)
    line = Line()
    courier = Courier(store, line, lambda: NOW)
    assert courier.carry(LIVE_ALARMS)
    queue(store, NOW)
    assert courier.carry(LIVE_ALARMS)
    assert 501 in line.book.seqs("alarm")
    assert len(line.book.seqs("alarm")) == 2 * LIVE_ALARMS.limit


def test_each_alarm_is_in_one_lane_and_grows_old_in_the_other(store: NodeStore) -> None:
    queue(store, OLD, NOW)
    clock = [NOW]
    line = Line()
    courier = Courier(store, line, lambda: clock[0])
    assert courier.carry(OLD_ALARMS)
    assert not courier.carry(OLD_ALARMS)
    assert line.book.seqs("alarm") == [1]
    clock[0] += timedelta(seconds=HISTORY_AFTER_S + 1)
    assert not courier.carry(LIVE_ALARMS)
    assert courier.carry(OLD_ALARMS)
    assert line.book.seqs("alarm") == [1, 2]


def test_a_live_alarm_passes_a_backlog_that_hangs(store: NodeStore, cloud: FakeCloud) -> None:
    cloud.hangs_on = lambda events: any(event.time < NOW - timedelta(hours=1) for event in events)
    queue(store, *[OLD] * 200)
    with sending(store, cloud.url, Statuses(), timeouts=Timeouts(connect=2, read=10, answer=2)) as uplink:
        assert cloud.wait(lambda: len(cloud.requests) == 1)
        queue(store, datetime.now(UTC))
        uplink.wake()
        assert cloud.wait(lambda: cloud.book.seqs("alarm") == [201], 5)
        cloud._released.set()


def test_all_lanes_are_emptied(store: NodeStore, cloud: FakeCloud) -> None:
    queue(store, *[OLD] * 120, *[datetime.now(UTC)] * 3)
    sha256, path = store.save_photo(b"a photo")
    store.keep_readings([a_reading(n) for n in range(3)])
    with store.transaction() as tx:
        tx.queue(an_evidence(sha256, path.stat().st_size), OLD)
        tx.queue(a_health(), OLD)
        tx.queue(a_health(), NOW)
    store._readings.book._now = lambda: NOW + timedelta(minutes=1)
    store._readings._now = lambda: NOW + timedelta(minutes=1)
    with sending(store, cloud.url, Statuses()):
        assert settled(store, cloud)
    counts = {series: len(cloud.book.seqs(series)) for series in Series}
    assert counts == {"alarm": 123, "evidence": 1, "health": 2, "telemetry": 1}
    assert cloud.book.repeats == 0


def a_reading(number: int) -> Reading:
    return Reading(
        point="P01", sensor="P01-S1", quantity="tilt", value=number, unit="deg", taken_at=NOW,
        received_at=NOW, boot="b1", seq=number,
    )  # fmt: skip


def test_a_line_that_swallows_answers_loses_nothing_and_doubles_nothing(
    store: NodeStore, cloud: FakeCloud
) -> None:
    queue(store, *[datetime.now(UTC)] * 5, *[OLD] * 5)
    statuses = Statuses()
    with Proxy(urlsplit(cloud.url).port or 0) as proxy:
        proxy.mood = "swallows_answers"
        with sending(store, proxy.url, statuses, timeouts=SHORT):
            statuses.wait(DeviceStatus.STALLED)
            assert cloud.wait(lambda: len(cloud.book.seqs("alarm")) == 10, 30)
            assert store.figures().series[Series.ALARM].queued == 10
            proxy.mood = "good"
            statuses.wait(DeviceStatus.UP)
            assert settled(store, cloud)
    assert cloud.book.seqs("alarm") == list(range(1, 11))
    assert cloud.book.repeats >= 10


def test_a_line_that_takes_connections_and_never_answers_loses_nothing(
    store: NodeStore, cloud: FakeCloud
) -> None:
    queue(store, *[datetime.now(UTC)] * 5, *[OLD] * 5)
    statuses = Statuses()
    with Proxy(urlsplit(cloud.url).port or 0) as proxy:
        proxy.mood = "mute"
        with sending(store, proxy.url, statuses, timeouts=SHORT):
            assert "does not answer" in statuses.wait(DeviceStatus.STALLED)
            assert cloud.requests == []
            assert store.figures().series[Series.ALARM].queued == 10
            proxy.mood = "good"
            assert settled(store, cloud)
    assert cloud.book.seqs("alarm") == list(range(1, 11))


def test_a_line_that_is_cut_again_and_again_loses_nothing_and_doubles_nothing(
    store: NodeStore, cloud: FakeCloud
) -> None:
    queue(store, *[datetime.now(UTC)] * 60, *[OLD] * 240)
    with Proxy(urlsplit(cloud.url).port or 0) as proxy, sending(store, proxy.url, Statuses()):
        for wanted in (1, 4, 8):
            cloud.wait(lambda wanted=wanted: len(cloud.requests) >= wanted, 2)
            proxy.cut()
        assert settled(store, cloud)
    assert cloud.book.seqs("alarm") == list(range(1, 301))


def test_a_body_that_flows_too_slowly_ends_with_its_time() -> None:
    assert _Body(b"x", time.monotonic() + 60, "http://cloud").read() == b"x"
    with pytest.raises(CloudStalled, match="too slowly"):
        _Body(b"x", time.monotonic() - 1, "http://cloud").read(1)
