"""A case is not closed while a department that was called to it has not reported."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.whistles.calls import HOLDS
from cloud.whistles.tables import whistle_call

BLOCKED = frozenset({"close", "self_corrected", "merge", "duplicate"})
"""What a case's calls hold up; that it is a false alarm, or no case at all, they do not."""


async def unreported(connection: AsyncConnection, incident_id: UUID, action: str) -> str | None:
    """A blocker: who was called and has not reported; None: nobody."""
    if action not in BLOCKED:
        return None
    mine = whistle_call.c.incident_id == incident_id
    latest = (
        select(whistle_call.c.organisation, whistle_call.c.state)
        .where(mine)
        .order_by(whistle_call.c.called_at, whistle_call.c.id)
    )
    states = {row.organisation: row.state for row in await connection.execute(latest)}
    left = sorted(organisation for organisation, state in states.items() if state in HOLDS)
    if not left:
        return None
    return f"called, and have not reported: {', '.join(left)}; each reports, or its call is withdrawn"
