"""What is wrong with rosters: holes, grids with nobody, people who are in two places. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from cloud.duty.model import Rosters, Times
from cloud.duty.shifts import DAY, Turn, moment, turns

LONGEST_ROUND = 366
"""Days over which patterns of several lengths are looked at together."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A time with too few people."""

    begin: datetime
    end: datetime
    there: int
    """Of the people wanted, the fewest at one time."""

    def told(self, zone: ZoneInfo) -> str:
        """From when to when, by the clocks of `zone`."""
        begin, end = self.begin.astimezone(zone), self.end.astimezone(zone)
        last = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
        return f"{begin:%Y-%m-%d %H:%M} to {last}"


@dataclass(frozen=True, slots=True)
class Double:
    """Somebody who is on two turns at once."""

    person: str
    first: Turn
    second: Turn


@dataclass(frozen=True, slots=True)
class Plan:
    """All turns around some days."""

    days: tuple[date, ...]
    """In order."""
    turns: Mapping[date, tuple[Turn, ...]]
    """By the day on which they begin: those days, the day before and the day after each."""
    zone: ZoneInfo

    def about(self, day: date) -> Iterator[Turn]:
        """Turns that may run on a day or the night after it."""
        for near in (day - DAY, day, day + DAY):
            yield from self.turns[near]


def plan(rosters: Rosters, days: Iterable[date], zone: ZoneInfo) -> Plan:
    """Lay the rosters out over `days`."""
    asked = tuple(sorted(set(days)))
    around = sorted({near for day in asked for near in (day - DAY, day, day + DAY)})
    found = {
        day: tuple(turn for one in rosters.rosters for turn in turns(one, day, day, zone)) for day in around
    }
    return Plan(asked, found, zone)


def round_of(rosters: Rosters) -> list[date]:
    """The days after which all patterns begin anew together, at most `LONGEST_ROUND`."""
    if not rosters.rosters:
        return []
    length = math.lcm(*(len(one.pattern) for one in rosters.rosters))
    begin = max(one.begins for one in rosters.rosters)
    return [begin + n * DAY for n in range(min(length, LONGEST_ROUND))]


def changed_days(rosters: Rosters) -> list[date]:
    """The days that a change is about."""
    spans = {(one.days.first, one.days.last) for roster in rosters.rosters for one in roster.changes}
    found = {first + n * DAY for first, last in spans for n in range((last - first).days + 1)}
    return sorted(found)


def holes(laid: Plan, roster: str, hours: Times, least: int = 1) -> Iterator[Hole]:
    """Times within `hours` of each day in which a roster has fewer than `least` people."""
    yield from _holes(laid, hours, least, lambda turn: turn.people if turn.roster == roster else ())


def uncovered(laid: Plan, people: Collection[str], hours: Times) -> Iterator[Hole]:
    """Times within `hours` of each day in which none of `people` is on duty."""
    those = frozenset(people)
    yield from _holes(laid, hours, 1, lambda turn: those.intersection(turn.people))


def doubles(laid: Plan) -> Iterator[Double]:
    """Turns of one person that overlap, whichever rosters they are of."""
    of_person: dict[str, list[Turn]] = defaultdict(list)
    for those in laid.turns.values():
        for turn in those:
            for person in turn.people:
                of_person[person].append(turn)
    for person, those_of in of_person.items():
        running: Turn | None = None
        for turn in sorted(those_of, key=lambda one: one.begin):
            if running is not None and turn.begin < running.end:
                yield Double(person, running, turn)
            if running is None or turn.end > running.end:
                running = turn


def _holes(laid: Plan, hours: Times, least: int, of: Callable[[Turn], Collection[str]]) -> Iterator[Hole]:
    held: Hole | None = None
    for day in laid.days:
        for hole in _of_day(laid, day, hours, least, of):
            if held is not None and held.end == hole.begin:
                held = Hole(held.begin, hole.end, min(held.there, hole.there))
                continue
            if held is not None:
                yield held
            held = hole
    if held is not None:
        yield held


def _of_day(
    laid: Plan, day: date, hours: Times, least: int, of: Callable[[Turn], Collection[str]]
) -> Iterator[Hole]:
    begin, end = moment(day, hours.begins, laid.zone), moment(day, hours.ends, laid.zone)
    there = [(turn, of(turn)) for turn in laid.about(day) if turn.begin < end and turn.end > begin]
    edges = sorted(
        {begin, end, *(at for turn, _ in there for at in (turn.begin, turn.end) if begin < at < end)}
    )
    for since, until in pairwise(edges):
        people = {one for turn, those in there if turn.begin <= since < turn.end for one in those}
        if len(people) < least:
            yield Hole(since, until, len(people))
