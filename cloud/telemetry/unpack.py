"""From what travels to what is kept: readings and samples as values of traces. Pure."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from cloud.telemetry.values import Trace, Value
from devices.messages import Reading, Telemetry

LONGEST = 64
"""Characters of a quantity or a unit."""
_SOUND = frozenset({"good", "edge_time", "clock"})


def fault_of(text: str) -> str:
    """Why this cannot name a quantity or unit in every store; empty when it can.

    Line protocol has no way to write a line's end, and none that all its readers share for a backslash;
    PostgreSQL keeps no NUL.
    """
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if "\\" in text or not text.isprintable():
        return "holds a backslash or what cannot be printed"
    return ""


def unpack(batch: Telemetry) -> Iterator[Value | str]:
    """Each value of a message, or why it can be kept nowhere.

    Battery and signal of a reading become traces of their own, once for each moment of a device, and not at
    all where the device's own reading of the same says it.
    """
    beside = {(one.sensor, one.quantity, _whole(one.taken_at)) for one in batch.readings}
    for reading in batch.readings:
        yield _checked(
            Value(
                Trace(batch.node, reading.point, reading.sensor, "", reading.quantity, reading.unit),
                moment(reading),
                reading.value,
                reading.quality in _SOUND,
            )
        )
        at = _whole(reading.taken_at)
        for quantity, unit, number in (
            ("battery", "%EL", reading.battery),
            ("signal", "dBm", reading.signal),
        ):
            if number is None or (reading.sensor, quantity, at) in beside:
                continue
            beside.add((reading.sensor, quantity, at))
            yield _checked(
                Value(Trace(batch.node, reading.point, reading.sensor, "", quantity, unit), at, number)
            )
    for sample in batch.samples:
        trace = Trace(
            batch.node, sample.point or "", sample.device, sample.zone or "", sample.quantity, sample.unit
        )
        yield _checked(Value(trace, _whole(sample.taken_at), sample.value))


def moment(reading: Reading) -> datetime:
    """When it was taken, to the millisecond; the microseconds tell apart two of one millisecond.

    A device whose clock knows seconds only may say two things in one. Both stores know a value by its
    moment, so the device's own number goes into the digits that it does not use: the same reading has
    the same moment however often it comes.
    """
    apart = (reading.seq + zlib.crc32(reading.boot.encode())) % 1000
    return _whole(reading.taken_at) + timedelta(microseconds=apart)


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _checked(one: Value) -> Value | str:
    if not math.isfinite(one.value):
        return f"{one.trace.device} {one.trace.quantity}: the value is not a finite number"
    for name, text in (("quantity", one.trace.quantity), ("unit", one.trace.unit)):
        if fault := fault_of(text):
            return f"{one.trace.device}: its {name} {fault}"
    return one
