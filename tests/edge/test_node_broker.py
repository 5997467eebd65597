"""From a real broker to rules and back to the acknowledgement: nothing twice in a rule, nothing lost."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.credentials import Credentials
from devices.ids import uuid7
from devices.messages import DeviceStatus, Series
from devices.sensors.client import Delivery, Retry, SensorClient
from devices.site.model import Broker
from edge.keep import NodeStore
from edge.node.report import Reporter
from edge.node.sense import SenseDesk
from simulators import broker as brokers
from simulators.broker import RunningBroker, start_broker
from tests.devices.mqtt_peers import publish
from tests.edge.points_for_tests import bodies, point, sensor, threshold

WHO = Credentials("street", "only-for-tests")
TOPIC = "grid/v1/P01/P01-S1/tele"


@pytest.fixture(params=brokers.KINDS)
def broker(request, tmp_path, monkeypatch) -> Iterator[RunningBroker]:
    monkeypatch.setattr(brokers, "NATS_ACK_WAIT_S", 1)
    with start_broker(tmp_path / "broker", {WHO.user: WHO.password}, prefer=request.param) as running:
        yield running


class Cabinet:
    """A node's way from the broker to its rules; `dies` and `starts` as power cuts do."""

    def __init__(self, directory: Path, port: int) -> None:
        self._directory, self._port = directory, port

    def starts(self) -> None:
        up = queue.Queue()
        self.store = NodeStore.open(self._directory, "n1", now=lambda: datetime.now(UTC), new_id=uuid7)
        reporter = Reporter("n1", self.store, lambda: datetime.now(UTC), lambda: None)
        rule = threshold(hold=0.0)
        points = [point(sensors=(sensor("P01-S1", rule),))]
        self.desk = SenseDesk("n1", points, self.store, reporter, uuid7, lambda: None)
        self.client = SensorClient(
            Broker(port=self._port), WHO, client_id="gridwatch-n1", filters=self.desk.router.filters,
            on_status=lambda status, _: up.put(status), retry=Retry(0.05, 0.3),
        )  # fmt: skip
        self.client.start()
        assert up.get(timeout=30) is DeviceStatus.UP

    def takes(self, count: int, *, ack: bool = True) -> list[Delivery]:
        """Commit so many deliveries; a node that is killed before the acknowledgement gives none."""
        taken = [self.client.deliveries.get(timeout=30) for _ in range(count)]
        self.desk.decide(taken)
        for one in taken if ack else ():
            one.ack()
        return taken

    def dies(self) -> None:
        self.client.stop()
        self.store.close()

    @property
    def told(self) -> list[tuple[str, int]]:
        return [(one.change.value, one.rev) for one in bodies(self.store, Series.ALARM)]

    @property
    def kept(self) -> int:
        """Readings that wait for the cloud."""
        with self.store._readings.book.reading() as sql:
            return sql.execute("SELECT count(*) FROM reading").fetchone()[0]


@pytest.fixture
def cabinet(tmp_path, broker) -> Iterator[Cabinet]:
    made = Cabinet(tmp_path / "node", broker.port)
    made.starts()
    yield made
    made.dies()


@pytest.fixture
def measure(broker) -> Callable[..., None]:
    def say(value: float, seq: int, **more) -> None:
        body = {"v": 1, "boot": "b1", "seq": seq, "m": [{"n": "water_level", "v": value, "u": "cm"}]}
        options = {"retain": more.pop("retain", False)}
        send(broker, json.dumps(body | more).encode(), **options)

    return say


def send(broker: RunningBroker, payload: bytes, *, retain: bool = False) -> None:
    line = Broker(port=broker.port)
    assert publish(line, {TOPIC: payload}, credentials=WHO, retain=retain, five=broker.kind == "mosquitto")


def test_a_node_killed_between_commit_and_acknowledgement_judges_nothing_twice(cabinet, measure):
    measure(70.0, 1)
    measure(10.0, 2)
    measure(70.0, 3)
    cabinet.takes(3, ack=False)
    before, kept = cabinet.told, cabinet.kept
    assert [change for change, _ in before] == ["opened", "cleared", "opened"]
    cabinet.dies()
    cabinet.starts()
    cabinet.takes(3)
    assert (cabinet.told, cabinet.kept) == (before, kept)
    measure(10.0, 4)
    cabinet.takes(1)
    assert [change for change, _ in cabinet.told[len(before) :]] == ["cleared"]


def test_a_node_killed_before_the_commit_loses_nothing_while_the_session_lives(cabinet, broker, measure):
    measure(70.0, 1)
    assert cabinet.client.deliveries.get(timeout=30).topic == TOPIC
    cabinet.dies()
    measure(10.0, 2)
    cabinet.starts()
    while cabinet.kept < 2:
        cabinet.takes(1)
    if broker.kind == "mosquitto":  # nats-server sends again what was not acknowledged after what is new
        assert [change for change, _ in cabinet.told] == ["opened", "cleared"]


def test_a_retained_reading_of_a_dead_device_opens_and_clears_nothing(tmp_path, broker, measure):
    measure(70.0, 1, retain=True)
    cabinet = Cabinet(tmp_path / "node", broker.port)
    cabinet.starts()
    try:
        (left,) = cabinet.takes(1)
        assert left.retained
        assert (cabinet.told, cabinet.kept) == ([], 0)
        measure(70.0, 2)
        cabinet.takes(1)
        measure(10.0, 3, retain=True)
        cabinet.takes(1)
        assert [change for change, _ in cabinet.told] == ["opened", "cleared"], "to who listens it is fresh"
    finally:
        cabinet.dies()
