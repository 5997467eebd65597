"""The periods that reports are made of: ISO weeks, half-months, months, by the site's calendar. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from cloud.deadlines.worktime import midnight

Kind = Literal["week", "half_month", "month"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DAY = timedelta(days=1)
_NAMES = {"week": r"(\d{4})-W(\d{2})", "half_month": r"(\d{4})-(\d{2})-([12])", "month": r"(\d{4})-(\d{2})"}


@dataclass(frozen=True, slots=True)
class Period:
    """One period: `2026-W47`, `2026-11-1` (to the 15th), `2026-11-2`, `2026-11`."""

    kind: Kind
    name: str
    first: date
    last: date

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When it begins, and when it is over, UTC."""
        return midnight(self.first, zone), midnight(self.last + DAY, zone)

    def following(self) -> Period:
        """The next one."""
        return period_of(self.kind, self.last + DAY)


def period_of(kind: Kind, day: date) -> Period:
    """The period in which `day` lies."""
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        year, week, _ = day.isocalendar()
        return Period(kind, f"{year:04}-W{week:02}", monday, monday + 6 * DAY)
    first = day.replace(day=1)
    last = (first + 31 * DAY).replace(day=1) - DAY
    if kind == "month":
        return Period(kind, f"{day:%Y-%m}", first, last)
    if day.day <= 15:
        return Period(kind, f"{day:%Y-%m}-1", first, day.replace(day=15))
    return Period(kind, f"{day:%Y-%m}-2", day.replace(day=16), last)


def parse(kind: Kind, name: str) -> Period:
    """The period of this name.

    Raises:
        ValueError: there is none.
    """
    match = re.fullmatch(_NAMES[kind], name)
    if match is None:
        raise ValueError(f"{name!r} is no {kind}")
    year, number = int(match[1]), int(match[2])
    if kind == "week":
        return period_of(kind, date.fromisocalendar(year, number, 1))
    second = kind == "half_month" and match[3] == "2"
    return period_of(kind, date(year, number, 16 if second else 1))
