"""What clients of GeoReport v2 send, understood. Pure: strings in, frozen values or a refusal out.

An empty argument is one that was not given, as the specification has it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cloud.errors import Problem

SPAN = timedelta(days=90)
MOST = 1000
"""Requests in one answer."""
LONGEST = 4000
"""Characters of a description."""
Arguments = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Query:
    """Which requests are wanted."""

    start: datetime
    end: datetime
    codes: tuple[str, ...] = ()
    """None: all."""
    open: bool | None = None
    """None: open and closed ones."""
    page: int = 1
    size: int = MOST


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request to be made."""

    code: str
    lon: float
    lat: float
    words: str
    address: str | None


def query(given: Arguments, now: datetime) -> Query:
    """Which requests are wanted.

    Raises:
        Problem: invalid.
    """
    start, end = _time(given, "start_date"), _time(given, "end_date")
    if start is None and end is None:
        end = now
    if end is None:
        assert start is not None
        end = min(max(start, now), _plus(start, SPAN))
    if start is None:
        start = _plus(end, -SPAN)
    if start > end:
        raise refused("start_date: is later than end_date")
    if end - start > SPAN:
        raise refused(f"start_date, end_date: may span {SPAN.days} days at most")
    statuses = set(several(given, "status"))
    if unknown := statuses - {"open", "closed"}:
        raise refused(f"status: {', '.join(sorted(unknown))!r} is not open or closed")
    return Query(
        start=start,
        end=end,
        codes=several(given, "service_code"),
        open="open" in statuses if len(statuses) == 1 else None,
        page=_count(given, "page", 1, 1_000_000),
        size=_count(given, "page_size", MOST, MOST),
    )


def new_request(given: Arguments) -> NewRequest:
    """The request that a client makes. Who reports, and by which device, is not looked at.

    Raises:
        Problem: invalid.
    """
    code = given.get("service_code", "").strip()
    if not code:
        raise refused("service_code: was not provided")
    if not given.get("lat") or not given.get("long"):
        raise refused("lat, long: were not provided; an address alone cannot be placed here")
    lat, lon = _degrees(given, "lat", 90), _degrees(given, "long", 180)
    words = given.get("description", "")
    if len(words) > LONGEST:
        raise refused(f"description: is longer than {LONGEST} characters")
    address = given.get("address_string", "").strip()
    if len(address) > 200:
        raise refused("address_string: is longer than 200 characters")
    for name, text in (("description", words), ("address_string", address)):
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise refused(f"{name}: is not UTF-8 text")
    return NewRequest(code, lon, lat, words, address or None)


def several(given: Arguments, name: str) -> tuple[str, ...]:
    """The values of an argument that may hold several, parted by commas."""
    return tuple(text for part in given.get(name, "").split(",") if (text := part.strip()))


def refused(why: str) -> Problem:
    """A 400 of this API."""
    return Problem("invalid", why)


def _time(given: Arguments, name: str) -> datetime | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        # a plus sign in an address arrives as a blank
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise refused(f"{name}: write a time with its zone, for example 2010-01-01T00:00:00Z")
    try:
        # near the ends of the calendar a time has no form in UTC
        return found.astimezone(UTC)
    except OverflowError:
        raise refused(f"{name}: is no time of ours") from None


def _plus(at: datetime, span: timedelta) -> datetime:
    try:
        return at + span
    except OverflowError:
        raise refused("start_date, end_date: are no times of ours") from None


def _count(given: Arguments, name: str, default: int, most: int) -> int:
    text = given.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 7 or not 1 <= int(text) <= most:
        raise refused(f"{name}: write a whole number from 1 to {most}")
    return int(text)


def _degrees(given: Arguments, name: str, most: float) -> float:
    try:
        found = float(given[name])
    except ValueError:
        found = math.nan
    if not -most <= found <= most:
        raise refused(f"{name}: write degrees from -{most:g} to {most:g}")
    return found
