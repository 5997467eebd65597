"""A case is closed at a level that may finish its class."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.escalation.policy import ESCALATION, LEVELS, Escalation
from cloud.policies.tables import policy


async def too_low(connection: AsyncConnection, incident_id: UUID, action: str) -> str | None:
    """A blocker: why a case may not be closed at its level; None: it may."""
    if action != "close":
        return None
    columns = (incident.c.event_class, incident.c.level)
    row = (await connection.execute(select(*columns).where(incident.c.id == incident_id))).one()
    finish = (await in_force(connection)).finish(row.event_class)
    if LEVELS.index(row.level) >= LEVELS.index(finish):
        return None
    return f"{row.event_class} is finished by the {finish} at the lowest, and this is at the {row.level}"


async def in_force(connection: AsyncConnection) -> Escalation:
    """The policy as the database has it; the defaults, where there is none."""
    statement = select(policy.c.body).where(policy.c.kind == ESCALATION.name)
    body = await connection.scalar(statement.order_by(policy.c.version.desc()).limit(1))
    return Escalation() if body is None else Escalation.model_validate(body)
