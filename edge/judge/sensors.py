"""All rules of a node's sensors over one reading after the other, and over the time between them. No I/O.

`Memory` is what they remember. It is tried out in a `draft` whose changes are kept by the caller and then
adopted, so that what could not be kept never happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from devices.messages import Reading
from devices.sensors.identity import AGAIN, ARRIVED, TAKEN
from devices.site.model import Sensor
from devices.site.sensor_rules import SilenceRule
from edge.judge import quantity, silence
from edge.judge.case import Turn
from edge.judge.course import Course, late, place
from edge.judge.duties import BATTERY, SIGNAL, SILENCE, Duties, Duty
from edge.judge.level import BLANK, Level, loud

RESET = "reset"
"""A quantity: a value of a half or more resets what is latched of that sensor, as the key at a panel does."""
KEEP_EVERY = 600.0
"""Seconds of silence after which it is kept how long it is silent by now."""


class Told(NamedTuple):
    """A turn that a case took."""

    duty: Duty
    turn: Turn
    moment: datetime
    """When that was decided by what was measured, UTC."""
    unit: str


@dataclass(slots=True)
class Memory:
    """What all rules of a node remember."""

    levels: dict[str, Level] = field(default_factory=dict)
    courses: dict[str, Course] = field(default_factory=dict)

    def draft(self) -> Draft:
        """To be tried out."""
        return Draft(self)


class Draft:
    """Changes to a memory: read through, written beside it."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.levels: dict[str, Level] = {}
        """Those that changed and are worth keeping."""
        self.fleeting: dict[str, Level] = {}
        """Those that changed and need not be kept each time."""
        self.courses: dict[str, Course] = {}
        self.told: list[Told] = []

    def level(self, key: str) -> Level:
        """As it stands now."""
        for levels in (self.levels, self.fleeting, self._memory.levels):
            if (level := levels.get(key)) is not None:
                return level
        return BLANK

    def is_open(self, key: str) -> bool:
        """Whether that rule has a case."""
        return self.level(key).case is not None

    def course(self, sensor: str) -> Course | None:
        """As it stands now."""
        return self.courses.get(sensor) or self._memory.courses.get(sensor)

    def put(self, key: str, level: Level, *, keep: bool = True) -> None:
        """From now on; without `keep` only as long as this process lives."""
        (self.levels if keep or key in self.levels else self.fleeting)[key] = level
        if keep:
            self.fleeting.pop(key, None)

    def adopt(self) -> None:
        """It is kept: that is how it is."""
        self._memory.levels.update(self.fleeting)
        self._memory.levels.update(self.levels)
        self._memory.courses.update(self.courses)


