"""What a node measures itself; and telemetry after an outage: what is new first, history slowly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ids import uuid7
from devices.messages import DeviceStatus, Reading, Sample, Series, Telemetry
from edge.keep import NodeStore
from edge.keep.batching import WAIT_S
from edge.node.samples import CameraState, NodeState, of_camera, of_node
from edge.see.health.facts import PictureFacts
from edge.send.allowance import BURST_S, Allowance
from edge.send.courier import Courier
from edge.send.lanes import LANES
from edge.send.uplink import Uplink
from tests.edge.fake_cloud import FakeCloud
from tests.edge.messages_for_tests import a_condition
from tests.edge.test_send_machine import Line
from tests.edge.test_send_uplink import QUICK, TOKEN, Statuses

NOW = datetime.now(UTC)
LIVE, HISTORY = LANES["telemetry"]


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[NodeStore]:
    store = NodeStore.open(tmp_path / "state", "n1", now=clock, new_id=uuid7)
    yield store
    store.close()


def a_sample(value: float = 1.0, **more: object) -> Sample:
    values = {"device": "P01-C1", "point": "P01", "quantity": "fps", "value": value, "taken_at": NOW}
    return Sample.model_validate(values | more)


def a_reading(number: int) -> Reading:
    return Reading(
        point="P01", sensor="P01-S1", quantity="tilt", value=number, unit="deg", taken_at=NOW,
        received_at=NOW, boot="b1", seq=number,
    )  # fmt: skip


def batches(store: NodeStore, clock: Clock, *ages_s: float) -> None:
    """A numbered batch of each age."""
    for age in ages_s:
        clock.at = NOW - timedelta(seconds=age)
        store.keep_samples([a_sample(age)])
        clock.at += timedelta(seconds=WAIT_S + 1)
        store.batch(Series.TELEMETRY)
    clock.at = NOW


def test_samples_travel_in_one_message_with_readings_and_are_counted_when_they_are_given_up(
    store: NodeStore, clock: Clock
) -> None:
    store.keep_readings([a_reading(1)])
    assert store.keep_samples([a_sample(), a_sample(zone="Z1", quantity="things")]) == 2
    clock.at += timedelta(seconds=WAIT_S + 1)
    (event,) = store.batch(Series.TELEMETRY)
    body = event.body()
    assert isinstance(body, Telemetry)
    assert ([one.seq for one in body.readings], [one.zone for one in body.samples]) == ([1], [None, "Z1"])
    store._readings.book.evict(Series.TELEMETRY, [1])
    (gap,) = store.batch(Series.TELEMETRY)
    assert gap.data["readings"] == 3


def test_what_is_new_goes_first_and_history_follows_from_its_beginning(
    store: NodeStore, clock: Clock
) -> None:
    batches(store, clock, 200_000, 100_000, 200, 20)
    line = Line()
    courier = Courier(store, line, clock)
    order: list[int] = []
    for share in (LIVE, LIVE, LIVE, HISTORY, HISTORY, HISTORY):
        courier.carry(share)
        order += [seq for seq in line.book.seqs("telemetry") if seq not in order]
    assert order == [4, 3, 1, 2]


def test_history_waits_for_its_allowance_and_what_is_live_does_not(store: NodeStore, clock: Clock) -> None:
    batches(store, clock, *[90_000] * 30)
    ticks = [0.0]
    with FakeCloud(TOKEN) as cloud:
        uplink = Uplink(
            store, cloud.url, lambda: TOKEN, on_status=Statuses(), pace=QUICK, now=clock,
            history_rate=200.0, monotonic=lambda: ticks[0],
        )  # fmt: skip
        uplink.start()
        try:
            (lane,) = (one for one in uplink._lanes if one.name == "telemetry")
            until = time.monotonic() + 30
            while not lane.held:
                assert time.monotonic() < until, "nothing holds it back"
                time.sleep(0.01)
            some = len(cloud.book.seqs("telemetry"))
            assert 1 <= some < 10
            batches(store, clock, 5)
            with store.transaction() as tx:
                tx.queue(a_condition(), clock())
            uplink.wake()
            assert cloud.wait(lambda: cloud.book.seqs("alarm") == [1] and 31 in cloud.book.seqs("telemetry"))
            assert len(cloud.book.seqs("telemetry")) == some + 1
            ticks[0] += 1000.0
            uplink.wake()
            assert cloud.wait(lambda: len(cloud.book.seqs("telemetry")) > some + 1)
        finally:
            uplink.stop()


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(0, 5000)), max_size=40), st.floats(1, 2000))
def test_no_more_is_ever_sent_than_rate_and_burst_allow(steps: list[tuple[float, int]], rate: float) -> None:
    allowance, now, sent, last = Allowance(rate), 0.0, 0, 0
    for pause, size in steps:
        now += pause
        if allowance.wait(now) == 0:
            allowance.spend(size, now)
            sent, last = sent + size, size
        assert sent - last <= rate * (now + BURST_S) + 1e-6 * max(1.0, sent)


@given(st.floats(1, 2000), st.integers(1, 100_000))
def test_what_is_owed_is_waited_for_and_no_longer(rate: float, size: int) -> None:
    allowance = Allowance(rate)
    assert allowance.wait(0.0) == 0
    allowance.spend(size, 0.0)
    owed = allowance.wait(0.0)
    assert owed == pytest.approx(max(0.0, size / rate - BURST_S))
    assert allowance.wait(owed + 1e-6 * owed + 1e-9) == pytest.approx(0.0, abs=1e-6)


def told(
    state: CameraState, before: CameraState | None = None
) -> dict[tuple[str, str | None], tuple[float, str]]:
    return {
        (one.quantity, one.zone): (one.value, one.unit)
        for one in of_camera("P01", "P01-C1", state, before, 30.0, NOW)
    }


def test_a_camera_tells_its_stream_its_picture_and_its_zones() -> None:
    picture = PictureFacts(10.0, 51.0, 200.0, 0.0, None, False, vanished=0.1, strange=0.2, sharpness=0.9)
    facts = {"fps": 24.9, "key_interval_s": 2.0, "looks": 100, "lost": 4, "dropped": 7, "codec": "h264"}
    before = CameraState(up=True, facts={"looks": 70, "lost": 4, "dropped": 9})
    found = told(CameraState(True, facts, picture, 1, {"Z1": {"things": 2, "people": 0}}), before)
    assert found == {
        ("up", None): (1.0, ""),
        ("fps", None): (24.9, "Hz"),
        ("key_interval", None): (2.0, "s"),
        ("looks", None): (60.0, "1/min"),
        ("lost_packets", None): (0.0, "1/min"),
        ("brightness", None): (20.0, "%"),
        ("edges_lost", None): (30.0, "%"),
        ("sharpness", None): (90.0, "%"),
        ("faults", None): (1.0, ""),
        ("things", "Z1"): (2.0, ""),
        ("people", "Z1"): (0.0, ""),
    }, "a counter that began anew gives no rate"


def test_a_camera_that_says_nothing_is_told_to_be_down_and_no_more() -> None:
    assert told(CameraState(up=False, facts={"looks": 0})) == {
        ("up", None): (0.0, ""),
        ("faults", None): (0.0, ""),
    }


def test_a_node_tells_what_its_machine_and_outbox_come_to() -> None:
    state = NodeState(0.512345, 10**8, None, 40.0, 10**6, 12, 3.04)
    found = {one.quantity: (one.value, one.unit, one.device, one.point) for one in of_node("n1", state, NOW)}
    assert found.pop("cpu") == (0.512, "core", "n1", None)
    assert {name: one[:2] for name, one in found.items()} == {
        "memory": (100.0, "MBy"),
        "disk_free": (40.0, "%"),
        "store": (1.0, "MBy"),
        "waiting": (12, ""),
        "waiting_for": (3.0, "s"),
    }


def test_the_board_keeps_telemetrys_trouble_apart(store: NodeStore) -> None:
    statuses: list[DeviceStatus] = []
    uplink = Uplink(
        store, "http://127.0.0.1:9", lambda: TOKEN, on_status=lambda status, _: statuses.append(status)
    )
    alarms = LANES["live"][0]
    uplink._tell(alarms, DeviceStatus.UP, "")
    uplink._tell(LIVE, DeviceStatus.STALLED, "its store is away")
    uplink._tell(LIVE, DeviceStatus.UP, "")
    uplink._tell(LIVE, DeviceStatus.UNREACHABLE, "")
    assert statuses == [DeviceStatus.UP, DeviceStatus.UNREACHABLE]
