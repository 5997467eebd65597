"""What the rules of sensors decide, kept and told in one transaction: state and messages, both or neither."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from devices.messages import Reading
from devices.site.model import Point, Sensor
from edge.judge.duties import Common, Duties
from edge.judge.level import Level
from edge.judge.sensors import Draft, Memory, SensorRules, cases
from edge.judge.shelf import course_from_json, course_to_json, level_from_json, level_to_json
from edge.judge.telling import condition_of
from edge.keep import NodeStore
from edge.keep.transaction import Transaction
from edge.node.clock import STEP
from edge.node.removed import close_removed_sensors, described_sensor

log = logging.getLogger(__name__)

LEVEL, COURSE = "level", "course"
ASLEEP = 120.0
"""Seconds between two looks at the time after which the node itself was away, not its sensors."""


class SensorJudge:
    """The judge of a node's sensors; used by one thread."""

    def __init__(
        self,
        node: str,
        store: NodeStore,
        new_id: Callable[[], UUID],
        monotonic: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        """Knows no sensor before `restock`."""
        self._node, self._store, self._new_id = node, store, new_id
        self._monotonic, self._wall = monotonic, wall
        self._offset = wall() - monotonic()
        self._memory = Memory()
        self._rules = SensorRules(Duties((), Common()), new_id)
        self._waited = monotonic()

    @property
    def urgent(self) -> set[str]:
        """Sensors whose word is critical."""
        return self._rules.duties.urgent

    def restock(self, points: list[Point], common: Common) -> None:
        """Judge by the rules that the site has now; what is known of those that stay is not touched.

        Conditions of rules that the site no longer has are cleared at once.
        """
        duties = Duties(points, common)
        now, at = datetime.fromtimestamp(self._wall(), UTC), self._monotonic()
        kept = close_removed_sensors(self._store, LEVEL, self._node, duties.by_key, now)
        before = self._memory
        levels = {
            key: before.levels.get(key) or level_from_json(raw, self._offset, at) for key, raw in kept.items()
        }
        fleeting = {key: level for key, level in before.levels.items() if key in duties.by_key}
        here = {duty.sensor.id for duty in duties.by_key.values()}
        courses = {
            sensor: course_from_json(json.loads(raw), self._offset, at)
            for sensor, raw in self._store.states(COURSE).items()
        } | before.courses
        self._memory = Memory(
            fleeting | levels, {sensor: course for sensor, course in courses.items() if sensor in here}
        )
        self._rules = SensorRules(duties, self._new_id)

    def judge(
        self,
        readings: Sequence[Reading],
        clocks_right: Iterable[str] = (),
        alive: Iterable[str] = (),
    ) -> bool:
        """Judge readings in one transaction; whether anything was told.

        Args:
            readings: in the order in which they came; those that were judged before change nothing.
            clocks_right: sensors whose clock was held against ours.
            alive: sensors that are there although they say nothing.

        Raises:
            StoreError: nothing was judged.

        """
        with self._drafted() as (tx, draft):
            for sensor in clocks_right:
                self._rules.believe(draft, sensor, -self._offset)
            for reading in readings:
                if tx.mark_reading(f"{reading.sensor}.{reading.quantity}", reading.boot, reading.seq):
                    before = len(draft.told)
                    self._rules.hear(draft, reading, self._monotonic())
                    for told in draft.told[before:]:
                        tx.queue(condition_of(told, self._node), reading.received_at)
            moment = datetime.fromtimestamp(self._wall(), UTC)
            before = len(draft.told)
            for sensor in alive:
                self._rules.alive(draft, sensor, self._monotonic(), moment)
            for told in draft.told[before:]:
                tx.queue(condition_of(told, self._node), moment)
        return bool(draft.told)

    def clocks_off(self) -> dict[str, float]:
        """Sensor -> seconds by which its clock is ahead of ours, by the reading that came with the least
        delay: one that is behind may be that much late instead.
        """
        offset = self._wall() - self._monotonic()
        leads = {sensor: course.lead for sensor, course in self._memory.courses.items()}
        return {sensor: -lead - offset for sensor, lead in leads.items() if lead is not None}

    def wait(self, listening: Callable[[Sensor], bool], now: float) -> bool:
        """What the time alone decides until `now` (monotonic), when all that had come by then is judged;
        whether anything was told.

        Raises:
            StoreError: nothing was decided; the next call does.

        """
        offset = self._wall() - self._monotonic()
        passed, moment = now - self._waited, datetime.fromtimestamp(now + offset, UTC)
        draft = self._memory.draft()
        awake = listening if passed < ASLEEP else lambda _: False
        self._rules.wait(draft, passed, now, moment, awake)
        if draft.told or draft.levels:
            with self._store.transaction() as tx:
                for told in draft.told:
                    tx.queue(condition_of(told, self._node), moment)
                self._write(tx, draft, offset)
        self._adopt(draft)
        self._waited = now
        return bool(draft.told)

    def reset(self, condition: UUID) -> str | None:
        """Reset the rule that has this condition open; None when it is over, else why it is not.

        Raises:
            StoreError: it was not.

        """
        key = next((key for key, case in cases(self._memory) if case == condition), None)
        duty = None if key is None else self._rules.duties.by_key.get(key)
        if key is None or duty is None:
            return "no sensor has this condition open"
        if not duty.rule.latch:
            return "it is no condition that waits for a reset"
        moment = datetime.fromtimestamp(self._wall(), UTC)
        with self._drafted() as (tx, draft):
            if not self._rules.reset(draft, key, self._monotonic(), moment):
                return "what it is about still holds"
            for told in draft.told:
                tx.queue(condition_of(told, self._node), moment)
        return None

    @contextmanager
    def _drafted(self) -> Iterator[tuple[Transaction, Draft]]:
        """What is decided in the block is kept with it, or never was."""
        draft = self._memory.draft()
        offset = self._wall() - self._monotonic()
        stepped = abs(offset - self._offset) >= STEP
        with self._store.transaction() as tx:
            yield tx, draft
            self._write(tx, draft, offset)
            if stepped:
                # All is kept in UTC: what stands there is now off by as much as the clock was set.
                for key, level in self._memory.levels.items():
                    if key not in draft.levels and key in self._rules.duties.by_key:
                        self._put_level(tx, key, level, offset)
                for sensor, course in self._memory.courses.items():
                    if sensor not in draft.courses:
                        _put(tx, COURSE, sensor, course_to_json(course, offset))
        self._offset = offset if stepped else self._offset
        self._adopt(draft)

    def _write(self, tx: Transaction, draft: Draft, offset: float) -> None:
        for key, level in draft.levels.items():
            self._put_level(tx, key, level, offset)
        for sensor, course in draft.courses.items():
            _put(tx, COURSE, sensor, course_to_json(course, offset))

    def _put_level(self, tx: Transaction, key: str, level: Level, offset: float) -> None:
        duty = self._rules.duties.by_key[key]
        _put(tx, LEVEL, key, {**level_to_json(level, offset), "post": described_sensor(duty)})

    def _adopt(self, draft: Draft) -> None:
        draft.adopt()
        for duty, turn, _, unit in draft.told:
            value = 0.0 if turn.case.value is None else turn.case.value
            log.info("%s %s %s: %g %s", duty.sensor.id, duty.rule.id, turn.change, value, unit)


def _put(tx: Transaction, kind: str, key: str, state: dict[str, Any]) -> None:
    tx.put_state(kind, key, json.dumps(state, separators=(",", ":")).encode())
