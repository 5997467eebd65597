"""The deciding thread for sensors: decode, judge, keep, and only then tell the broker."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Sequence
from uuid import UUID

from devices.messages import DeviceStatus
from devices.sensors.client import Delivery
from devices.sensors.decoders.base import Ask, Incoming
from devices.sensors.direct import Direct
from devices.sensors.presence import Presence, newer
from devices.sensors.refused import Refused
from devices.sensors.router import Heard, Refusal, Router
from devices.site.model import Point, Sensor
from edge.judge.duties import Common
from edge.keep import NodeStore
from edge.node.judging import SensorJudge
from edge.node.report import Reporter

log = logging.getLogger(__name__)

BATCH = 100
"""Deliveries of one transaction at most; one commit for each would be an fsync for each."""


class SenseDesk:
    """Judges the readings of all sensors of a node; used by one thread."""

    def __init__(
        self,
        node: str,
        points: list[Point],
        store: NodeStore,
        reporter: Reporter,
        new_id: Callable[[], UUID],
        wake: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        common: Common | None = None,
    ) -> None:
        """Go on where an earlier desk on this store stopped."""
        self._store = store
        self._reporter = reporter
        self._wake = wake
        self._judge = SensorJudge(node, store, new_id, monotonic, wall)
        self._presence: dict[str, Presence] = {}
        self._undecided: list[Delivery | Direct] = []
        """Taken, but not kept: the store failed. The broker sends nothing twice on one connection."""
        self._speaking: set[str] = set()
        """Sensors that measured something since the start."""
        self.refused = Refused()
        """What could not be used."""
        self.asks: list[Ask] = []
        """To be published by whoever holds the line, who clears it."""
        common = common or Common()
        self.router = Router((), common.zone)
        self.restock(points, common)

    def restock(self, points: list[Point], common: Common) -> None:
        """Judge the sensors that the site has now; what is known of rules that stay is not touched.

        Conditions of rules that the site no longer has are cleared at once.
        """
        self.router.restock(points, common.zone)
        self._sensors = {sensor.id: (point, sensor) for point in points for sensor in point.sensors}
        self.refused.forget_but(self._sensors.keys())
        self._speaking &= self._sensors.keys()
        for gone in self._presence.keys() - self._sensors.keys():
            del self._presence[gone]
        self._judge.restock(points, common)

    def take(self, deliveries: queue.Queue[Delivery | Direct], timeout: float) -> int:
        """Wait for deliveries, decide all that are there (at most `BATCH`), acknowledge them; how many.

        Raises:
            StoreError: nothing was kept and nothing acknowledged; the next call decides the same again.
        """
        batch = self._undecided
        try:
            if not batch:
                batch.append(deliveries.get(timeout=timeout))
            while len(batch) < BATCH:
                batch.append(deliveries.get_nowait())
        except queue.Empty:
            if not batch:
                return 0
        self.decide(batch)
        self._undecided = []
        for delivery in batch:
            delivery.ack()
        return len(batch)

    def decide(self, batch: Sequence[Delivery | Direct]) -> None:
        """Keep the readings of a batch, judge them in one transaction, then say who is on line and what was
        refused.
        """
        direct = [one for one in batch if isinstance(one, Direct)]
        heard = [(one, self._heard(one)) for one in batch if not isinstance(one, Direct)]
        readings = [reading for one in direct for reading in one.readings if reading.sensor in self._sensors]
        readings += [reading for _, said in heard for reading in said.readings]
        if kept := [*readings, *(reading for one in direct for reading in one.late)]:
            # For the cloud first: a reading that was judged and not kept could never be shown.
            self._store.keep_readings(kept)
        clocks_right = {reading.sensor for one in direct if one.clock_right for reading in one.readings}
        alive = {sensor for one in direct for sensor in one.alive if sensor in self._sensors}
        if self._judge.judge(readings, clocks_right, alive):
            self._wake()
        for delivery, said in heard:
            self._note(delivery, said)

    def wait(self, listening: Callable[[Sensor], bool]) -> None:
        """Nothing waits: decide what the time alone does, for sensors that would have been heard.

        Raises:
            StoreError: nothing was decided.

        """
        if self._judge.wait(listening):
            self._wake()

    def reset(self, condition: UUID) -> str | None:
        """Somebody resets what a condition has latched; None when it is over, else why it is not.

        Raises:
            StoreError: it was not.

        """
        reason = self._judge.reset(condition)
        if reason is None:
            self._wake()
        return reason

    def _heard(self, delivery: Delivery) -> Heard:
        return self.router.hear(
            Incoming(
                delivery.topic,
                delivery.payload,
                delivery.received_at,
                delivery.retained,
                delivery.redelivered,
                delivery.mid,
            )
        )

    def _note(self, delivery: Delivery, said: Heard) -> None:
        """Who is there, what was refused, and what is to be asked, once what was measured is kept."""
        for presence in said.presence:
            self._present(presence)
        for sensor in {reading.sensor for reading in said.readings} - self._presence.keys() - self._speaking:
            self._speaking.add(sensor)
            if self._sensors[sensor][1].decoder != "gridwatch":
                # Many have no word for being there: that it measures says so.
                self._reporter.tell(sensor, "sensor", DeviceStatus.UP, "its readings come")
        for one in said.refused:
            self._refuse(delivery, one)
        self.asks += said.asks

    def _refuse(self, delivery: Delivery, one: Refusal) -> None:
        if self.refused.note(one.sensor, one.reason, delivery.payload):
            log.warning("%.80r: %s (said once)", delivery.topic, one.reason)
        if one.sensor is not None:
            unusable = self.refused.sensors[one.sensor]
            self._reporter.note(
                one.sensor,
                {
                    "undecoded": unusable.times,
                    "undecoded_why": unusable.reason,
                    "undecoded_like": unusable.sample,
                },
            )
            if one.sensor not in self._speaking and one.sensor not in self._presence:
                detail = "it sends what cannot be read"
                self._reporter.tell(one.sensor, "sensor", DeviceStatus.STALLED, detail)

    def _present(self, heard: Presence) -> None:
        presence = self._presence[heard.device] = newer(self._presence.get(heard.device), heard)
        status = DeviceStatus.UP if presence.online else DeviceStatus.UNREACHABLE
        detail = "online" if presence.online else "left the broker or lost its power"
        self._reporter.tell(heard.device, "sensor", status, detail)
