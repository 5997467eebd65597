"""The outbox: what changed, written in the same transaction as the change, read by the tail.

Rows name the thing that changed, not its content: the tail renders what stands when it reads, so that
a burst of changes of one thing is one event, and a late reader never sees an old state after a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import outbox

CHANNEL = "gridwatch_outbox"
Kind = Literal["incident", "alarm", "health", "command", "notice", "asset"]
"""Of assets only the webhooks tell: no wall shows them."""

_PRUNE = text("""
    WITH gone AS (DELETE FROM outbox WHERE at < :before AND xid < pg_snapshot_xmin(pg_current_snapshot())
                  RETURNING xid, id),
         last AS (SELECT xid, id FROM gone ORDER BY xid DESC, id DESC LIMIT 1)
    UPDATE outbox_floor f SET xid = last.xid, id = last.id FROM last WHERE (last.xid, last.id) > (f.xid, f.id)
""")


async def emit(connection: AsyncConnection, changes: Iterable[tuple[Kind, str]]) -> None:
    """Note what changed; `subject` is an incident's, alarm's, command's or notice's id, or `node/device`."""
    rows = [{"kind": kind, "subject": subject} for kind, subject in dict.fromkeys(changes)]
    if rows:
        await connection.execute(insert(outbox), rows)


async def prune(connection: AsyncConnection, now: datetime, retention: timedelta) -> None:
    """Forget rows older than `retention`, and remember up to where was forgotten."""
    await connection.execute(_PRUNE, {"before": now - retention})
