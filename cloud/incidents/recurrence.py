"""What a new case begins with: a running number, and the closed case of its place that it comes back from."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.incidents.store import Key

_BEGIN = text("""
    SELECT wanted.place, wanted.event_class, nextval('incident_number') AS running,
           (SELECT id FROM incident AS past
            WHERE past.place = wanted.place AND past.event_class = wanted.event_class
              AND past.state IN ('closed', 'evaluated')
            ORDER BY past.closed_at DESC LIMIT 1) AS before
    FROM unnest(CAST(:places AS text[]), CAST(:classes AS text[])) AS wanted(place, event_class)
""")


async def begin(connection: AsyncConnection, keys: Collection[Key]) -> dict[Key, tuple[int, UUID | None]]:
    """Of each of these places and classes, a running number, and the case that was closed there last.

    False or void ones do not count.
    """
    values = {"places": [place for place, _ in keys], "classes": [code for _, code in keys]}
    rows = await connection.execute(_BEGIN, values)
    return {(row.place, row.event_class): (row.running, row.before) for row in rows}
