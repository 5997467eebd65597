"""Times of the week as people write them: "22:00-06:00", "mon-fri 07:30-09:00", "sat sun 00:00-24:00".

`workdays` and `restdays` go by a calendar with holidays and make-up days, where the site has one; else they
are Monday to Friday, and Saturday and Sunday. A time that ends before it begins goes over midnight and
belongs to the day on which it begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

Works = Callable[[date], bool]
"""Whether people work on a day."""
WORKDAYS, RESTDAYS = 7, 8
"""Beside the days of the week: those that a calendar knows."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BY_CALENDAR = {"workdays": WORKDAYS, "restdays": RESTDAYS}
WEEK = frozenset(range(7))
MIDNIGHT = 24 * 60
_WRITTEN = re.compile(r"^\s*([a-z\s,-]*?)\s*(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)\s*$")
_SPAN = re.compile(r"([a-z]+)(?:\s*-\s*([a-z]+))?")


@dataclass(frozen=True, slots=True)
class Hours:
    """One time on some days (0 is Monday); `begins` and `ends` in minutes after midnight."""

    days: frozenset[int]
    begins: int
    ends: int

    @property
    def by_calendar(self) -> bool:
        """It depends on holidays."""
        return bool(self.days & {WORKDAYS, RESTDAYS})

    def hold(self, local: datetime, works: Works) -> bool:
        """Whether `local` lies within; the end does not."""
        minute, day = local.hour * 60 + local.minute, local.date()
        if self.begins < self.ends:
            return self.begins <= minute < self.ends and self.on(day, works)
        return (minute >= self.begins and self.on(day, works)) or (
            minute < self.ends and self.on(day - timedelta(days=1), works)
        )

    def on(self, day: date, works: Works) -> bool:
        """Whether it begins on `day`."""
        if day.weekday() in self.days:
            return True
        return self.by_calendar and (WORKDAYS if works(day) else RESTDAYS) in self.days


def by_weekday(day: date) -> bool:
    """Who has no calendar works from Monday to Friday."""
    return day.weekday() < 5


@lru_cache(maxsize=256)
def hours(text: str) -> Hours:
    """Read one written time.

    Raises:
        ValueError: it is none; the message says how to write one.
    """
    match = _WRITTEN.match(text.lower())
    if match is None:
        raise ValueError(
            'is not a time of the week; write for example "22:00-06:00", "mon-fri 07:30-09:00" '
            'or "sat sun 00:00-24:00"'
        )
    begins, ends = (int(match[at]) * 60 + int(match[at + 1]) for at in (2, 4))
    if int(match[3]) > 59 or int(match[5]) > 59 or begins >= MIDNIGHT or ends > MIDNIGHT:
        raise ValueError("has a time that no clock shows; write hours 00 to 24 and minutes 00 to 59")
    if begins == ends:
        raise ValueError("ends when it begins; write 00:00-24:00 for the whole day")
    return Hours(_days(match[1]), begins, ends)


def open_at(written: Iterable[str], local: datetime, works: Works = by_weekday) -> bool:
    """Whether `local` (the site's wall clock) lies within any of these times; always when there are none."""
    times = [hours(text) for text in written]
    return not times or any(time.hold(local, works) for time in times)


def _days(text: str) -> frozenset[int]:
    if not text.strip(" ,"):
        return WEEK
    days: set[int] = set()
    for first, last in _SPAN.findall(text):
        if first in _BY_CALENDAR and not last:
            days.add(_BY_CALENDAR[first])
            continue
        for name in (first, last):
            if name and name not in DAYS:
                raise ValueError(f"has no day {name!r}; the days are {' '.join((*DAYS, *_BY_CALENDAR))}")
        begin = DAYS.index(first)
        days |= {(begin + step) % 7 for step in range((DAYS.index(last or first) - begin) % 7 + 1)}
    return frozenset(days)
