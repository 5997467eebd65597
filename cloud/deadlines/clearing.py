"""Day, week and month clearance (日清, 周清, 月清): by when a case of a class has to be done. Pure.

Each ends at midnight of the site's clock, after the last worked day of its day, week (Monday to Sunday) or
month; what is opened after that, on days off, has the next one's. So a holiday moves the boundary on, and a
Sunday that is worked to make up for it is the end of its week.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from cloud.deadlines.worktime import DAY, midnight


class Clearing(StrEnum):
    """What a class is cleared by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def period(clearing: Clearing, day: date) -> tuple[date, date]:
    """The first and last day of the day, week or month in which `day` lies."""
    if clearing is Clearing.DAY:
        return day, day
    if clearing is Clearing.WEEK:
        first = day - timedelta(days=day.weekday())
        return first, first + 6 * DAY
    first = day.replace(day=1)
    return first, (first + 31 * DAY).replace(day=1) - DAY


def last_day(clearing: Clearing, opened: date, works: Callable[[date], bool]) -> date:
    """The worked day with which the clearing of a case opened on `opened` ends.

    `works` must be true of some day in every year to come, as a calendar's is.
    """
    while True:
        last = period(clearing, opened)[1]
        day = last
        while day >= opened:
            if works(day):
                return day
            day -= DAY
        opened = last + DAY


def boundary(clearing: Clearing, opened: datetime, zone: ZoneInfo, works: Callable[[date], bool]) -> datetime:
    """Until when a case opened at `opened` has to be cleared, UTC."""
    return midnight(last_day(clearing, opened.astimezone(zone).date(), works) + DAY, zone)
