"""What is planned of incidents, and by whom: clocks here, levels and playbooks in packages of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.deadlines.steps import Line, Rules, wanted
from cloud.deadlines.store import Deadline

CLOCKS = ("yellow", "red", "clearing")
LEVEL, PLAYBOOK = "level", "playbook"
KINDS = (*CLOCKS, LEVEL, PLAYBOOK)
"""Of deadlines that are worked out of logs. They fire only while that is up to date."""


@dataclass(frozen=True, slots=True)
class Facts:
    """An incident, as planning knows it."""

    id: UUID
    event_class: str
    source: str
    point: str | None
    level: str
    opened_at: datetime
    log: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Planned:
    """A deadline that should be there."""

    deadline: Deadline
    running: bool = True
    """Else it was due before what it belongs to ended, and fires only if it waits already."""


class Planner(Protocol):
    """Works deadlines out of logs. Compared with `==`: another one has every open incident planned anew."""

    @property
    def by(self) -> str:
        """What it goes by, as text."""

    async def plan(self, connection: AsyncConnection, cases: Sequence[Facts]) -> list[Planned]:
        """Every deadline of its kinds that these should have; their places are locked."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Plans the lights and the clearing."""

    rules: Rules

    @property
    def by(self) -> str:
        """Time zone and policy."""
        return f"{self.rules.work.zone.key} {self.rules.policy.model_dump_json()}"

    async def plan(self, _: AsyncConnection, cases: Sequence[Facts]) -> list[Planned]:
        """Each step's yellow and red, and the clearing."""
        return [
            Planned(Deadline(one.key, one.kind, one.due, case.id, one.detail), one.running)
            for case in cases
            for one in wanted(self.rules, case.id, case.event_class, case.log)
        ]
