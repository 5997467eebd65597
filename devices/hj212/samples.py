"""The values in a packet of data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from devices.errors import PayloadError
from devices.hj212.factors import FACTORS, FIELDS, MARKS, SPANS, Factor, Quality, Span
from devices.hj212.packet import Packet, groups
from devices.stations import Sample

WINDOW = 128
"""Values of one quantity that share a `boot`: as many as the node's memory of repeats is wide."""
_CODE = re.compile(r"[A-Za-z0-9.]{1,12}")
_LARGEST = 1e15


@dataclass(frozen=True, slots=True)
class Values:
    """What a packet of data holds."""

    samples: tuple[Sample, ...]
    unreadable: tuple[str, ...] = ()
    """Codes whose value is no number: an instrument that is out of order sends dashes."""


def sent_at(packet: Packet, zone: tzinfo) -> datetime | None:
    """When the station says that it sent this, by its clock; None where QN is missing or no time."""
    return _moment(packet.qn[:14], zone)


def data_time(packet: Packet, zone: tzinfo) -> datetime | None:
    """DataTime of a packet's values, by the station's clock; None where there is none.

    Raises:
        PayloadError: it is no time.

    """
    for group in groups(packet.cp):
        if (text := group.get("DataTime")) is not None:
            moment = _moment(text[:14].ljust(14, "0"), zone)
            if moment is None:
                raise PayloadError("DataTime: must be YYYYMMDDhhmmss")
            return moment
    return None


def samples(packet: Packet, taken_at: datetime, mark: datetime | None = None) -> Values:
    """The values of a packet of one of the `SPANS`.

    `taken_at`: the packet's `data_time`, or that of the part before it. A value is the same when it comes
    again with the same data time, also under another QN, since stations send again in either way; where the
    data time stands still, `mark` is the time to tell values apart by.

    Raises:
        PayloadError: it is no packet of data, or has more items than any.

    """
    span = SPANS.get(packet.cn)
    if span is None:
        raise PayloadError(f"CN: {packet.cn} carries no values known here")
    number = int((mark or taken_at).timestamp()) // span.seconds
    boot, seq = f"{number // WINDOW:x}", number % WINDOW
    found: dict[str, Sample] = {}
    left: list[str] = []
    for code, fields in _factors(packet).items():
        factor = FACTORS.get(code.upper()) or Factor("hj_" + re.sub(r"\W", "_", code.lower()), "")
        quality = _quality(fields)
        for quantity, text in _values(factor, span, fields):
            value = _number(text)
            if value is None:
                left.append(code)
            else:
                found.setdefault(quantity, Sample(quantity, value, factor.unit, taken_at, boot, seq, quality))
    return Values(tuple(found.values()), tuple(dict.fromkeys(left)))


def _factors(packet: Packet) -> dict[str, dict[str, str]]:
    """Code -> its fields."""
    factors: dict[str, dict[str, str]] = {}
    for group in groups(packet.cp):
        for name, value in group.items():
            code, dash, field = name.rpartition("-")
            if dash and _CODE.fullmatch(code):
                factors.setdefault(code, {}).setdefault(field, value)
    return factors


def _values(factor: Factor, span: Span, fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    for field, ending in FIELDS.items():
        if fields.get(field):
            yield factor.quantity + span.suffix + ending, fields[field]


def _quality(fields: dict[str, str]) -> Quality:
    mark = fields.get("Flag")
    return "good" if not mark else MARKS.get(mark.upper(), "uncertain")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= _LARGEST else None


def _moment(digits: str, zone: tzinfo) -> datetime | None:
    if len(digits) != 14 or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=zone)
    except ValueError:
        return None
