"""What the fake cloud's points and nodes measured: a day of every kind of curve, one of them with a hole."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from cloud.telemetry.values import Trace, Value, begin_of, down_sampled, step_for
from devices.site.model import Point, Site
from tests.e2e.fake_street import stamp

EVERY = timedelta(seconds=30)
HOLE = (timedelta(minutes=35), timedelta(minutes=20))
"""From so long ago to so long ago nothing came of the first sensor."""
LIMITS = [
    {"value": 15.0, "side": "above", "severity": "medium"},
    {"value": 27.0, "side": "above", "severity": "high"},
]


def _kinds(point: Point) -> list[tuple[str, str | None, str, str, float, float]]:
    """Device, zone, quantity, unit, middle and swing."""
    found = []
    for sensor in point.sensors:
        found += [
            (sensor.id, None, "water_level", "cm", 9.0, 8.0),
            (sensor.id, None, "battery", "%EL", 81.0, 0.4),
        ]
    for camera in point.cameras:
        found += [(camera.id, zone.id, "things", "", 1.5, 1.5) for zone in camera.zones]
        found += [(camera.id, None, "fps", "Hz", 24.5, 0.6), (camera.id, None, "sharpness", "%", 96.0, 3.0)]
    return found


def series(site: Site, query: str, now: datetime) -> list[dict[str, Any]]:
    """What `GET /telemetry/series` answers."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    if "node" in asked:
        return [_listed(asked["node"], None, asked["node"], None, "cpu", "core", 0.6, now)]
    point = next(one for one in site.points if one.id == asked["point"])
    return [
        _listed(point.node, point.id, device, zone, quantity, unit, middle, now)
        for device, zone, quantity, unit, middle, _ in _kinds(point)
    ]


def _listed(
    node: str,
    point: str | None,
    device: str,
    zone: str | None,
    quantity: str,
    unit: str,
    last: float,
    now: datetime,
) -> dict[str, Any]:
    return {
        "node": node, "point": point, "device": device, "zone": zone, "quantity": quantity, "unit": unit,
        "last_at": stamp(now), "last_value": last, "limits": LIMITS if quantity == "water_level" else [],
    }  # fmt: skip


def chart(site: Site, query: str, now: datetime) -> dict[str, Any]:
    """What `GET /telemetry` answers."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    zone = asked.get("zone")
    key = (asked["device"], zone, asked["quantity"])
    known = {one[:3]: one[3:] for point in site.points for one in _kinds(point)}
    unit, middle, swing = known.get(key, ("core", 0.6, 0.3))
    since = datetime.fromisoformat(asked["from"])
    step = timedelta(seconds=step_for(since, now))
    trace = Trace("n1", "", asked["device"], zone or "", asked["quantity"], unit)
    values = []
    at = begin_of(since, step)
    while at < now:
        age = now - at
        if asked["quantity"] != "water_level" or not HOLE[1] < age < HOLE[0]:
            wave = math.sin(at.timestamp() / 700) + 0.25 * math.sin(at.timestamp() / 31)
            number = middle + swing * wave
            values.append(
                Value(trace, at, round(number) if asked["quantity"] == "things" else round(number, 2))
            )
        at += max(EVERY, step / 4)
    buckets = down_sampled(values, step)
    columns = {
        name: [getattr(one, name) for one in buckets] for name in ("count", "low", "mean", "high", "last")
    }
    return {
        "device": asked["device"], "zone": zone, "quantity": asked["quantity"], "unit": unit,
        "since": stamp(begin_of(since, step)), "until": stamp(begin_of(now, step) + step),
        "step": int(step.total_seconds()), "at": [stamp(one.at) for one in buckets], **columns,
    }  # fmt: skip
