"""Reading the outbox behind the commit horizon.

A cursor over an identity column loses events: numbers are taken at insert, seen at commit, and a reader that
passed 101 never sees 100 when it commits later. Only rows of transactions below
`pg_snapshot_xmin(pg_current_snapshot())` are read: every transaction below it has ended, so nothing can
appear behind the cursor any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.stream.cursor import Cursor

_READ = text("""
    SELECT xid::text AS xid, id, kind, subject FROM outbox
    WHERE (xid, id) > (CAST(CAST(:xid AS text) AS xid8), CAST(:id AS bigint))
      AND xid < CAST(CAST(:horizon AS text) AS xid8)
    ORDER BY outbox.xid, outbox.id LIMIT :limit
""")
_HORIZON = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
_STATE = text("""
    WITH now AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon)
    SELECT horizon::text AS horizon,
           (SELECT extract(epoch FROM clock_timestamp() - min(at)) FROM outbox
            WHERE xid >= now.horizon) AS hidden
    FROM now
""")
_FLOOR = text("SELECT xid::text AS xid, id FROM outbox_floor")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the outbox."""

    cursor: Cursor
    kind: str
    subject: str


async def horizon(connection: AsyncConnection) -> int:
    """The oldest transaction that may still commit; all below it is settled."""
    return int((await connection.execute(_HORIZON)).scalar_one())


async def read(connection: AsyncConnection, after: Cursor, below: int, limit: int) -> list[Row]:
    """Rows after a cursor and below a horizon, in order."""
    values = {"xid": str(after.xid), "id": after.id, "horizon": str(below), "limit": limit}
    rows = await connection.execute(_READ, values)
    return [Row(Cursor(int(row.xid), row.id), row.kind, row.subject) for row in rows]


async def state(connection: AsyncConnection) -> tuple[int, float]:
    """The horizon, and how many seconds the oldest committed row above it has waited; 0: there is none."""
    row = (await connection.execute(_STATE)).one()
    return int(row.horizon), max(0.0, float(row.hidden or 0.0))


async def is_lost(connection: AsyncConnection, cursor: Cursor, below: int) -> bool:
    """Whether what came after `cursor` may have been forgotten, or it is of another database."""
    floor = (await connection.execute(_FLOOR)).one()
    return cursor < (int(floor.xid), floor.id) or cursor.xid > below


def latest(rows: Sequence[Row]) -> list[Row]:
    """Only the last row of each subject, in order: rows name what changed, not how."""
    last = {(row.kind, row.subject): row for row in rows}
    return sorted(last.values(), key=lambda row: row.cursor)
