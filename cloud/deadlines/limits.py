"""Limits by event class, as a site's `deadlines.yaml` gives them: data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from cloud.deadlines.clearing import Clearing
from cloud.policies.kind import Kind, Sight
from cloud.policies.reading import read
from devices.site.holidays import Calendar, CalendarSchedule
from devices.site.part import Part, Seconds
from devices.site.source import Finding, Trail

Unit = Literal["s", "min", "h", "d", "work min", "work h", "work d"]
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "work min": 60, "work h": 3600}
_WRITTEN = re.compile(rf"^\s*(\d+(?:\.\d+)?)\s*({'|'.join(get_args(Unit))})\s*$")
MOST = timedelta(days=366)
"""Of one limit, counted time."""


class Limit(Part):
    """How long a step may take: "60 s", "2 h", "4 work h", "1 work d"."""

    count: float = Field(gt=0, allow_inf_nan=False)
    unit: Unit

    @property
    def work(self) -> bool:
        """Only work hours count."""
        return self.unit.startswith("work")

    def __str__(self) -> str:
        return f"{self.count:g} {self.unit}"


def _limit(value: object) -> object:
    if isinstance(value, Limit):
        return value
    match = _WRITTEN.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('is not a limit; write for example "60 s", "2 h", "4 work h" or "1 work d"')
    return {"count": float(match[1]), "unit": match[2]}


WrittenLimit = Annotated[Limit, BeforeValidator(_limit)]
Step = Literal["acceptance", "filing", "dispatch", "handling", "checking", "whole"]
STEPS: tuple[Step, ...] = get_args(Step)


class Limits(Part):
    """Of each step of a case; one without a limit has no clock."""

    acceptance: WrittenLimit | None = None
    """From detected to accepted (一分钟受理: 60 s)."""
    filing: WrittenLimit | None = None
    dispatch: WrittenLimit | None = None
    handling: WrittenLimit | None = None
    """From dispatched until reported done, rework included."""
    checking: WrittenLimit | None = None
    whole: WrittenLimit | None = None
    """From accepted to closed."""


class Terms(Part):
    """What holds for a class."""

    limits: Limits = Limits()
    clearing: Clearing | None = None


class Policy(Part):
    """The whole file."""

    hours: CalendarSchedule = ("workdays 09:00-12:00", "workdays 13:00-17:00")
    """When people work, by the site's clock; `workdays` go by `calendar`."""
    calendar: Calendar = Calendar()
    """Holidays and the days that make up for them; it may be a file of its own, which the site names too."""
    workday: Seconds | None = None
    """What a "work d" is; needed by whoever writes one."""
    default: Terms = Terms()
    classes: dict[str, Terms] = Field(default_factory=dict)
    """By code; "05" is for all of its group that have none of their own for that step."""

    @model_validator(mode="after")
    def _told(self) -> Self:
        if not self.hours:
            raise ValueError("`hours` names no time; write when people work, or leave it out")
        return self

    def terms(self, event_class: str) -> Terms:
        """What holds for a class: each from the most specific entry that says it."""
        codes = [event_class]
        while "-" in codes[-1]:
            codes.append(codes[-1].rpartition("-")[0])
        found = [self.classes[code] for code in codes if code in self.classes] + [self.default]
        limits = {
            step: next((limit for one in found if (limit := getattr(one.limits, step))), None)
            for step in STEPS
        }
        clearing = next((one.clearing for one in found if one.clearing), None)
        return Terms(limits=Limits(**limits), clearing=clearing)

    def time(self, limit: Limit) -> timedelta:
        """The counted time of one of this policy's limits."""
        if limit.unit == "work d":
            assert self.workday is not None, "checked when the file was read"
            return limit.count * timedelta(seconds=self.workday)
        return limit.count * timedelta(seconds=_SECONDS[limit.unit])


def _unclear(policy: Policy) -> Iterator[Finding]:
    """Limits that cannot be counted."""
    groups: list[tuple[Trail, Terms]] = [(("default",), policy.default)]
    groups += [(("classes", code), terms) for code, terms in policy.classes.items()]
    for trail, terms in groups:
        for step in STEPS:
            limit: Limit | None = getattr(terms.limits, step)
            if limit is None:
                continue
            here = (*trail, "limits", step)
            if limit.unit == "work d" and policy.workday is None:
                yield Finding(here, f"is {limit}, and nobody says how long that is", "add `workday: 7 h`")
            elif policy.time(limit) > MOST:
                yield Finding(here, f"is {limit}", f"write at most {MOST.days} days of counted time")


def doubts(policy: Policy, sight: Sight) -> Iterator[str]:
    """What is not wrong, but probably not meant: an entry for no class, a year without holidays."""
    for code in policy.classes:
        if not any(one == code or one.startswith(f"{code}-") for one in sight.registry.classes):
            yield f"deadlines: classes.{code}: the site has no such event class"
    year = sight.today.year
    if year not in {day.year for one in policy.calendar.holidays for day in (one.first, one.last)}:
        yield (
            f"deadlines: calendar: names no holiday in {year}, so every Monday to Friday is worked; "
            "add the year's holidays and make-up days"
        )


DEADLINES = Kind("deadlines", Policy, _unclear, doubts, parts=("calendar",))


def load_policy(path: Path) -> Policy:
    """The policy in the YAML file at `path`.

    Raises:
        SettingsError: one line a fault: `file:line: field: what is wrong; fix`.
    """
    return read(path, DEADLINES)[1]
