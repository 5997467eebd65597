"""Sensors, messages and what decoders make of them, for the tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.sensors.decoders.base import Incoming
from devices.sensors.router import Heard, Router
from devices.site.model import Names, Point, Position, Sensor

NOW = datetime(2026, 11, 22, 8, 0, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
PAYLOADS = Path(__file__).parent / "payloads"
_NAMES = Names(zh="桥", en="Bridge")


def sensor(**entry: object) -> Sensor:
    return Sensor.model_validate({"id": "P07-S1", "name": _NAMES, "kind": "climate"} | entry)


def points(*sensors: Sensor) -> list[Point]:
    where = Position(lon=121, lat=31)
    return [Point(id="P07", name=_NAMES, node="n1", grid="G01", position=where, sensors=sensors)]


def router(*sensors: Sensor) -> Router:
    return Router(points(*sensors), ZONE)


def incoming(topic: str, body: object, at: datetime = NOW, **more: object) -> Incoming:
    payload = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Incoming(topic, payload, at, **more)  # type: ignore[arg-type]


def values(heard: Heard) -> dict[str, float]:
    return {reading.quantity: reading.value for reading in heard.readings}


def known_by(heard: Heard) -> set[tuple[str, str, str, int]]:
    return {(one.sensor, one.quantity, one.boot, one.seq) for one in heard.readings}


def reasons(heard: Heard) -> list[str]:
    return [one.reason for one in heard.refused]
