"""Plans when cases go up by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.deadlines.plans import LEVEL, Facts, Planned
from cloud.deadlines.steps import Rules
from cloud.deadlines.store import Deadline
from cloud.escalation.levels import next_rise
from cloud.escalation.policy import Escalation, Level


@dataclass(frozen=True, slots=True)
class Levels:
    """One deadline a case: its next rise."""

    rules: Rules
    policy: Escalation

    @property
    def by(self) -> str:
        """The policy; the clocks' own planner names those."""
        return f"{self.rules.work.zone.key} {self.policy.model_dump_json()}"

    async def plan(self, _: AsyncConnection, cases: Sequence[Facts]) -> list[Planned]:
        """The next rise of each."""
        found = []
        for case in cases:
            level = cast("Level", case.level)
            rise = next_rise(self.policy, case.event_class, level, case.log, self.rules)
            if rise is not None:
                detail = {"level": rise.level} | ({"from": rise.since} if rise.since else {})
                key = f"incident/{case.id}/level"
                found.append(Planned(Deadline(key, LEVEL, rise.due, case.id, detail)))
        return found
