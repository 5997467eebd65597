"""Time as it counts: of the day, or only while people work. Pure.

An instant is work when the site's wall clock shows one of the work hours on a day of theirs; so an hour that
a change to winter time repeats counts twice, and one that summer time leaves out does not count.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Protocol
from zoneinfo import ZoneInfo

from devices.site.holidays import Calendar
from devices.site.hours import Hours

DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_NONE = timedelta()
Piece = tuple[datetime, datetime]
"""From (with it) to (without it), UTC."""


class Clock(Protocol):
    """A way of counting time."""

    def between(self, begin: datetime, end: datetime) -> timedelta:
        """How much time counts from `begin` to `end`; none when `end` is not later."""

    def reach(self, begin: datetime, time: timedelta) -> datetime:
        """The first instant from `begin` on by which `time` has counted, UTC."""


class Natural:
    """Every second counts."""

    def between(self, begin: datetime, end: datetime) -> timedelta:
        """The time that passed."""
        return max(end - begin, _NONE)

    def reach(self, begin: datetime, time: timedelta) -> datetime:
        """Simply later."""
        return begin.astimezone(UTC) + time


NATURAL = Natural()


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When `day` begins at the site, UTC; where a clock change leaves midnight out, at that change."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _Year:
    """The work of a year of the site: its pieces in order, and how much was worked at each one's end."""

    begins: list[datetime]
    ends: list[datetime]
    worked: list[timedelta]

    @property
    def total(self) -> timedelta:
        return self.worked[-1] if self.worked else _NONE

    def until(self, instant: datetime) -> timedelta:
        """Work of this year before `instant`."""
        at = bisect_right(self.begins, instant) - 1
        return self.worked[at] - max(self.ends[at] - instant, _NONE) if at >= 0 else _NONE

    def when(self, worked: timedelta) -> datetime:
        """The first instant by which so much was worked; more than nothing, at most `total`."""
        at = bisect_left(self.worked, worked)
        return self.ends[at] - (self.worked[at] - worked)


@dataclass(frozen=True)
class WorkTime:
    """Only work hours count. Each year is laid out once, when it is first asked for (a few milliseconds)."""

    zone: ZoneInfo
    hours: tuple[Hours, ...]
    """At least one; `workdays` among their days go by `calendar`."""
    calendar: Calendar
    _years: dict[int, _Year] = field(default_factory=dict, compare=False, repr=False)

    def between(self, begin: datetime, end: datetime) -> timedelta:
        """Time worked from `begin` to `end`."""
        if end <= begin:
            return _NONE
        first, last = begin.astimezone(self.zone).year, end.astimezone(self.zone).year
        whole = sum((self._year(year).total for year in range(first, last)), _NONE)
        return whole + self._year(last).until(end) - self._year(first).until(begin)

    def reach(self, begin: datetime, time: timedelta) -> datetime:
        """The end of the work: a limit that ends with Friday's work ends then, not on Monday morning.

        It always ends: beyond the last holiday of the calendar each week has its hours.
        """
        if time <= _NONE:
            return begin.astimezone(UTC)
        number = begin.astimezone(self.zone).year
        wanted = time + self._year(number).until(begin)
        while wanted > (year := self._year(number)).total:
            wanted -= year.total
            number += 1
        return year.when(wanted)

    def _year(self, number: int) -> _Year:
        found = self._years.get(number)
        if found is None:
            pieces = list(_joined(self._pieces(number)))
            sums = list(accumulate((end - begin for begin, end in pieces)))
            begins, ends = [piece[0] for piece in pieces], [piece[1] for piece in pieces]
            found = self._years[number] = _Year(begins, ends, sums)
        return found

    def _pieces(self, number: int) -> Iterator[Piece]:
        day = date(number, 1, 1)
        begin = midnight(day, self.zone)
        while day.year == number:
            end = midnight(day + DAY, self.zone)
            if begin.astimezone(self.zone).utcoffset() == end.astimezone(self.zone).utcoffset():
                yield from ((begin + a * _MINUTE, begin + b * _MINUTE) for a, b in self._minutes(day))
            else:  # the clock is changed on this day: asked minute by minute, it is one of two a year
                while begin < end:
                    if any(one.hold(begin.astimezone(self.zone), self.calendar.works) for one in self.hours):
                        yield begin, begin + _MINUTE
                    begin += _MINUTE
            day, begin = day + DAY, end

    def _minutes(self, day: date) -> list[tuple[int, int]]:
        """The day's work in minutes after midnight: its own, and what goes on from the night before."""
        found = []
        for one in self.hours:
            over = one.ends <= one.begins
            if one.on(day, self.calendar.works):
                found.append((one.begins, 24 * 60 if over else one.ends))
            if over and one.on(day - DAY, self.calendar.works):
                found.append((0, one.ends))
        return sorted(found)


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Pieces in order of their beginnings, with those that touch or overlap made one."""
    held: Piece | None = None
    for begin, end in pieces:
        if held is None:
            held = begin, end
        elif begin <= held[1]:
            held = held[0], max(held[1], end)
        else:
            yield held
            held = begin, end
    if held is not None:
        yield held
