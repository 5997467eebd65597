"""Lines of a case's log that change no state: everything that happens to a case is a line of its log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.incidents import store
from cloud.incidents.seen import Line
from cloud.incidents.store import Actor
from cloud.incidents.transitions import State
from cloud.stream.outbox import emit


async def note(
    connection: AsyncConnection,
    incident_id: UUID,
    action: str,
    actor: Actor,
    detail: Mapping[str, Any],
    now: datetime,
) -> int:
    """Write a line that keeps the state, in the caller's transaction; the version it made.

    `detail` is JSON, without anybody's name or number that must be forgotten one day: lines stay for ever.

    Raises:
        Problem: not_found.
    """
    key = await store.key_of(connection, incident_id)
    if key is None:
        raise Problem("not_found", f"no incident has the id {incident_id}")
    await store.lock(connection, [key])
    return await append(connection, incident_id, action, actor, detail, now)


async def append(
    connection: AsyncConnection,
    incident_id: UUID,
    action: str,
    actor: Actor,
    detail: Mapping[str, Any],
    now: datetime,
) -> int:
    """`note`, by one who holds the lock of its place and class already."""
    mine = incident.c.id == incident_id
    row = (await connection.execute(select(incident.c.version, incident.c.state).where(mine))).one()
    line = Line(row.version + 1, action, State(row.state), State(row.state), "note", detail=detail)
    await connection.execute(update(incident).where(mine).values(version=line.version, updated_at=now))
    await store.write_lines(connection, [(incident_id, line)], actor, now)
    await emit(connection, [("incident", str(incident_id))])
    return line.version
