"""What comes back: the closed case of the same place and class that a new one comes back from."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.incidents.seen import REOPENABLE
from cloud.incidents.store import Key


async def recurring(connection: AsyncConnection, keys: Collection[Key]) -> dict[Key, UUID]:
    """Of these places and classes, the case that was closed there last; false or void ones do not count."""
    there = tuple_(incident.c.place, incident.c.event_class)
    columns = (incident.c.id, incident.c.place, incident.c.event_class)
    statement = select(*columns).where(incident.c.state.in_(REOPENABLE), there.in_(keys))
    statement = statement.ext(distinct_on(incident.c.place, incident.c.event_class))
    latest = statement.order_by(incident.c.place, incident.c.event_class, incident.c.closed_at.desc())
    return {(row.place, row.event_class): row.id for row in await connection.execute(latest)}
