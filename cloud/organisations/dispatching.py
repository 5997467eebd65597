"""To whom a case goes when nobody says: to the one that leads by the matrix."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.database.schema import incident
from cloud.organisations.kinds import ORGANISATIONS, RESPONSIBILITIES
from cloud.organisations.matrix import lead
from cloud.policies.kind import Policies


async def usual(
    connection: AsyncConnection, incident_id: UUID, policies: Policies, registry: Registry
) -> dict[str, str]:
    """`organisation` of a dispatch that names none; nothing where nobody leads, or one that there is not."""
    matrix, organisations = policies.of(RESPONSIBILITIES), policies.of(ORGANISATIONS)
    statement = select(incident.c.event_class, incident.c.grid).where(incident.c.id == incident_id)
    row = (await connection.execute(statement)).one_or_none()
    if matrix is None or organisations is None or row is None:
        return {}
    found = lead(matrix, registry, row.event_class, row.grid)
    if found is None or organisations.of(found.lead) is None:
        return {}
    return {"organisation": found.lead}
