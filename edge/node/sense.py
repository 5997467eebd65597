"""The deciding thread for sensors: decode, judge, keep, and only then tell the broker."""

from __future__ import annotations

import json
import logging
import queue
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID

from devices.messages import Condition, DeviceStatus, Measured, Reading
from devices.sensors.client import Delivery
from devices.sensors.decoders.base import Ask, Incoming
from devices.sensors.direct import Direct
from devices.sensors.presence import Presence, newer
from devices.sensors.refused import Refused
from devices.sensors.router import Heard, Refusal, Router
from devices.site.model import Point, Sensor, ThresholdRule
from edge.judge.case import Turn
from edge.judge.course import Course, place
from edge.judge.shelf import level_from_json, level_to_json
from edge.judge.threshold import Level, judge, limit
from edge.keep import NodeStore
from edge.node.clock import STEP
from edge.node.removed import close_removed_sensors, described_sensor, level_key
from edge.node.report import Reporter

log = logging.getLogger(__name__)

LEVEL = "level"
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
        zone: tzinfo = UTC,
    ) -> None:
        """Go on where an earlier desk on this store stopped."""
        self._node = node
        self._store = store
        self._reporter = reporter
        self._new_id = new_id
        self._wake = wake
        self._monotonic = monotonic
        self._wall = wall
        self._offset = wall() - monotonic()
        self._levels: dict[str, Level] = {}
        self._courses: dict[str, Course] = {}
        """Of each sensor whose own clock can be believed."""
        self._outdated: set[str] = set()
        """Levels that are kept by another wall clock than the one there is now."""
        self._presence: dict[str, Presence] = {}
        self._undecided: list[Delivery | Direct] = []
        """Taken, but not kept: the store failed. The broker sends nothing twice on one connection."""
        self._speaking: set[str] = set()
        """Sensors that measured something since the start."""
        self.refused = Refused()
        """What could not be used."""
        self.asks: list[Ask] = []
        """To be published by whoever holds the line, who clears it."""
        self.router = Router((), zone)
        self.restock(points, zone)

    def restock(self, points: list[Point], zone: tzinfo) -> None:
        """Judge the sensors that the site has now; what is known of rules that stay is not touched.

        Conditions of rules that the site no longer has are cleared at once.
        """
        self.router.restock(points, zone)
        self._sensors = {sensor.id: (point, sensor) for point in points for sensor in point.sensors}
        known = {
            level_key(sensor, rule): rule
            for point in points
            for sensor in point.sensors
            for rule in sensor.rules
        }
        self.refused.forget_but(self._sensors.keys())
        self._speaking &= self._sensors.keys()
        now = datetime.fromtimestamp(self._wall(), UTC)
        kept = close_removed_sensors(self._store, LEVEL, self._node, known, now)
        before, at = self._levels, self._monotonic()
        self._levels = {
            key: before.get(key) or level_from_json(raw, self._offset, at) for key, raw in kept.items()
        }
        sensors = {
            level_key(sensor, rule): sensor.id
            for _, sensor in self._sensors.values()
            for rule in sensor.rules
        }
        for key, raw in kept.items():
            if raw.get("lead") is not None:
                self._courses.setdefault(sensors[key], Course(raw["lead"] - self._offset))

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
        self._believe({reading.sensor for one in direct if one.clock_right for reading in one.readings})
        self._judge_all(readings)
        for delivery, said in heard:
            self._note(delivery, said)

    def _believe(self, sensors: Iterable[str]) -> None:
        """Go by the clocks of these from their first reading on, since they were held against ours."""
        lead = self._monotonic() - self._wall()
        for sensor in sensors:
            self._courses.setdefault(sensor, Course(lead))

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

    def _judge_all(self, readings: list[Reading]) -> None:
        offset = self._wall() - self._monotonic()
        if abs(offset - self._offset) >= STEP:
            self._offset, self._outdated = offset, set(self._levels)
        levels, outdated, courses = dict(self._levels), set(self._outdated), dict(self._courses)
        turned: list[tuple[Sensor, ThresholdRule, Turn, Reading]] = []
        with self._store.transaction() as tx:
            for reading in readings:
                if not tx.mark_reading(f"{reading.sensor}.{reading.quantity}", reading.boot, reading.seq):
                    continue
                now = self._monotonic()
                at = self._taken(reading, now, courses)
                for point, sensor, rule, level, turn in self._judge(reading, levels, at):
                    key = level_key(sensor, rule)
                    if level == levels.get(key) and key not in outdated:
                        continue
                    levels[key] = level
                    outdated.discard(key)
                    state = level_to_json(level, offset)
                    course = courses.get(sensor.id)
                    state["lead"] = None if course is None else course.lead + offset
                    state["post"] = described_sensor(point, sensor, rule, reading.unit)
                    tx.put_state(LEVEL, key, json.dumps(state, separators=(",", ":")).encode())
                    if turn is not None:
                        turned.append((sensor, rule, turn, reading))
                        moment = _ago(reading.received_at, now - at)
                        tx.queue(
                            self._condition(point, sensor, rule, turn, reading, moment), reading.received_at
                        )
        self._levels, self._outdated, self._courses = levels, outdated, courses
        for sensor, rule, turn, reading in turned:
            log.info("%s %s %s: %g %s", sensor.id, rule.id, turn.change, reading.value, reading.unit)
        if turned:
            self._wake()

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

    def _taken(self, reading: Reading, now: float, courses: dict[str, Course]) -> float:
        """When it was taken, by our monotonic clock; on arrival where the device has no time to believe."""
        if reading.quality != "good":
            return now
        course = place(courses.get(reading.sensor), reading.taken_at.timestamp(), now)
        courses[reading.sensor] = course
        return course.at

    def _judge(
        self, reading: Reading, levels: dict[str, Level], at: float
    ) -> Iterable[tuple[Point, Sensor, ThresholdRule, Level, Turn | None]]:
        point, sensor = self._sensors[reading.sensor]
        if reading.quality in ("bad", "uncertain"):
            return
        for rule in sensor.rules:
            if rule.quantity == reading.quantity:
                level = levels.get(level_key(sensor, rule), Level())
                after, turn = judge(rule, level, reading.value, at, self._new_id)
                yield point, sensor, rule, after, turn

    def _condition(
        self,
        point: Point,
        sensor: Sensor,
        rule: ThresholdRule,
        turn: Turn,
        reading: Reading,
        moment: datetime,
    ) -> Condition:
        case = turn.case
        return Condition(
            condition_id=case.id,
            rev=case.rev,
            change=turn.change,
            state=case.state,
            node=self._node,
            point=point.id,
            device=sensor.id,
            rule=rule.id,
            place=sensor.place or sensor.id,
            event_class=rule.event_class,
            label=case.label,
            score=case.score,
            severity=rule.severity,
            since=_ago(moment, turn.at - case.since),
            changed_at=moment,
            measured=Measured(
                quantity=reading.quantity, value=reading.value, unit=reading.unit, limit=limit(rule)
            ),
            reopens=case.reopens,
        )


def _ago(at: datetime, seconds: float) -> datetime:
    return at - timedelta(seconds=seconds)
