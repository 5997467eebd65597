"""Playbooks by event class, as a site's `playbooks.yaml` gives them: data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from cloud.deadlines.limits import WrittenLimit
from cloud.escalation.policy import groups_of, has_class, uncountable
from cloud.organisations.kinds import ORGANISATIONS
from cloud.policies.kind import Kind, Sight
from cloud.policies.reading import read
from devices.site.model import Names
from devices.site.part import Part, Seconds
from devices.site.source import Finding

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


LEAD, HELPERS = "lead", "helpers"
"""In place of ids of `organisations.yaml`: who `responsibilities.yaml` says for the class and the place."""
Whom = Annotated[str, Field(min_length=1, max_length=60)]


class Stage(Part):
    """One stage: organisations are told; the next one begins when it is still there after `within`."""

    id: Id
    name: Names
    message: Names
    """What they are told."""
    tell: tuple[Whom, ...] = Field(min_length=1, max_length=20)
    """Who is told, and sees the case from here on: organisations, `lead` or `helpers`."""
    dispatch: Whom | None = None
    """To whom the case is dispatched: an organisation or `lead`; none: it is brought to their knowledge."""
    within: WrittenLimit | None = None
    """How long it has, counted while the case is filed, dispatched or handled; none: this stage never ends.
    After the last stage the case goes up a level."""


class Recurrence(Part):
    """What is done about a point where it happens again and again."""

    times: int = Field(ge=2, le=100)
    """So many filed cases of the class at one point ..."""
    within: Seconds
    """... in so much time, the last one being filed included, make a project."""
    project: Names
    tasks: tuple[Names, ...] = Field(min_length=1)
    """What is to be done there, each claimed by one person."""


class Playbook(Part):
    """What is done about one class."""

    name: Names
    window: WrittenLimit | None = None
    """限时自行整改: so long an alarm waits; what is seen gone in time is not filed, else it is filed."""
    stages: tuple[Stage, ...] = ()
    recurrence: Recurrence | None = None

    @model_validator(mode="after")
    def _in_turn(self) -> Self:
        ids = [stage.id for stage in self.stages]
        for one in ids:
            if ids.count(one) > 1:
                raise ValueError(f"two stages are called {one!r}; give each an id of its own")
        for stage in self.stages:
            if stage.dispatch == HELPERS:
                raise ValueError(f"stage {stage.id!r} goes to several; write `dispatch: lead` or an id")
        for stage in self.stages[:-1]:
            if stage.within is None:
                raise ValueError(
                    f"stage {stage.id!r} has no `within`, so the next one never begins; add `within: 30 min`"
                )
        return self


class Playbooks(Part):
    """The whole file."""

    classes: dict[str, Playbook | None] = Field(default_factory=dict)
    """By code; "05" is for all of its group without one of their own, `null` says that a class has none."""

    def of(self, event_class: str) -> Playbook | None:
        """The playbook of a class."""
        for code in groups_of(event_class):
            if code in self.classes:
                return self.classes[code]
        return None


LONGEST = timedelta(days=366)
"""Of the time in which recurrences are counted."""


def _check(document: Playbooks) -> Iterator[Finding]:
    for code, one in document.classes.items():
        if one is None:
            continue
        here = ("classes", code)
        yield from uncountable(here, {"window": one.window})
        for at, stage in enumerate(one.stages):
            yield from uncountable((*here, "stages", at), {"within": stage.within})
        if one.recurrence and one.recurrence.within > LONGEST.total_seconds():
            trail = (*here, "recurrence", "within")
            yield Finding(trail, "is longer than anybody remembers", f"write at most {LONGEST.days} d")


def _doubts(document: Playbooks, sight: Sight) -> Iterator[str]:
    organisations = sight.policies.of(ORGANISATIONS)
    known = {LEAD, HELPERS} | ({one.id for one in organisations.organisations} if organisations else set())
    for code, one in document.classes.items():
        if not has_class(sight, code):
            yield f"playbooks: classes.{code}: the site has no such event class"
        for stage in one.stages if one else ():
            for name in filter(None, (*stage.tell, stage.dispatch)):
                if name not in known:
                    yield f"playbooks: classes.{code}: there is no organisation {name!r}"


PLAYBOOKS = Kind("playbooks", Playbooks, _check, _doubts)


def load_playbooks(path: Path) -> Playbooks:
    """The policy in the YAML file at `path`.

    Raises:
        SettingsError: one line a fault: `file:line: field: what is wrong; fix`.
    """
    return read(path, PLAYBOOKS)[1]
