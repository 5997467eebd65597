"""Plans the steps of playbooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import alarm, incident, incident_event
from cloud.deadlines.plans import PLAYBOOK, Facts, Planned
from cloud.deadlines.steps import Rules
from cloud.deadlines.store import Deadline
from cloud.incidents.transitions import State
from cloud.playbooks.engine import History, filing, next_steps
from cloud.playbooks.policy import Playbooks


@dataclass(frozen=True, slots=True)
class Steps:
    """A deadline for each step to come."""

    rules: Rules
    policy: Playbooks

    @property
    def by(self) -> str:
        """The policy; the clocks' own planner names those."""
        return f"{self.rules.work.zone.key} {self.policy.model_dump_json()}"

    async def plan(self, connection: AsyncConnection, cases: Sequence[Facts]) -> list[Planned]:
        """The steps to come of each case that calls somebody; history does not."""
        past = await _history(connection, [case.id for case in cases])
        found = []
        for case in cases:
            playbook = self.policy.of(case.event_class)
            if playbook is None or case.id in past:
                continue
            counts = playbook.recurrence is not None and any(map(filing, case.log))
            filed = await _filed(connection, case) if counts else []
            history = History(case.log, case.source == "edge", filed)
            for step in next_steps(playbook, history, self.rules):
                key = f"incident/{case.id}/playbook/{step.step}"
                found.append(Planned(Deadline(key, PLAYBOOK, step.due, case.id, {"step": step.step})))
        return found


async def _history(connection: AsyncConnection, ids: Sequence[UUID]) -> set[UUID]:
    """Those of which all that is known came too late to call anybody."""
    each = select(alarm.c.incident_id).where(alarm.c.incident_id.in_(ids)).group_by(alarm.c.incident_id)
    return set((await connection.scalars(each.having(func.bool_and(alarm.c.history)))).all())


async def _filed(connection: AsyncConnection, case: Facts) -> list[datetime]:
    """When cases of the class at the case's point were filed; of one without a point, its own filings."""
    there = incident.c.point == case.point if case.point else incident.c.id == case.id
    statement = (
        select(incident_event.c.at)
        .join(incident, incident.c.id == incident_event.c.incident_id)
        .where(
            there,
            incident.c.event_class == case.event_class,
            incident.c.state.not_in((State.FALSE_ALARM, State.VOID, State.REJECTED)),
            incident_event.c.from_state == State.ACCEPTED,
            incident_event.c.to_state == State.FILED,
        )
    )
    return list((await connection.scalars(statement)).all())
