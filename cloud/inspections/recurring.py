"""On which days an inspection falls, and from when to when. Pure.

A day is asked by itself: does one fall on it? So it does not matter from which day on somebody looks, and a
holiday however long moves nothing out of sight.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.inspections.policy import Every
from devices.site.hours import Hours, Works

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """When an inspection may be begun and has to be done, UTC."""

    begin: datetime
    end: datetime


def falls(every: Every, day: date, works: Works) -> bool:
    """Whether an inspection is done on `day`: meant for it, or moved to it from days that are not worked."""
    match every.off:
        case "keep":
            return meant(every, day)
        case "skip":
            return meant(every, day) and works(day)
        case "next":
            step = -DAY
        case "previous":
            step = DAY
    if not works(day):
        return False
    if meant(every, day):
        return True
    other = day + step
    while not works(other):
        if meant(every, other):
            return True
        other += step
    return False


def meant(every: Every, day: date) -> bool:
    """Whether the rule names `day`, whatever day that is."""
    if day < every.begins or (every.ends is not None and day > every.ends):
        return False
    match every.unit:
        case "day":
            return (day - every.begins).days % every.interval == 0
        case "week":
            monday, first = (one - timedelta(days=one.weekday()) for one in (day, every.begins))
            return (monday - first).days // 7 % every.interval == 0 and day.weekday() in every.weekdays
        case "month":
            months = (day.year - every.begins.year) * 12 + day.month - every.begins.month
            last = calendar.monthrange(day.year, day.month)[1]
            return months % every.interval == 0 and day.day in {min(one, last) for one in every.days}


def days(every: Every, first: date, last: date, works: Works) -> Iterator[date]:
    """The days from `first` to `last`, both with them, on which it falls."""
    day = first
    while day <= last:
        if falls(every, day, works):
            yield day
        day += DAY


def window(hours: Hours, day: date, zone: ZoneInfo) -> Window:
    """From when to when by the site's clock; what ends before it begins ends on the next day."""
    over = day + DAY if hours.ends <= hours.begins else day
    begin, end = _at(day, hours.begins, zone), _at(over, hours.ends, zone)
    if end <= begin:  # the clock leaves it out on this day: it has its length all the same
        end = begin + timedelta(minutes=hours.ends - hours.begins)
    return Window(begin, end)


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """UTC. A time that the clock shows twice: the first; one that it leaves out: as by the hour before."""
    day, minute = day + DAY * (minute // 1440), minute % 1440
    return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone).astimezone(UTC)
