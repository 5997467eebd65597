"""What an incident is tied to, out of the database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.incidents.models import Link
from cloud.people.scope import Scope, visible

_BACK: dict[str, Any] = {"merged_into": "merged", "duplicate_of": "duplicate", "recurrence_of": "recurrence"}
"""Column -> what the incident that it names calls the one that has it."""


async def of(connection: AsyncConnection, incident_id: UUID, scope: Scope) -> list[Link]:
    """Those that it names, then those that name it, as far as they are in scope, each by number."""
    mine = (await connection.execute(select(incident).where(incident.c.id == incident_id))).one()
    ahead: dict[UUID, Any] = {
        target: column for column in _BACK if (target := getattr(mine, column)) is not None
    }
    wanted = or_(incident.c.id.in_(ahead), *(incident.c[column] == incident_id for column in _BACK))
    statement = select(incident).where(wanted, visible(scope)).order_by(incident.c.number)
    rows = (await connection.execute(statement)).all()
    found = [Link(id=one.id, number=one.number, kind=ahead[one.id]) for one in rows if one.id in ahead]
    for column, back in _BACK.items():
        named = (one for one in rows if getattr(one, column) == incident_id)
        found += [Link(id=one.id, number=one.number, kind=back) for one in named]
    return found
