"""How lines of a case's log are chained: each one's hash covers its content and the hash before it. Pure.

`docs/design/cases.md` says the same for whoever verifies an exported case with a program of their own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from cloud.errors import CloudError

FIELDS = (
    "incident_id", "version", "at", "actor_kind", "actor_name", "action", "from_state", "to_state", "cause",
    "reason", "detail",
)  # fmt: skip
"""Of a line, all that is covered, beside `previous`: hex of the hash before it, null in the first line."""


def canonical(value: Any) -> bytes:
    """JSON in one way only: keys in order of code points, no spaces, UTF-8, numbers without exponent.

    Raises:
        CloudError: a number that is none (NaN), or something that is not JSON.
    """
    return _text(value).encode()


def line_hash(line: Mapping[str, Any], previous: bytes | None) -> bytes:
    """SHA-256 of a line with these `FIELDS` that follows the one with the hash `previous`."""
    content = {name: line[name] for name in FIELDS} | {"previous": previous.hex() if previous else None}
    return hashlib.sha256(canonical(content)).digest()


def anchor_digest(
    number: int, at: datetime, previous: bytes | None, heads: Iterable[tuple[UUID, int, bytes]]
) -> bytes:
    """SHA-256 of an anchor: which line each of these cases ended with, by id, and the anchor before it."""
    rows = [[case, version, head.hex()] for case, version, head in sorted(heads)]
    content = {"number": number, "at": at, "previous": previous.hex() if previous else None, "heads": rows}
    return hashlib.sha256(canonical(content)).digest()


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with six digits of a second: `2026-11-22T04:00:00.000000Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, UUID):
        return f'"{value}"'
    if isinstance(value, datetime):
        return f'"{instant(value)}"'
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_text(key)}:{_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    raise CloudError(f"a log line cannot hold a {type(value).__name__}; write it as text")


def _number(value: float) -> str:
    """As the database gives it back: 4.0 is 4, and the shortest digits that mean the same number."""
    if isinstance(value, int) or (value == value and abs(value) != float("inf") and value.is_integer()):
        return str(int(value))
    text = format(Decimal(repr(value)), "f")
    if not text.lstrip("-")[0].isdigit():
        raise CloudError(f"a log line cannot hold {value}; leave it out")
    return text
