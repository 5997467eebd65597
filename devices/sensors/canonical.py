"""From what a decoder says to canonical readings: units, plausible values, clocks, and their identity."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from devices.errors import PayloadError
from devices.messages import Reading
from devices.sensors.decoders.base import Incoming, Quality, Report, Sample
from devices.sensors.identity import by_arrival, by_time
from devices.sensors.payload import number
from devices.sensors.quantities import QUANTITIES, normalise, possible

MAX_CLOCK_ERROR_S = 24 * 3600
"""A device clock further off than this is not believed; the time of arrival stands in."""
MAX_SAMPLES = 64
"""Of one sensor in one message."""
WEAKEST, STRONGEST = -200.0, 30.0
"""dBm; what is outside is no signal strength."""


def readings(report: Report, message: Incoming) -> tuple[list[Reading], list[str]]:
    """The readings of a report, and `field: reason` of each value that is none."""
    refused = list(report.refused)
    if message.retained and report.samples:
        # Not fresh: a dead sensor would look alive, and open or clear something with every new session. What
        # was published while we were away comes from our session, and not as retained.
        return [], [*refused, "payload: kept by the broker, so not fresh; publish readings without `retain`"]
    if len(report.samples) > MAX_SAMPLES:
        refused.append(f"payload: {len(report.samples)} values; {MAX_SAMPLES} are taken")
    taken: dict[tuple[str, datetime | None], Sample] = {}
    for sample in report.samples[:MAX_SAMPLES]:
        try:
            value, unit = _in_our_unit(sample)
        except PayloadError as error:
            refused.append(f"{sample.quantity}: {error}")
            continue
        key = (sample.quantity, sample.taken_at)
        if key in taken:
            refused.append(f"{sample.quantity}: is there twice")
        else:
            taken[key] = replace(sample, value=value, unit=unit)
    battery = report.battery
    if battery is None:
        battery = next((one.value for one in taken.values() if one.quantity == "battery"), None)
    return [_reading(report, one, message, battery) for one in taken.values()], refused


def believed(taken_at: datetime | None, received_at: datetime) -> tuple[datetime, Quality]:
    """When it was taken, and whether a clock said so that can be believed."""
    if taken_at is None:
        return received_at, "edge_time"
    if abs((taken_at - received_at).total_seconds()) > MAX_CLOCK_ERROR_S:
        return received_at, "clock"
    return taken_at, "good"


def _reading(report: Report, sample: Sample, message: Incoming, battery: float | None) -> Reading:
    taken_at, quality = believed(sample.taken_at or report.taken_at, message.received_at)
    token = report.token if sample.token is None else sample.token
    boot, seq = _known_by(report.counter, token, taken_at, quality, message)
    if report.quality is not None:
        quality = report.quality
    signal = report.signal
    return Reading(
        point=report.post.point,
        sensor=report.post.sensor,
        quantity=sample.quantity,
        value=sample.value,
        unit=sample.unit or "1",
        taken_at=taken_at,
        received_at=message.received_at,
        boot=boot,
        seq=seq,
        quality=quality if possible(sample.quantity, sample.value) else "bad",
        battery=battery if battery is not None and possible("battery", battery) else None,
        signal=signal if signal is not None and WEAKEST <= signal <= STRONGEST else None,
    )


def _known_by(
    counter: tuple[str, int] | None,
    token: str | None,
    taken_at: datetime,
    quality: Quality,
    message: Incoming,
) -> tuple[str, int]:
    if counter is not None:
        return counter
    if quality == "good":
        told = message.payload if token is None else token.encode(errors="surrogatepass")
        return by_time(taken_at, told)
    # Not by a clock that stands still at its beginning either: all it says would be one reading.
    return by_arrival(
        message.received_at, message.topic, message.payload, message.mid, again=message.redelivered
    )


def _in_our_unit(sample: Sample) -> tuple[float, str]:
    value = number(sample.value, "v")
    if sample.unit is None:
        quantity = QUANTITIES.get(sample.quantity)
        return value, "1" if quantity is None else quantity.unit
    return normalise(sample.quantity, value, sample.unit)
