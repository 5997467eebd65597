"""What judging sensors costs: `python -m tests.bench.bench_rules`. One JSON line a figure.

CPU of one step of each kind of rule over a value that moves and opens now and then; then of one reading
through all that judges it (its time, the health of its sensor, three rules) among 380 sensors. No store.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from devices.ids import uuid7
from devices.messages import Reading
from devices.site.model import Names, Point, Position, Sensor
from devices.site.sensor_rules import AnyRule, QuantityRule
from edge.judge.duties import Common, Duties
from edge.judge.level import BLANK
from edge.judge.quantity import judge
from edge.judge.sensors import Memory, SensorRules

STEPS = 100_000
SENSORS = 380
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
VALUES = [10.0 + (n * 7919 % 41) / 10 for n in range(997)]
"""Between the two limits most of the time."""
LIMITS = {"above": 13.5, "clear": 10.5, "hold": 5.0, "clear_hold": 5.0}
KINDS: dict[str, dict[str, Any]] = {
    "threshold": LIMITS,
    "levels": {
        "levels": [
            {"above": 13.5, "clear": 10.5, "severity": "medium"},
            {"above": 13.8, "clear": 11.0, "severity": "high"},
            {"above": 14.5, "clear": 12.0, "severity": "critical"},
        ]
    },
    "rate": {"rises": 3.5, "within": 600.0},
    "state": {"equals": 10.0, "hold": 5.0},
    "count": {"above": 13.5, "count": 5, "within": 60.0},
    "window": {"of": "mean", "within": 3600.0, "above": 13.0, "clear": 11.0},
    "stuck": {"hold": 600.0},
}
RULE: TypeAdapter[AnyRule] = TypeAdapter(QuantityRule)


def main() -> int:
    """Measure and print."""
    say("machine", cores=os.cpu_count(), python=sys.version.split()[0])
    for kind in KINDS:
        say(kind, us_per_step=round(per_step(kind), 2))
    say("reading", sensors=SENSORS, rules=3, us_per_reading=round(per_reading(), 2))
    return 0


def say(name: str, **figures: object) -> None:
    """One JSON line."""
    print(json.dumps({"bench": f"rules.{name}", **figures}), flush=True)


def per_step(kind: str) -> float:
    """Microseconds of CPU of one step of one rule."""
    asked, level = rule(kind), BLANK

    def steps() -> None:
        nonlocal level
        for n in range(STEPS):
            level, _ = judge(asked, level, VALUES[n % 997], n * 1.0, uuid7)

    return cpu(steps) / STEPS * 1e6


def per_reading() -> float:
    """Microseconds of CPU of one reading through three rules and the sensor's own health."""
    rules = tuple(rule(kind) for kind in ("threshold", "levels", "rate"))
    names = Names(zh="某处", en="Somewhere")
    sensors = tuple(Sensor(id=f"S{n}", name=names, kind="any", rules=rules) for n in range(SENSORS))
    point = Point(id="P", name=names, node="n", grid="G", position=Position(lon=120, lat=30), sensors=sensors)
    engine, memory = SensorRules(Duties([point], Common()), uuid7), Memory()
    readings = [reading(n) for n in range(STEPS // 4)]

    def steps() -> None:
        for at in range(0, len(readings), 100):
            draft = memory.draft()
            for n, one in enumerate(readings[at : at + 100], at):
                engine.hear(draft, one, n / SENSORS)
            draft.adopt()

    return cpu(steps) / len(readings) * 1e6


def reading(n: int) -> Reading:
    """The n-th of all."""
    at = BEGAN + timedelta(seconds=n / SENSORS)
    return Reading(
        point="P",
        sensor=f"S{n % SENSORS}",
        quantity="q",
        value=VALUES[n // SENSORS % 997],
        unit="1",
        taken_at=at,
        received_at=at,
        boot="b",
        seq=n // SENSORS,
        battery=80.0,
        signal=-80.0,
    )


def rule(kind: str) -> AnyRule:
    """One of that kind."""
    written = {"kind": kind, "id": kind, "event_class": "05-06", "quantity": "q"}
    return RULE.validate_python(written | KINDS[kind])


def cpu(work: Callable[[], None]) -> float:
    """Seconds of CPU of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
