"""From bytes that anybody may have sent to a checked JSON object and its fields.

Whatever the bytes are, these functions return or raise `PayloadError`; nothing of the payload but a short,
printable excerpt gets into the error.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from devices.errors import PayloadError

MAX_BYTES = 65536
"""As much as the broker lets through (`devices.site.mosquitto`): an uplink that twenty gateways heard
has 10 KB, and a Sparkplug birth or all that a device of Home Assistant has, more."""
MAX_SEQ = 2**53
"""Above it JSON numbers lose digits in other readers."""
_MAX_VALUE = 1e15
"""Far above every quantity here, far below where float arithmetic overflows."""
_FIRST, _LAST = -62_135_596_800.0, 253_402_300_799.0
"""Seconds from 1970 to the begin of the year 1 and the end of 9999, where `datetime` ends."""
_BOOT = re.compile(r"[A-Za-z0-9._-]{1,32}")


def _no_constant(name: str) -> float:
    raise PayloadError(f"payload: {name} is not a number in JSON")


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise PayloadError("payload: a field stands there twice")
    return fields


def load_json(payload: bytes) -> Any:
    """The JSON in `payload` (UTF-8, at most 64 KB, no NaN or Infinity, no field twice).

    Raises:
        PayloadError: anything else.

    """
    if len(payload) > MAX_BYTES:
        raise PayloadError(f"payload: {len(payload)} bytes; at most {MAX_BYTES} are taken")
    try:
        return json.loads(payload.decode(), parse_constant=_no_constant, object_pairs_hook=_no_twice)
    except UnicodeDecodeError as error:
        raise PayloadError("payload: not UTF-8") from error
    except RecursionError:
        raise PayloadError("payload: nested too deep") from None
    except ValueError as error:  # also an integer of thousands of digits
        raise PayloadError("payload: not JSON") from error


def load_object(payload: bytes) -> dict[str, Any]:
    """The JSON object in `payload`.

    Raises:
        PayloadError: it is none.

    """
    body = load_json(payload)
    if not isinstance(body, dict):
        raise PayloadError("payload: not a JSON object")
    return body


def version(body: dict[str, Any], device: str) -> None:
    """Check `v` and, where it is given, that `dev` is the device of the topic.

    Raises:
        PayloadError: another version, or another device.

    """
    given = body.get("v")
    if isinstance(given, bool) or given != 1:
        raise PayloadError("v: must be 1")
    if body.get("dev", device) != device:
        raise PayloadError("dev: is not the device of the topic")


def number(value: object, place: str) -> float:
    """A finite number of sane size, and no bool.

    Raises:
        PayloadError: anything else; `place` names the field.

    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PayloadError(f"{place}: must be a number")
    if not abs(value) <= _MAX_VALUE or not math.isfinite(value):
        raise PayloadError(f"{place}: out of every range")
    return float(value)


def moment(seconds: float) -> datetime:
    """The time so many seconds after 1970 UTC; the nearest there is, where the calendar of years ends."""
    return datetime.fromtimestamp(min(max(seconds, _FIRST), _LAST), UTC)


def count(body: dict[str, Any], name: str) -> int:
    """A whole number from 0 on.

    Raises:
        PayloadError: anything else.

    """
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SEQ:
        raise PayloadError(f"{name}: must be a whole number, 0 or more")
    return value


def boot_id(body: dict[str, Any]) -> str:
    """The id the device chose when it started.

    Raises:
        PayloadError: missing, or not 1 to 32 letters, digits and . _ -

    """
    value = body.get("boot")
    if not isinstance(value, str) or _BOOT.fullmatch(value) is None:
        raise PayloadError("boot: must be 1 to 32 letters, digits and . _ -")
    return value
