"""A desk for sensors on a real store, for tests."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.ids import uuid7
from devices.messages import Change, DeviceStatus, Series
from devices.sensors.client import Delivery
from devices.site.model import Sensor
from edge.node.report import Reporter
from edge.node.sense import SenseDesk
from tests.edge.points_for_tests import NOON, bodies, open_store, point, sensor, threshold

RULES = (threshold(), threshold(id="flood", above=90.0, clear=60.0, hold=30.0, event_class="05-07"))


class Street:
    """A desk over a store that can be opened again; its clock is moved by hand."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.deliveries: queue.Queue[Delivery] = queue.Queue()
        self.acked: list[int] = []
        self.woken = 0
        self.now = 1000.0
        self.boot_time = NOON.timestamp() - self.now
        self._sent = 0
        self.open()

    def open(self, *sensors: Sensor) -> None:
        self.store = open_store(self.directory)
        self.reporter = Reporter("n1", self.store, lambda: NOON, self._wake)
        self.desk = SenseDesk(
            "n1",
            [point(sensors=sensors or (sensor("P01-S1", *RULES, place="pond"), sensor("P01-S2")))],
            self.store,
            self.reporter,
            uuid7,
            self._wake,
            monotonic=lambda: self.now,
            wall=lambda: self.now + self.boot_time,
        )

    def restart(self, down: float, *sensors: Sensor) -> None:
        """The machine is off for `down` seconds; its monotonic clock begins anew; perhaps with others."""
        self.store.close()
        self.boot_time += self.now + down
        self.now = 0.0
        self.open(*sensors)

    def _wake(self) -> None:
        self.woken += 1

    def say(self, topic: str, payload: bytes | dict) -> None:
        number = self._sent
        self._sent += 1
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        at = datetime.fromtimestamp(self.now + self.boot_time, UTC)
        self.deliveries.put(Delivery(topic, raw, at, False, lambda: self.acked.append(number)))

    def measure(self, value: float, seq: int, name: str = "P01-S1", boot: str = "b1", **more) -> None:
        measured = [{"n": "water_level", "v": value, "u": "cm"}]
        self.say(f"grid/v1/P01/{name}/tele", {"v": 1, "boot": boot, "seq": seq, "m": measured} | more)

    def presence(self, online: bool, connection: int, name: str = "P01-S1") -> None:
        self.say(f"grid/v1/P01/{name}/state", {"v": 1, "online": online, "boot": "b1", "bd": connection})

    def take(self) -> int:
        return self.desk.take(self.deliveries, timeout=0.0)

    def told(self) -> list[tuple[str, str, int]]:
        return [(one.device, one.change.value, one.rev) for one in bodies(self.store, Series.ALARM)]

    def turns(self) -> list[tuple[str, Change, int]]:
        return [(one.rule, one.change, one.rev) for one in bodies(self.store, Series.ALARM)]

    def health(self) -> list[tuple[str, DeviceStatus]]:
        return [(one.device, one.status) for one in bodies(self.store, Series.HEALTH)]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path)
    yield street
    street.store.close()
