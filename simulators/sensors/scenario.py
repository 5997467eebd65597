"""What happens in the street and what goes wrong with its sensors, by the seconds of the scenario's clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from devices.sensors.quantities import KINDS, QUANTITIES
from devices.site.model import Point, Sensor
from simulators.sensors.chance import scramble


@dataclass(frozen=True, slots=True)
class Happening:
    """A quantity leaves its normal course: up in `rise` s, there for `hold` s, back in `fall` s."""

    sensor: str
    quantity: str
    start: float
    """Seconds after the scenario's start."""
    hold: float
    level: float
    """In the quantity's own unit."""
    rise: float = 0.0
    fall: float = 0.0

    @property
    def end(self) -> float:
        """When the value is back to normal."""
        return self.start + self.rise + self.hold + self.fall

    @property
    def edges(self) -> tuple[float, ...]:
        """When something sudden happens that a device reports at once; a ramp has none."""
        return () if self.rise else (self.start, self.end)

    def share(self, t: float) -> float:
        """How far it has come, 0 (normal) to 1 (`level`)."""
        if not self.start <= t < self.end:
            return 0.0
        up = (t - self.start) / self.rise if self.rise else 1.0
        down = (self.end - t) / self.fall if self.fall else 1.0
        return min(1.0, up, down)


class FaultKind(StrEnum):
    """What can be wrong with a device."""

    SILENT = "silent"
    """On line, but no measurements."""
    STUCK = "stuck"
    """The values of the fault's first moment, again and again."""
    GARBAGE = "garbage"
    """Half a message and bytes that are not text."""
    DUPLICATE = "duplicate"
    """Every message twice."""
    CLOCK_OFF = "clock_off"
    """Its clock starts from the year 2000."""
    FLOOD = "flood"
    """A hundred times as often."""
    WRONG_UNIT = "wrong_unit"
    """A unit that does not measure the quantity."""
    RADIO = "radio"
    """Nothing that it sends is heard; its numbers go on."""
    LATE = "late"
    """What it sends is held back, and comes all at once when the fault ends."""
    REBOOT = "reboot"
    """Starts anew at the fault's first moment: another boot id, numbers from 0."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one sensor, for a time."""

    sensor: str
    kind: FaultKind
    start: float = 0.0
    duration: float = float("inf")

    def holds(self, t: float) -> bool:
        """Whether it holds at `t`."""
        return self.start <= t < self.start + self.duration


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that is scripted; an empty one is a quiet street."""

    happenings: tuple[Happening, ...] = ()
    faults: tuple[Fault, ...] = ()
    passers: bool = True
    """Cars stop at parking bays by themselves, for minutes; no: nothing happens that is not scripted."""


_LEVELS: Mapping[str, float] = {
    "smoke_obscuration": 0.6,
    "tilt": 38,
    "water_level": 32,
    "field_change": 24,
    "open": 1,
    "laeq": 88,
    "residual_current": 480,
    "pressed": 1,
    "fill": 97,
}
"""What an event looks like where the site has no rule that says what is too much."""

_NOTICE_S = 30.0
"""How much longer than the rule's hold an event lasts."""

_PROGRAMME: tuple[tuple[str, float, float, float], ...] = (
    ("water_level", 36, 60, 6),
    ("smoke", 150, 45, 4),
    ("manhole", 240, 60, 0),
    ("sos", 330, 4, 0),
    ("door", 420, 60, 0),
    ("leakage", 540, 60, 5),
    ("parking", 660, 60, 0),
    ("noise", 780, 60, 10),
    ("bin", 900, 60, 30),
)
"""Kind, start, shortest hold and rise in seconds: one event after the other, so that each can be followed."""


def demo(points: Iterable[Point], seed: int, busy: frozenset[str] = frozenset({"P01"})) -> Scenario:
    """The shipped demonstration: rising water after about 40 s, then one event after the other.

    An event lasts long enough for the sensor's rule to take notice.

    Args:
        points: the street.
        seed: which sensor of a kind it hits.
        busy: points left alone, because something else is to be seen there.

    """
    sensors = [sensor for point in points if point.id not in busy for sensor in point.sensors]
    happenings = []
    for number, (kind, start, hold, rise) in enumerate(_PROGRAMME):
        fitting = [sensor for sensor in sensors if sensor.kind == kind]
        if fitting:
            sensor = fitting[scramble(seed, number) % len(fitting)]
            quantity = KINDS[kind][0]
            level, needed = _past_the_rule(sensor, quantity)
            happenings.append(Happening(sensor.id, quantity, start, max(hold, needed), level, rise, rise))
    return Scenario(tuple(happenings))


def _past_the_rule(sensor: Sensor, quantity: str) -> tuple[float, float]:
    """A level clearly past the first limit that the site sets for `quantity`, and how long it must last."""
    highest = QUANTITIES[quantity].highest
    for rule in sensor.rules:
        if rule.kind == "threshold" and rule.quantity == quantity and rule.above is not None:
            level = highest if highest == 1 else min(highest, 1.25 * rule.above)
            return level, rule.hold + _NOTICE_S
    return _LEVELS[quantity], 0.0
