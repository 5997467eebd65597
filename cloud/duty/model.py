"""Rosters as a site's file gives them: shifts, teams that go round, changes, who looks after which grid."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from devices.messages import Identifier
from devices.site.holidays import WrittenDays
from devices.site.model import Names, Timezone
from devices.site.part import Part

OFF = "off"
"""In a pattern: a day without a shift."""
MIDNIGHT = 24 * 60
_WRITTEN = re.compile(r"^\s*(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)\s*$")
Username = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S+$")]
Job = Literal["operator", "worker"]
Cover = Literal["required", "wished"]


class Times(Part):
    """From one time of the day to another; over midnight, or round the clock, when it ends no later."""

    begins: int = Field(ge=0, lt=MIDNIGHT)
    """Minutes after midnight of the day it belongs to."""
    ends: int
    """The same; up to 24 hours after `begins`."""

    @model_validator(mode="after")
    def _a_day_at_most(self) -> Self:
        if not self.begins < self.ends <= self.begins + MIDNIGHT:
            raise ValueError("is no time of the day; let it end within 24 hours after it begins")
        return self


def _times(value: object) -> object:
    if isinstance(value, Times | dict):
        return value
    match = _WRITTEN.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('is not a time of the day; write for example "08:00-20:00" or "20:00-08:00"')
    begins, ends = (int(match[at]) * 60 + int(match[at + 1]) for at in (1, 3))
    if int(match[2]) > 59 or int(match[4]) > 59 or begins >= MIDNIGHT or ends > MIDNIGHT:
        raise ValueError("has a time that no clock shows; write hours 00 to 24 and minutes 00 to 59")
    return {"begins": begins, "ends": ends if ends > begins else ends + MIDNIGHT}


WrittenTimes = Annotated[Times, BeforeValidator(_times)]
ALWAYS = Times(begins=0, ends=MIDNIGHT)


class Team(Part):
    """People who have the same shifts."""

    id: Identifier
    people: Annotated[tuple[Username, ...], Field(min_length=1, max_length=100)]
    """The first leads the shift; when that person is away, the next one."""
    offset: int = Field(default=0, ge=0, le=366)
    """On `begins` this team has that day of the pattern; 0 is its first."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.people)) < len(self.people):
            raise ValueError("names somebody twice; name each person once")
        return self


class Change(Part):
    """A swap, a leave or a help: on some days somebody is away, or there, or there for another."""

    days: WrittenDays
    """On which the shift begins: a day, or first/last."""
    shift: str | None = None
    """None: whichever `out` has."""
    out: Username | None = None
    into: Username | None = None
    """Takes the place of `out`, also as leader."""
    reason: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if self.out == self.into:
            raise ValueError("changes nothing; name who is away by `out`, who comes by `into`, or both")
        if self.out is None and self.shift is None:
            raise ValueError(
                "does not say for which shift somebody comes; add `shift`, or who is away by `out`"
            )
        return self


class Roster(Part):
    """One job with its shifts: teams go through the pattern, a day each, round and round."""

    id: Identifier
    name: Names
    job: Job
    cover: Cover = "wished"
    """Whether a roster with a hole is refused, or only told of."""
    hours: WrittenTimes = ALWAYS
    """Of every day, in which somebody has to be there; without it round the clock."""
    least: int = Field(default=1, ge=1, le=100)
    """People at once."""
    shifts: dict[Identifier, WrittenTimes] = Field(min_length=1, max_length=20)
    pattern: tuple[str, ...] = Field(min_length=1, max_length=62)
    """Names of shifts, or `off`."""
    begins: date
    """The day on which team offsets are counted; a roster holds before it as well."""
    teams: tuple[Team, ...] = Field(min_length=1, max_length=60)
    changes: tuple[Change, ...] = Field(default=(), max_length=1000)
    seats: tuple[Identifier, ...] = Field(default=(), max_length=50)
    """Of the patrol room; with seats a shift is taken and handed over there."""

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        unknown = [one for one in self.pattern if one != OFF and one not in self.shifts]
        unknown += [
            one.shift for one in self.changes if one.shift is not None and one.shift not in self.shifts
        ]
        if unknown:
            known = ", ".join([*self.shifts, OFF])
            raise ValueError(f"has no shift {unknown[0]!r}; write one of {known}")
        twice = [name for name, n in Counter(team.id for team in self.teams).items() if n > 1]
        if twice or len(set(self.seats)) < len(self.seats):
            raise ValueError(f"has {twice[0] if twice else 'a seat'} twice; give one of them another id")
        if self.seats and self.job != "operator":
            raise ValueError("has seats, but workers sit nowhere; take `seats` out")
        return self


class Post(Part):
    """Who looks after a grid (包片)."""

    primary: Username
    backups: tuple[Username, ...] = Field(default=(), max_length=20)
    """In the order in which they are asked."""
    leader: Username | None = None
    """The grid's leader (网格长), who is told when nobody is on duty."""

    @model_validator(mode="after")
    def _another_person(self) -> Self:
        if len({self.primary, *self.backups}) <= len(self.backups):
            raise ValueError("names somebody twice; a backup is another person")
        return self


class Rosters(Part):
    """The file rosters.yaml."""

    timezone: Timezone = "Asia/Shanghai"
    """By whose clock shifts begin and end."""
    rosters: tuple[Roster, ...] = Field(default=(), max_length=50)
    grid_cover: Cover = "wished"
    """Whether rosters are refused by which a grid has nobody on duty, or only told of."""
    grid_hours: WrittenTimes = ALWAYS
    """Of every day, in which each grid has to have somebody on duty."""
    grids: dict[Identifier, Post] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_roster_once(self) -> Self:
        twice = [name for name, n in Counter(one.id for one in self.rosters).items() if n > 1]
        seats = Counter(seat for one in self.rosters for seat in one.seats)
        twice += [name for name, n in seats.items() if n > 1]
        if twice:
            raise ValueError(f"has {twice[0]!r} twice; give one of them another id")
        return self
