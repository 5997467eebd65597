"""Which rules judge what: every rule of every sensor, found by sensor and quantity and never searched for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from devices.messages import Severity
from devices.sensors.kinds import urgent
from devices.sensors.quantities import QUANTITIES
from devices.site.hours import Works, by_weekday, open_at
from devices.site.model import Point, Sensor, Site
from devices.site.rule_units import in_own_unit
from devices.site.sensor_rules import (
    HEALTH,
    SENSOR_CLASSES,
    SILENT_PERIODS,
    AnyRule,
    CountRule,
    SensorHealthKind,
    SilenceRule,
    StuckRule,
    ThresholdRule,
)
from devices.site.usual import usual_rules

BATTERY, SIGNAL, SILENCE = "battery", "signal", "silence"
"""What is measured of a sensor itself; the first two come beside what it measures."""


@dataclass(frozen=True, slots=True)
class Common:
    """What the site says of all its sensors."""

    zone: tzinfo = UTC
    works: Works = by_weekday
    """By its calendar."""
    classes: Mapping[SensorHealthKind, str] = field(default_factory=dict)
    """Of what is wrong with a sensor itself, where they are not the usual ones."""
    codes: frozenset[str] = frozenset()
    """All event classes."""


def common_of(site: Site) -> Common:
    """Out of the site."""
    codes = frozenset(one.code for one in site.event_classes)
    return Common(ZoneInfo(site.timezone), site.calendar.works, site.sensor_classes, codes)


@dataclass(frozen=True, slots=True)
class Duty:
    """One rule of one sensor."""

    key: str
    """Under which its state is kept."""
    point: Point
    sensor: Sensor
    rule: AnyRule | SilenceRule
    """With its limits in the quantity's own unit."""
    place: str
    inhibitors: tuple[str, ...]
    """Keys of the rules that inhibit it."""
    always: bool
    """It may open at any time."""

    @property
    def unit(self) -> str:
        """Of what it tells, where no reading says it."""
        if isinstance(self.rule, StuckRule | SilenceRule):
            return "s"
        quantity = None if isinstance(self.rule, CountRule) else QUANTITIES.get(self.rule.quantity)
        return {SIGNAL: "dBm"}.get(self.rule.quantity, "1") if quantity is None else quantity.unit

    def opens(self, moment: datetime, common: Common, is_open: Callable[[str], bool]) -> bool:
        """Whether it may open a case at `moment`; `is_open` tells of the rules that inhibit it."""
        if self.always:
            return True
        local = moment.astimezone(common.zone)
        here = local.replace(tzinfo=None)
        return (
            open_at(self.rule.schedule, local, common.works)
            and not any(one.begins <= here < one.ends for one in self.sensor.works)
            and not any(map(is_open, self.inhibitors))
        )

    def quiet(self, moment: datetime, common: Common) -> bool:
        """Whether `moment` lies within its quiet hours."""
        quiet = self.rule.quiet
        return bool(quiet) and open_at(quiet, moment.astimezone(common.zone), common.works)


class Duties:
    """All of a node."""

    def __init__(self, points: Iterable[Point], common: Common) -> None:
        """Of the sensors of these points."""
        self.common = common
        self.by_key: dict[str, Duty] = {}
        self.by_quantity: dict[tuple[str, str], tuple[Duty, ...]] = {}
        self.urgent: set[str] = set()
        """Sensors whose word is critical: fire, and who calls for help."""
        for point in points:
            for sensor in point.sensors:
                self._add(point, sensor)
        self.silences = tuple(one for one in self.by_key.values() if isinstance(one.rule, SilenceRule))
        self.timed = tuple(
            one for one in self.by_key.values() if one.rule.kind in ("state", "count") or one.rule.quiet
        )
        """Those that time alone can change."""

    def _add(self, point: Point, sensor: Sensor) -> None:
        if urgent(sensor.kind):
            self.urgent.add(sensor.id)
        rules = map(in_own_unit, sensor.rules or usual_rules(sensor.kind, self.common.codes))
        for rule in (*rules, *health_rules(sensor, self.common.classes)):
            of_itself = rule.id.startswith(HEALTH)
            inhibitors = tuple(_key_of(sensor.id, name) for name in rule.inhibited_by)
            if rule.kind == "silence" and sensor.parent is not None:
                inhibitors = (f"{sensor.parent}|{HEALTH}{SensorHealthKind.SILENT}",)
            duty = Duty(
                f"{sensor.id}|{rule.id}",
                point,
                sensor,
                rule,
                sensor.id if of_itself else sensor.place or sensor.id,
                inhibitors,
                not (rule.schedule or sensor.works or inhibitors),
            )
            self.by_key[duty.key] = duty
            known = (sensor.id, rule.quantity)
            self.by_quantity[known] = (*self.by_quantity.get(known, ()), duty)
            if rule.severity is Severity.CRITICAL:
                self.urgent.add(sensor.id)


def health_rules(
    sensor: Sensor, classes: Mapping[SensorHealthKind, str]
) -> Iterator[ThresholdRule | SilenceRule]:
    """The rules about the sensor itself, whose ids no other rule may have; `classes` are the site's."""
    health, weak = sensor.health, 2 * sensor.period
    for kind in (one for one in SensorHealthKind if one not in health.off):
        said: dict[str, Any] = {
            "id": f"{HEALTH}{kind}",
            "event_class": health.event_classes.get(kind) or classes.get(kind) or SENSOR_CLASSES[kind],
            "severity": health.severity,
        }
        match kind:
            case SensorHealthKind.SILENT:
                after = health.silent_after or SILENT_PERIODS * sensor.period
                yield SilenceRule.model_construct(quantity=SILENCE, after=after, **said)
            case SensorHealthKind.BATTERY:
                said |= {"kind": "threshold", "below": health.battery, "clear": health.battery_clear}
                yield ThresholdRule.model_construct(quantity=BATTERY, **said)
            case SensorHealthKind.SIGNAL:
                said |= {"kind": "threshold", "below": health.signal, "clear": health.signal_clear}
                yield ThresholdRule.model_construct(quantity=SIGNAL, hold=weak, clear_hold=weak, **said)


def _key_of(sensor: str, name: str) -> str:
    other, _, rule = name.rpartition("/")
    return f"{other or sensor}|{rule}"