class SensorRules:
    """Judges; owns what the site says, and nothing that changes."""

    def __init__(self, duties: Duties, new_id: Callable[[], UUID]) -> None:
        """By these rules."""
        self.duties = duties
        self._new_id = new_id

    def hear(self, draft: Draft, reading: Reading, now: float) -> None:
        """One reading that was not heard before; `now` is monotonic."""
        self.alive(draft, reading.sensor, now, reading.received_at)
        at, newest = _taken(draft, reading, now)
        moment = reading.received_at - timedelta(seconds=now - at)
        for itself, value, unit in ((BATTERY, reading.battery, "%EL"), (SIGNAL, reading.signal, "dBm")):
            if value is not None:
                self._judge(draft, (reading.sensor, itself), value, at, newest, moment, unit)
        if reading.quality in ("bad", "uncertain"):
            return
        if reading.quantity == RESET and reading.value >= 0.5 and newest is None:
            for key, duty in self.duties.by_key.items():
                if duty.sensor.id == reading.sensor:
                    self.reset(draft, key, at, moment)
        if reading.quantity not in (BATTERY, SIGNAL):
            name = (reading.sensor, reading.quantity)
            self._judge(draft, name, reading.value, at, newest, moment, reading.unit)

    def believe(self, draft: Draft, sensor: str, lead: float) -> None:
        """Go by this sensor's clock from its first reading on: it was held against ours."""
        if draft.course(sensor) is None:
            draft.courses[sensor] = Course(lead)

    def wait(
        self,
        draft: Draft,
        seconds: float,
        now: float,
        moment: datetime,
        listening: Callable[[Sensor], bool],
    ) -> None:
        """So many seconds have passed until `now`, and nothing waits to be heard.

        Args:
            draft: what is remembered.
            seconds: since the last time.
            now: monotonic.
            moment: the same, UTC.
            listening: whether that sensor would have been heard all the while.

        """
        for duty in self.duties.silences:
            self._missed(draft, duty, seconds if listening(duty.sensor) else None, now, moment)
        for duty in self.duties.timed:
            if listening(duty.sensor):
                self._wake(draft, duty, now, moment)

    def reset(self, draft: Draft, key: str, at: float, moment: datetime) -> bool:
        """Reset what this rule has latched; whether anything was."""
        duty = self.duties.by_key[key]
        if isinstance(duty.rule, SilenceRule):
            return False
        level, turn = quantity.reset(duty.rule, draft.level(key), at)
        if turn is None:
            return False
        draft.put(key, level)
        draft.told.append(Told(duty, turn, moment, duty.unit))
        return True

    def _judge(
        self,
        draft: Draft,
        name: tuple[str, str],
        value: float,
        at: float,
        newest: float | None,
        moment: datetime,
        unit: str,
    ) -> None:
        for duty in self.duties.by_quantity.get(name, ()):
            if isinstance(duty.rule, SilenceRule):
                continue
            before = draft.level(duty.key)
            after, turn = quantity.judge(
                duty.rule,
                before,
                value,
                at,
                self._new_id,
                newest=newest,
                opens=duty.opens(moment, self.duties.common, draft.is_open),
                quiet=duty.quiet(moment, self.duties.common),
            )
            if after is not before:
                draft.put(duty.key, after)
            if turn is not None:
                told = unit if duty.rule.kind not in ("count", "stuck") else duty.unit
                draft.told.append(Told(duty, turn, moment, told))

    def alive(self, draft: Draft, sensor: str, now: float, moment: datetime) -> None:
        """It is there, whether or not it has anything to say."""
        for duty in self.duties.by_quantity.get((sensor, SILENCE), ()):
            before = draft.level(duty.key)
            after, turn = silence.heard(before, now)
            if after is not before:
                draft.put(duty.key, after, keep=turn is not None or _worth_keeping(before, after))
            if turn is not None:
                draft.told.append(Told(duty, turn, moment, duty.unit))

    def _missed(self, draft: Draft, duty: Duty, seconds: float | None, now: float, moment: datetime) -> None:
        rule, before = duty.rule, draft.level(duty.key)
        assert isinstance(rule, SilenceRule)
        if before.case is not None:
            return
        turn = None
        if seconds is None or not duty.opens(moment, self.duties.common, draft.is_open):
            after = silence.paused(rule, before)
        else:
            after, turn = silence.listened(rule, before, seconds, now, self._new_id)
        if after is not before:
            draft.put(duty.key, after, keep=turn is not None or _worth_keeping(before, after))
        if turn is not None:
            draft.told.append(Told(duty, turn, moment, duty.unit))

    def _wake(self, draft: Draft, duty: Duty, now: float, moment: datetime) -> None:
        rule, before = duty.rule, draft.level(duty.key)
        assert not isinstance(rule, SilenceRule)
        due = quantity.due(rule, before)
        after, turn = before, None
        if (due is not None and due <= now) or (rule.kind == "state" and not duty.always):
            after, turn = quantity.wake(
                rule,
                before,
                now,
                self._new_id,
                opens=duty.opens(moment, self.duties.common, draft.is_open),
                quiet=duty.quiet(moment, self.duties.common),
            )
        elif before.case is not None and before.case.quiet and not duty.quiet(moment, self.duties.common):
            after, turn = loud(before, now)
        if after is not before:
            draft.put(duty.key, after)
        if turn is not None:
            draft.told.append(Told(duty, turn, moment, duty.unit))


def _taken(draft: Draft, reading: Reading, now: float) -> tuple[float, float | None]:
    """When it was taken, by our monotonic clock; and of a late one, when the newest was."""
    if reading.quality in ("bad", "uncertain"):
        return now, None  # whether its time is its own is not said
    course = draft.course(reading.sensor)
    taken = reading.taken_at.timestamp() if reading.quality == "good" else None
    boot = "" if reading.boot in (ARRIVED, AGAIN) else reading.boot
    then = late(course, taken, boot, reading.seq, counts=boot != TAKEN)
    if then is not None and course is not None:
        return then, course.at
    course = draft.courses[reading.sensor] = place(course, taken, now, boot, reading.seq)
    return course.at, None


def _worth_keeping(before: Level, after: Level) -> bool:
    """A long silence must outlast a restart, and so must its end; a short one begins anew."""
    was, now = before.trace.last or 0.0, after.trace.last or 0.0
    return now // KEEP_EVERY != was // KEEP_EVERY


def cases(memory: Memory) -> Iterator[tuple[str, UUID]]:
    """The key of every rule that has a case, and the case's id."""
    for key, level in memory.levels.items():
        if level.case is not None:
            yield key, level.case.id
