"""A day of a street without a broker: its readings as they would arrive, and what its rules make of it.

The same site, seed and time give the same bytes.
"""

from __future__ import annotations

import functools
import heapq
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from devices.messages import Reading
from devices.sensors.quantities import QUANTITIES
from devices.site.hours import open_at
from devices.site.model import Sensor, Site
from devices.site.sensor_rules import AnyRule
from simulators.sensors.chance import part, scramble
from simulators.sensors.device import SimulatedSensor
from simulators.sensors.incidents import incident, near_miss
from simulators.sensors.scenario import Happening, Scenario
from simulators.sensors.shapes.speech import Link, Publication, Sample
from simulators.sensors.truth import spans

READINGS, TRUTH, SITE = "readings.jsonl", "truth.json", "site.yaml"
SLOT_S = 3600.0
"""At most one thing happens at a sensor in so long: time enough for the longest wait to clear."""
_QUIET_S = 300.0
"""At the begin of a slot."""
_INCIDENTS, _NEAR_MISSES = 0.02, 0.03
"""Share of the slots."""
_EARLY_S, _LATE_S = 5.0, 10.0
_ON_THE_WAY_S = 0.25


@dataclass(frozen=True, slots=True)
class Truth:
    """That a rule must open one condition, or that something must not open it. Unix seconds."""

    point: str
    sensor: str
    rule: str
    event_class: str
    quantity: str
    begins: float
    """When it happens."""
    ends: float
    opens: tuple[float, float] | None
    """Between these times it opens; None: it must not."""
    clears: tuple[float, float] | None
    """Between these it clears; None: it must not, or it is latched or still open at the end."""


@dataclass(frozen=True, slots=True)
class Day:
    """What happens from `begin` on, for `seconds`."""

    site: Site
    seed: int
    begin: float
    """Unix seconds."""
    seconds: float
    scenario: Scenario
    truths: tuple[Truth, ...]


def plan(site: Site, seed: int, begin: float, seconds: float) -> Day:
    """What happens on a day of `site`: for each kind of rule at least one incident and one near miss."""
    happenings: list[Happening] = []
    truths: list[Truth] = []
    seen: set[tuple[str, str, str]] = set()
    zone = ZoneInfo(site.timezone)
    for point in site.points:
        for sensor in point.sensors:
            told = _Plot(point.id, sensor, seed, begin, seconds, zone, seen)
            for scripted, meant in told.slots():
                happenings += scripted
                truths += meant
    return Day(site, seed, begin, seconds, Scenario(tuple(happenings)), tuple(truths))


