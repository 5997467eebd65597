"""A sensor's message as readings.

The payload of `tele` and `event`:

    {"v": 1, "dev": "P07-S1", "boot": "7f3a", "seq": 1234, "t": 1795323038123,
     "m": [{"n": "water_level", "v": 0.42, "u": "m"}, {"n": "battery", "v": 87, "u": "%EL"}],
     "rssi": -97, "flags": ["selftest"]}

`t` is the device's clock in milliseconds since 1970 UTC and may be missing; `dev`, `rssi` and `flags` too.
`boot` changes with every start of the device, `seq` rises by one with every message of a boot.
The names in `m` are SenML's (RFC 8428). Unknown fields are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from devices.errors import PayloadError
from devices.messages import Reading
from devices.sensors.canonical import readings
from devices.sensors.decoders.base import Incoming, Post, Quality, Report, Sample
from devices.sensors.payload import boot_id, count, load_object, moment, number, version
from devices.sensors.quantities import normalise
from devices.sensors.topics import Channel, Topic, parse
from devices.site.model import Point

MAX_MEASUREMENTS = 64

Bindings = Mapping[str, str]
"""Sensor id -> the point where the site says it stands."""

_FLAGS: tuple[tuple[str, Quality], ...] = (("fault", "bad"), ("selftest", "uncertain"))
"""What the device says of its own values, worst first: a reading out of a self-test is no finding."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_UNIT = re.compile(r"[!-~°℃µμ³ ]{0,16}")


def bindings(points: Iterable[Point]) -> dict[str, str]:
    """Where each sensor of `points` stands."""
    return {sensor.id: point.id for point in points for sensor in point.sensors}


def bound(topic: str, where: Bindings) -> Topic:
    """`topic` taken apart, after the site confirmed that this device stands at this point.

    Raises:
        PayloadError: not a topic of the tree, an unknown device, or one that claims another point.

    """
    parsed = parse(topic)
    point = where.get(parsed.device)
    if point is None:
        raise PayloadError(f"topic: sensor {parsed.device} is not in the site")
    if point != parsed.point:
        raise PayloadError(f"topic: sensor {parsed.device} stands at {point}, not at {parsed.point}")
    return parsed


def decode(topic: str, payload: bytes, bindings: Bindings, received_at: datetime) -> tuple[Reading, ...]:
    """The readings of one message; none for `state` and `birth`, which measure nothing.

    Args:
        topic: as it came.
        payload: as it came.
        bindings: which sensor stands where, by the site.
        received_at: time of arrival, UTC.

    Raises:
        PayloadError: the message is not what the schema says; names the field and never quotes the payload.

    """
    where = bound(topic, bindings)
    if where.channel not in (Channel.TELE, Channel.EVENT):
        return ()
    report = report_of(payload, Post(where.point, where.device, where.device))
    return tuple(readings(report, Incoming(topic, payload, received_at))[0])


def report_of(payload: bytes, post: Post) -> Report:
    """What a message of `tele` or `event` says of the sensor it comes from.

    Raises:
        PayloadError: the message is not what the schema says; names the field and never quotes the payload.

    """
    body = load_object(payload)
    version(body, post.sensor)
    counter = boot_id(body), count(body, "seq")
    rssi = body.get("rssi")
    return Report(
        post,
        _measurements(body),
        taken_at=_time(body),
        counter=counter,
        signal=None if rssi is None else number(rssi, "rssi"),
        quality=_flagged(body),
    )


def _time(body: dict[str, Any]) -> datetime | None:
    if body.get("t") is None:
        return None
    return moment(number(body["t"], "t") / 1000)


def _flagged(body: dict[str, Any]) -> Quality | None:
    flags = body.get("flags", [])
    if not isinstance(flags, list):
        raise PayloadError("flags: must be a list")
    return next((quality for flag, quality in _FLAGS if flag in flags), None)


def _measurements(body: dict[str, Any]) -> tuple[Sample, ...]:
    items = body.get("m")
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_MEASUREMENTS:
        raise PayloadError(f"m: must be a list of 1 to {MAX_MEASUREMENTS} measurements")
    measured: dict[str, Sample] = {}
    for at, item in enumerate(items):
        if not isinstance(item, dict):
            raise PayloadError(f"m[{at}]: must be an object")
        name, unit = item.get("n"), item.get("u", "")
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise PayloadError(f"m[{at}].n: must be a name in small letters, digits and _")
        if name in measured:
            raise PayloadError(f"m[{at}].n: {name} is there twice")
        if not isinstance(unit, str) or _UNIT.fullmatch(unit) is None:
            raise PayloadError(f"m[{at}].u: must be a unit symbol of at most 16 characters")
        try:
            value, symbol = normalise(name, number(item.get("v"), "v"), unit)
        except PayloadError as error:
            raise PayloadError(f"m[{at}].{error}") from None
        measured[name] = Sample(name, value, symbol)
    return tuple(measured.values())
