"""The deciding thread for sensors: decode, judge, keep, and only then tell the broker."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from devices.messages import DeviceStatus
from devices.sensors.client import Delivery
from devices.sensors.decoders.base import Ask, Incoming
from devices.sensors.direct import Direct
from devices.sensors.refused import Refused
from devices.sensors.router import Heard, Refusal, Router
from devices.site.model import Point, Sensor
from edge.judge.duties import Common
from edge.keep import NodeStore
from edge.node.inbox import CAPACITY
from edge.node.judging import SensorJudge
from edge.node.muster import Muster
from edge.node.report import Reporter

log = logging.getLogger(__name__)

BATCH = 100
"""Deliveries of one transaction at most; one commit for each would be an fsync for each."""

CLOCK_OFF = 60.0
"""Seconds by which a device's clock is off before that is told."""


class _Waiting(NamedTuple):
    item: Delivery | Direct
    said: Heard


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
        self._monotonic = monotonic
        self._judge = SensorJudge(node, store, new_id, monotonic, wall)
        self._muster = Muster(lambda *said: reporter.tell(said[0], "sensor", *said[1:]), monotonic())
        self._undecided: list[_Waiting] = []
        """Taken, but not kept: something was more urgent, or the store failed. The broker sends nothing twice
        on one connection."""
        self.refused = Refused()
        """What could not be used."""
        self._clocks: dict[str, float] = {}
        """Sensor -> by how much its clock is off, as it was told."""
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
        self._muster.restock(sensor for _, sensor in self._sensors.values())
        self._judge.restock(points, common)
        self._undecided = [self._hear(one.item) for one in self._undecided]

    def take(self, deliveries: queue.Queue[Delivery | Direct], timeout: float) -> int:
        """Wait for deliveries, decide what is urgent, else the first `BATCH`, and acknowledge it; how many.

        Fire, and somebody who calls for help, wait behind nothing: what they said is kept, told and answered
        before anything that came before it. Of one sensor the order stays.

        Raises:
            StoreError: nothing was kept and nothing acknowledged; the next call decides the same again.
        """
        waiting = self._undecided
        try:
            if not waiting:
                waiting.append(self._hear(deliveries.get(timeout=timeout)))
            while len(waiting) < CAPACITY:
                waiting.append(self._hear(deliveries.get_nowait()))
        except queue.Empty:
            if not waiting:
                return 0
        batch = [one for one in waiting if self._urgent(one)][:BATCH] or waiting[:BATCH]
        self._decide(batch)
        done = set(map(id, batch))
        self._undecided = [one for one in waiting if id(one) not in done]
        for one in batch:
            one.item.ack()
        return len(batch)

    def decide(self, items: Sequence[Delivery | Direct]) -> None:
        """Keep the readings of these, judge them in one transaction, then say who is on line and what was
        refused.
        """
        self._decide([self._hear(item) for item in items])

    def _decide(self, batch: Sequence[_Waiting]) -> None:
        readings = [reading for one in batch for reading in one.said.readings]
        if kept := [*readings, *(reading for one in batch for reading in one.said.late)]:
            # For the cloud first: a reading that was judged and not kept could never be shown.
            self._store.keep_readings(kept)
        direct = [one.item for one in batch if isinstance(one.item, Direct)]
        clocks_right = {reading.sensor for one in direct if one.clock_right for reading in one.readings}
        alive = {sensor for one in direct for sensor in one.alive if sensor in self._sensors}
        if self._judge.judge(readings, clocks_right, alive):
            self._wake()
        for one in batch:
            if isinstance(one.item, Delivery):
                self._note(one.item, one.said)

    def _urgent(self, one: _Waiting) -> bool:
        if isinstance(one.item, Direct) and one.item.urgent:
            return True
        return any(reading.sensor in self._judge.urgent for reading in one.said.readings)

    def wait(self, listening: Callable[[Sensor], bool], at: float | None = None) -> None:
        """Decide what the time alone does, for sensors that would have been heard.

        Args:
            listening: whether that sensor would have been.
            at: monotonic; all that had come by then is decided; now unless given.

        Raises:
            StoreError: nothing was decided.

        """
        now = self._monotonic() if at is None else at
        if self._judge.wait(listening, now):
            self._wake()
        self._muster.look(listening, now)
        for sensor, off in self._judge.clocks_off().items():
            told = self._clocks.get(sensor, 0.0)
            if sensor in self._sensors and self._sensors[sensor][1].station is not None:
                continue  # its connection tells
            if abs(off - told) >= CLOCK_OFF:
                self._clocks[sensor] = off if abs(off) >= CLOCK_OFF else 0.0
                self._reporter.note(sensor, {"clock_off_s": round(off)})

    def reset(self, condition: UUID) -> str | None:
        """Somebody resets what a condition has latched; None when it is over, else why it is not.

        Raises:
            StoreError: it was not.

        """
        reason = self._judge.reset(condition)
        if reason is None:
            self._wake()
        return reason

    def _hear(self, item: Delivery | Direct) -> _Waiting:
        if isinstance(item, Direct):
            here = tuple(reading for reading in item.readings if reading.sensor in self._sensors)
            return _Waiting(item, Heard(here, late=item.late))
        return _Waiting(
            item,
            self.router.hear(
                Incoming(
                    item.topic,
                    item.payload,
                    item.received_at,
                    item.retained,
                    item.redelivered,
                    item.mid,
                )
            ),
        )

    def _note(self, delivery: Delivery, said: Heard) -> None:
        """Who is there, what was refused, and what is to be asked, once what was measured is kept."""
        for presence in said.presence:
            self._muster.present(presence)
        self._muster.spoke({reading.sensor for reading in said.readings})
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
            if self._muster.unheard(one.sensor):
                detail = "it sends what cannot be read"
                self._reporter.tell(one.sensor, "sensor", DeviceStatus.STALLED, detail)
