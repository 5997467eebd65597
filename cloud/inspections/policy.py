"""What is inspected, where, how often, by whom and with which checklist, as `inspections.yaml` says: data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from cloud.assets.policy import ASSETS, ClassCode
from cloud.escalation.policy import has_class
from cloud.policies.kind import Kind, Sight
from devices.site.hours import DAYS, WEEK, hours
from devices.site.model import Names
from devices.site.part import Part
from devices.site.source import Finding

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Ids = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=500)]


def _daily(text: str) -> str:
    if hours(text).days != WEEK:
        raise ValueError('names days; write the time only, such as "09:00-17:00", and the days by `every`')
    return text


class Every(Part):
    """How often: each `interval` days, weeks or months from `begins` on."""

    unit: Literal["day", "week", "month"]
    interval: int = Field(default=1, ge=1, le=52)
    on: tuple[Weekday, ...] = ()
    """Of a week: its days."""
    days: tuple[Annotated[int, Field(ge=1, le=31)], ...] = ()
    """Of a month: its days; one that it has not is its last."""
    begins: date
    ends: date | None = None
    """The last day for which it is meant."""
    off: Literal["keep", "skip", "next", "previous"] = "keep"
    """What falls on a day that is not worked by the calendar of `deadlines` (holidays, 调休): is done all the
    same, left out, or moved to the next or the previous worked day. Several moved to one day are one."""

    @property
    def weekdays(self) -> frozenset[int]:
        """0 is Monday."""
        return frozenset(DAYS.index(one) for one in self.on)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.unit == "week") != bool(self.on):
            raise ValueError("`on` names the days of a week; write `unit: week` and `on: [mon]`")
        if (self.unit == "month") != bool(self.days):
            raise ValueError("`days` names the days of a month; write `unit: month` and `days: [1]`")
        if self.ends is not None and self.ends < self.begins:
            raise ValueError("ends before it begins; write `ends` after `begins`")
        return self


class Question(Part):
    """One line of a checklist: it is in order, or it is not."""

    id: Id
    text: Names
    photo: bool = False
    """The answer needs a photo."""
    event_class: str | None = None
    """Of the case that a fault opens, instead of the inspection's."""


class Inspection(Part):
    """One recurring inspection; each place it names is one to do each time."""

    id: Id
    name: Names
    grids: Ids = ()
    points: Ids = ()
    asset_classes: tuple[ClassCode, ...] = ()
    """All assets and places of these classes that are not removed."""
    every: Every
    hours: Annotated[str, AfterValidator(_daily)] = "09:00-17:00"
    """By the site's clock; it has to be done by the end."""
    checklist: tuple[Question, ...] = Field(min_length=1, max_length=50)
    event_class: str
    """Of the case that a fault opens."""
    who: Annotated[str, Field(pattern=r"^(grid|person:\S{1,100})$")] = "grid"
    """Who does it: whoever looks after the grid by the roster, or one person."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not (self.grids or self.points or self.asset_classes):
            raise ValueError("names no place; write `grids`, `points` or `asset_classes`")
        ids = [one.id for one in self.checklist]
        if len(set(ids)) < len(ids):
            raise ValueError("has two questions of one id; give each an id of its own")
        return self

    def class_of(self, question: Question) -> str:
        """Of the case that a fault of this question opens."""
        return question.event_class or self.event_class


class Inspections(Part):
    """The whole file."""

    inspections: tuple[Inspection, ...] = Field(default=(), max_length=200)


def _check(document: Inspections) -> Iterator[Finding]:
    seen: set[str] = set()
    for at, one in enumerate(document.inspections):
        if one.id in seen:
            yield Finding(("inspections", at, "id"), f"{one.id!r} is there already", "give each its own id")
        seen.add(one.id)


def _doubts(document: Inspections, sight: Sight) -> Iterator[str]:
    assets, active = sight.policies.of(ASSETS), sight.registry.active
    for one in document.inspections:
        here = f"inspections: {one.id}"
        for kind, ids in (("area", one.grids), ("point", one.points)):
            yield from (
                f"{here}: the site has no {kind} {each!r}" for each in ids if (kind, each) not in active
            )
        for code in one.asset_classes:
            if assets is None or code not in assets.classes:
                yield f"{here}: there is no class {code!r} of assets"
        for code in sorted({one.class_of(question) for question in one.checklist}):
            if not has_class(sight, code):
                yield f"{here}: the site has no event class {code!r}"
        person = one.who.partition(":")[2]
        if person and person not in sight.people:
            yield f"{here}: nobody is called {person!r}"


INSPECTIONS = Kind("inspections", Inspections, _check, _doubts)
