"""Turns of a roster: which team has which shift from when to when, changes taken in. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cloud.duty.model import OFF, Change, Roster

DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """One shift of one team on one day."""

    roster: str
    team: str
    shift: str
    day: date
    """On which it begins."""
    begin: datetime
    """UTC."""
    end: datetime
    """UTC; the turn is over then."""
    people: tuple[str, ...]
    """User names; the first leads. Nobody: all are away."""

    @property
    def key(self) -> str:
        """Names it for ever."""
        return f"{self.roster}/{self.day}/{self.shift}/{self.team}"


def turns(roster: Roster, first: date, last: date, zone: ZoneInfo) -> Iterator[Turn]:
    """All turns that begin on the days from `first` to `last`, both with it, in the order of days."""
    for n in range((last - first).days + 1):
        day = first + n * DAY
        for team in roster.teams:
            at = ((day - roster.begins).days + team.offset) % len(roster.pattern)
            shift = roster.pattern[at]
            if shift == OFF:
                continue
            times = roster.shifts[shift]
            begin, end = moment(day, times.begins, zone), moment(day, times.ends, zone)
            if begin < end:  # else the change to summer time left all of it out
                yield Turn(
                    roster.id, team.id, shift, day, begin, end, changed(roster, team.people, day, shift)
                )


def changed(roster: Roster, people: tuple[str, ...], day: date, shift: str) -> tuple[str, ...]:
    """Who of a team is there, in the order in which they lead."""
    found = list(people)
    for change in roster.changes:
        if not change.days.first <= day <= change.days.last or change.shift not in (None, shift):
            continue
        _apply(change, found)
    return tuple(found)


def _apply(change: Change, people: list[str]) -> None:
    if change.out is None:
        at = len(people)
    elif change.out in people:
        at = people.index(change.out)
        del people[at]
    else:
        return
    if change.into is not None and change.into not in people:
        people.insert(at, change.into)


@lru_cache(maxsize=4096)
def moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """When the clocks of `zone` show a time, in minutes after the midnight that `day` begins with, UTC.

    Where they show it twice, the first time; where a change leaves it out, the change. So a shift that begins
    when another ends does so on the days of a change as well.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    after = wall.replace(tzinfo=zone).astimezone(UTC)
    if after.astimezone(zone).replace(tzinfo=None) == wall:
        return after
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:  # changes happen at whole seconds
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
