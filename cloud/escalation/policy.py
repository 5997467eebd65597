"""Levels by event class and the clocks of whistles, as a site's `escalation.yaml` gives them: data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from cloud.deadlines.limits import MOST, Policy, WrittenLimit
from cloud.organisations.kinds import ORGANISATIONS
from cloud.policies.kind import Kind, Sight
from cloud.policies.reading import read
from devices.site.part import Part, Seconds
from devices.site.source import Finding, Trail

Level = Literal["grid", "community", "street"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""From the lowest to the highest; a case goes up one at a time."""


def above(level: Level) -> Level | None:
    """The next level up; None: there is none."""
    at = LEVELS.index(level) + 1
    return LEVELS[at] if at < len(LEVELS) else None


class Stay(Part):
    """How long a case may stay at each level, accepted and not suspended, before it goes up by itself."""

    grid: WrittenLimit | None = None
    community: WrittenLimit | None = None


class Terms(Part):
    """What holds for a class; what is not said is the group's, then the default's."""

    start: Level | None = None
    """Where a case begins; grid, should nobody say."""
    finish: Level | None = None
    """The lowest level that may close one; grid, should nobody say."""
    stay: Stay = Stay()


class CallTerms(Part):
    """By when a department that is called has to answer."""

    check_in: WrittenLimit | None = None
    """From the call until it checks in (报到)."""
    report: WrittenLimit | None = None
    """From the call until it reports."""


class Acceptance(Part):
    """What follows when a case is not accepted within its class's limit: the wall is told again, and ..."""

    leader_after: Seconds = 60
    """... so much later, if it still is not, the shift leader is told."""


class Escalation(Part):
    """The whole file."""

    acceptance: Acceptance = Acceptance()
    default: Terms = Terms()
    classes: dict[str, Terms] = Field(default_factory=dict)
    """By code; "05" is for all of its group."""
    whistle: CallTerms = CallTerms()
    organisations: dict[str, CallTerms] = Field(default_factory=dict)
    """By organisation: its own terms when it is called."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        for code in (*self.classes, None):
            start, finish = self._said(code, "start"), self._said(code, "finish")
            if LEVELS.index(finish) < LEVELS.index(start):
                place = "default" if code is None else f"classes.{code}"
                raise ValueError(
                    f"{place}: begins at the {start} and may finish at the {finish}, which is below it; "
                    f"write `finish: {start}` or a higher level"
                )
        return self

    def start(self, event_class: str) -> Level:
        """Where a case of this class begins."""
        return self._said(event_class, "start")

    def finish(self, event_class: str) -> Level:
        """The lowest level that may close a case of this class."""
        return self._said(event_class, "finish")

    def stay(self, event_class: str, level: Level) -> WrittenLimit | None:
        """How long a case of this class may stay at `level`; None: as long as it takes."""
        for terms in self._terms(event_class):
            limit: WrittenLimit | None = getattr(terms.stay, level, None)
            if limit is not None:
                return limit
        return None

    def call(self, organisation: str) -> CallTerms:
        """By when an organisation answers a call: its own terms, completed by the common ones."""
        own = self.organisations.get(organisation, CallTerms())
        return CallTerms(
            check_in=own.check_in or self.whistle.check_in, report=own.report or self.whistle.report
        )

    def _said(self, code: str | None, name: Literal["start", "finish"]) -> Level:
        said: Iterator[Level | None] = (getattr(terms, name) for terms in self._terms(code))
        return next((level for level in said if level), "grid")

    def _terms(self, code: str | None) -> Iterator[Terms]:
        for one in groups_of(code) if code else ():
            if one in self.classes:
                yield self.classes[one]
        yield self.default


def groups_of(code: str) -> Iterator[str]:
    """A class's code, then its groups': 05-06-081, 05-06, 05."""
    while True:
        yield code
        code, dash, _ = code.rpartition("-")
        if not dash:
            return


def uncountable(trail: Trail, limits: Mapping[str, WrittenLimit | None]) -> Iterator[Finding]:
    """Limits that would need to know how long a work day is, or never end."""
    for name, limit in limits.items():
        if limit is None:
            continue
        if limit.unit == "work d":
            yield Finding((*trail, name), f"is {limit}", 'write it in work hours, for example "8 work h"')
        elif Policy().time(limit) > MOST:
            yield Finding((*trail, name), f"is {limit}", f"write at most {MOST.days} days of counted time")


def _check(document: Escalation) -> Iterator[Finding]:
    groups: list[tuple[Trail, Terms]] = [(("default",), document.default)]
    groups += [(("classes", code), terms) for code, terms in document.classes.items()]
    for trail, terms in groups:
        yield from uncountable((*trail, "stay"), dict(terms.stay))
    yield from uncountable(("whistle",), dict(document.whistle))
    for name, one in document.organisations.items():
        yield from uncountable(("organisations", name), dict(one))


def _doubts(document: Escalation, sight: Sight) -> Iterator[str]:
    for code in document.classes:
        if not has_class(sight, code):
            yield f"escalation: classes.{code}: the site has no such event class"
    organisations = sight.policies.of(ORGANISATIONS)
    for name in document.organisations:
        if organisations is None or organisations.of(name) is None:
            yield f"escalation: organisations.{name}: there is no such organisation"


def has_class(sight: Sight, code: str) -> bool:
    """Whether the site has a class of this code or group."""
    return any(one == code or one.startswith(f"{code}-") for one in sight.registry.classes)


ESCALATION = Kind("escalation", Escalation, _check, _doubts)


def load_escalation(path: Path) -> Escalation:
    """The policy in the YAML file at `path`.

    Raises:
        SettingsError: one line a fault: `file:line: field: what is wrong; fix`.
    """
    return read(path, ESCALATION)[1]
