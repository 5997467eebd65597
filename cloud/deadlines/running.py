"""When a clock runs, how much of its limit is used, and when that will be all of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud.deadlines.worktime import Clock

YELLOW = 0.8
"""Share of the limit from which on a light is yellow; the national platforms' value."""


class Light(StrEnum):
    """How a step stands against its limit."""

    GREEN = "green"
    """Below 80 %."""
    YELLOW = "yellow"
    """From 80 % on."""
    RED = "red"
    """All of it is used."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time during which a clock runs; the end is not part of it, None: it still runs."""

    begin: datetime
    end: datetime | None = None


def without(start: datetime, pauses: Iterable[Span]) -> tuple[Span, ...]:
    """The time from `start` on, less the pauses, which may overlap and come in any order."""
    found, begin = [], start
    for pause in sorted(pauses, key=lambda one: one.begin):
        if pause.begin > begin:
            found.append(Span(begin, pause.begin))
        if pause.end is None:
            return tuple(found)
        begin = max(begin, pause.end)
    return (*found, Span(begin))


def used(clock: Clock, spans: Sequence[Span], now: datetime) -> timedelta:
    """How much counted until `now`; `spans` lie apart and in order."""
    parts = (clock.between(one.begin, now if one.end is None else min(one.end, now)) for one in spans)
    return sum(parts, timedelta())


def reached(clock: Clock, limit: timedelta, spans: Sequence[Span]) -> datetime | None:
    """When `limit` is used up, UTC; None: the clock stands still before that."""
    left = limit
    for one in spans:
        if one.end is None:
            return clock.reach(one.begin, left)
        counted = clock.between(one.begin, one.end)
        if counted >= left:
            return clock.reach(one.begin, left)
        left -= counted
    return None


def due(clock: Clock, start: datetime, limit: timedelta, pauses: Iterable[Span] = ()) -> datetime | None:
    """When `limit` from `start` on is used up, the pauses left out; None: a pause has no end yet."""
    return reached(clock, limit, without(start, pauses))


def light(part: timedelta, limit: timedelta) -> Light:
    """The light of a step of which `part` is used; `limit` is more than nothing."""
    if part >= limit:
        return Light.RED
    return Light.YELLOW if part >= limit * YELLOW else Light.GREEN