class _Plot:
    """What happens at one sensor."""

    def __init__(
        self,
        point: str,
        sensor: Sensor,
        seed: int,
        begin: float,
        seconds: float,
        zone: ZoneInfo,
        seen: set[tuple[str, str, str]],
    ) -> None:
        self._point, self._sensor, self._begin, self._zone, self._seen = point, sensor, begin, zone, seen
        self._slots = int(seconds // SLOT_S)
        self._chance = scramble(seed, 7, *sensor.id.encode())
        self._device: Callable[[Scenario], SimulatedSensor] = lambda scenario: SimulatedSensor(
            point, sensor, scenario, seed, begin
        )
        self._calm = self._device(Scenario())
        self._latched: set[str] = set()
        """Quantities of which a rule is open for good: nothing more could be told of them."""

    def slots(self) -> Iterator[tuple[tuple[Happening, ...], list[Truth]]]:
        """Of each slot in which something happens: the script, and what it means."""
        if not self._sensor.rules:
            return
        for slot in range(self._slots):
            chance = part(self._chance, slot)
            rule = self._sensor.rules[scramble(self._chance, slot, 1) % len(self._sensor.rules)]
            for write, share in ((incident, _INCIDENTS), (near_miss, _INCIDENTS + _NEAR_MISSES)):
                known = (self._sensor.kind, rule.id, write.__name__)
                if rule.quantity in self._latched or (chance >= share and known in self._seen):
                    continue
                start = (slot * SLOT_S) + _QUIET_S * (1 + part(self._chance, slot, 2))
                normal = self._calm.true_values(start).get(rule.quantity, 0.0)
                script = write(self._sensor.id, rule, start, normal)
                if script and self._fits(rule, script, slot):
                    self._seen.add(known)
                    yield script, self._meant(script)
                    break

    def _fits(self, rule: AnyRule, script: tuple[Happening, ...], slot: int) -> bool:
        """The rule may open all the time, nothing else is past a limit, and all is over in time."""
        begins, ends = self._window(script)
        if ends > (slot + 1) * SLOT_S or not all(self._allowed(rule, at) for at in (script[0].start, ends)):
            return False
        calm = _Course(self._calm, begins, ends)
        return not any(spans(_at_once(one), calm.of(one), begins, ends) for one in self._sensor.rules)

    def _window(self, script: tuple[Happening, ...]) -> tuple[float, float]:
        """From when to when it matters to any of the rules."""
        rules = self._sensor.rules
        before = max(getattr(rule, "within", 0.0) for rule in rules)
        after = max(getattr(rule, "within", 0.0) + getattr(rule, "clear_hold", 0.0) for rule in rules)
        return script[0].start - before - 60, max(one.end for one in script) + after + 3 * self._sensor.period

    def _meant(self, script: tuple[Happening, ...]) -> list[Truth]:
        begins, ends = self._window(script)
        course = _Course(self._device(Scenario(script)), begins, ends)
        meant: list[Truth] = []
        for rule in self._sensor.rules:
            if rule.quantity == script[0].quantity:
                found = spans(rule, course.of(rule), begins, ends, functools.partial(self._allowed, rule))
                meant += [self._truth(rule, script, one.opens, one.clears) for one in found]
                if found and rule.latch:
                    self._latched.add(rule.quantity)
                if not found:
                    meant.append(self._truth(rule, script, None, None))
        return meant

    def _truth(
        self, rule: AnyRule, script: tuple[Happening, ...], opens: float | None, clears: float | None
    ) -> Truth:
        at, period = self._begin, self._sensor.period
        # A window is known by readings: between two of them, a period apart, all may have changed.
        early = _EARLY_S + (period if hasattr(rule, "within") else 0.0)
        return Truth(
            self._point,
            self._sensor.id,
            rule.id,
            rule.event_class,
            rule.quantity,
            at + script[0].start,
            at + max(one.end for one in script),
            None if opens is None else (at + opens - early, at + opens + period + _LATE_S),
            None if clears is None else (at + clears - early, at + clears + 2.2 * period + _LATE_S),
        )

    def _allowed(self, rule: AnyRule, t: float) -> bool:
        return open_at(rule.schedule, datetime.fromtimestamp(self._begin + t, self._zone))


def _at_once(rule: AnyRule) -> AnyRule:
    """The rule without its wait: a car that stops for a minute is past the limit, too."""
    return rule.model_copy(update={"hold": 0.0}) if hasattr(rule, "hold") else rule


class _Course:
    """What a sensor shows at each full second of a time."""

    def __init__(self, device: SimulatedSensor, begins: float, ends: float) -> None:
        self._begins = begins
        self._values = [device.true_values(begins + second) for second in range(int(ends - begins) + 1)]

    def of(self, rule: AnyRule) -> Callable[[float], float]:
        """The quantity of a rule."""
        return lambda t: self._values[round(t - self._begins)].get(rule.quantity, 0.0)


class _Recorder:
    """Instead of speaking it keeps what was measured."""

    asked = None

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    def born(self, link: Link) -> list[Publication]:
        return []

    def gone(self, link: Link) -> None:
        return None

    def measured(self, sample: Sample) -> list[Publication]:
        self.samples.append(sample)
        return []


def readings(day: Day) -> Iterator[Reading]:
    """What all sensors measure, in the order in which it arrives."""
    return (Reading.model_validate(fields) for fields in _measured(day))


def _measured(day: Day) -> Iterator[dict[str, Any]]:
    recorder = _Recorder()
    devices = [
        (point.id, SimulatedSensor(point.id, sensor, day.scenario, day.seed, day.begin, recorder))
        for point in day.site.points
        for sensor in point.sensors
    ]
    due = [(device.due, at) for at, (_, device) in enumerate(devices)]
    heapq.heapify(due)
    while due and due[0][0] < day.seconds:
        t, at = due[0]
        point, device = devices[at]
        device.emit(t)
        for sample in recorder.samples:
            yield from _fields(point, device.id, sample, day.begin + t)
        recorder.samples.clear()
        heapq.heapreplace(due, (device.due, at))


def _fields(point: str, sensor: str, sample: Sample, sent: float) -> Iterator[dict[str, Any]]:
    taken, received = _stamp(sample.taken_at), _stamp(sent + _ON_THE_WAY_S)
    for name, value in sample.values.items():
        yield {
            "point": point,
            "sensor": sensor,
            "quantity": name,
            "value": value,
            "unit": QUANTITIES[name].unit,
            "taken_at": taken,
            "received_at": received,
            "boot": sample.boot,
            "seq": sample.seq,
            "quality": "good",
            "battery": sample.values.get("battery"),
            "signal": sample.rssi,
        }


def write(day: Day, folder: Path) -> int:
    """Write `readings.jsonl` and `truth.json`; how many readings."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with (folder / READINGS).open("w", encoding="utf-8") as out:
        for fields in _measured(day):
            out.write(json.dumps(fields, separators=(",", ":")) + "\n")
            count += 1
    body = {"seed": day.seed, "begin": _stamp(day.begin), "seconds": day.seconds}
    truths = [_as_json(one) for one in sorted(day.truths, key=lambda one: one.begins)]
    text = json.dumps({**body, "truths": truths}, indent=1)
    (folder / TRUTH).write_text(text + "\n", encoding="utf-8")
    return count


def _as_json(truth: Truth) -> dict[str, Any]:
    return {
        "point": truth.point,
        "sensor": truth.sensor,
        "rule": truth.rule,
        "event_class": truth.event_class,
        "quantity": truth.quantity,
        "begins": _stamp(truth.begins),
        "ends": _stamp(truth.ends),
        "opens": None if truth.opens is None else [_stamp(one) for one in truth.opens],
        "clears": None if truth.clears is None else [_stamp(one) for one in truth.clears],
    }


def _stamp(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds")
