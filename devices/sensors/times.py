"""The times that devices and network servers write."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from devices.errors import PayloadError
from devices.sensors.payload import moment, number

_MILLIS, _MICROS, _NANOS = 1e11, 1e14, 1e17
"""From here on a number of seconds would be after the year 5138, and is one of smaller units."""


def time_of(value: object, place: str, zone: tzinfo = UTC) -> datetime:
    """ISO 8601 (in `zone` where it names none), or seconds, ms, µs or ns since 1970 UTC.

    Raises:
        PayloadError: anything else; `place` names the field.

    """
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
            aware = read if read.tzinfo is not None else read.replace(tzinfo=zone)
            return aware.astimezone(UTC)
        except (ValueError, OverflowError):
            raise PayloadError(f"{place}: is no time; write ISO 8601") from None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _NANOS:
        value = value // 1_000_000_000 if abs(value) < 10**22 else None
    seconds = number(value, place)
    if abs(seconds) >= _MICROS:
        seconds /= 1e6
    elif abs(seconds) >= _MILLIS:
        seconds /= 1e3
    return moment(seconds)
