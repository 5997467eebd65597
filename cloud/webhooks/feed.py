"""The feed: every line of a case's log and every change of an asset, numbered once, after its commit.

One process at a time reads the outbox behind the commit horizon, as the stream does, and in one transaction
writes the lines that it names, their deliveries, and how far it read. The log is append-only, so what an
event says never changes, and numbers never come out of order.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.stream import reader
from cloud.stream.cursor import Cursor
from cloud.webhooks import subjects
from cloud.webhooks.events import wants
from cloud.webhooks.tables import delivery, event, subscription

BATCH = 500
PART = 1000
"""Subjects that one statement names."""
KEPT = timedelta(days=30)
"""How far back a replay may reach."""
BACK = timedelta(hours=1)
"""Where the outbox forgot what came after our place: lines so much older than our last look are read too."""
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('webhook feed', 0))")
_PLACE = text("SELECT xid::text AS xid, id, seq, at FROM webhook_relay")
_MOVE = text(
    "UPDATE webhook_relay SET xid = CAST(CAST(:xid AS text) AS xid8), id = :id, seq = :seq, at = :at"
)


async def advance(connection: AsyncConnection, registry: Registry, now: datetime) -> tuple[int, bool]:
    """Publish what was committed since; how many events, and whether more waits.

    Nothing while another process does it; nothing is published while nobody subscribes.
    """
    if not await connection.scalar(_ALONE):
        return 0, False
    place = (await connection.execute(_PLACE)).one()
    cursor, below = Cursor(int(place.xid), place.id), await reader.horizon(connection)
    rows = await reader.read(connection, cursor, below, BATCH)
    lost = await reader.is_lost(connection, cursor, below)
    if not rows and not lost:
        return 0, False
    seq = place.seq
    for kind in subjects.LINES:
        changed = {UUID(row.subject) for row in rows if row.kind == kind}
        if lost:
            changed |= await subjects.written_since(connection, kind, place.at - BACK)
        left = sorted(changed)
        while left:
            seq, left = await _publish(connection, kind, left[:PART], seq, registry, now), left[PART:]
    to = rows[-1].cursor if rows and not lost else Cursor(below, 0)
    await connection.execute(_MOVE, {"xid": str(to.xid), "id": to.id, "seq": seq, "at": now})
    return seq - place.seq, len(rows) == BATCH


async def _publish(
    connection: AsyncConnection, kind: str, ids: Collection[UUID], seq: int, registry: Registry, now: datetime
) -> int:
    """Number the lines of these subjects that are not published yet, and queue them; the last number."""
    wanted = subscription.c.disabled_at.is_(None)
    subscriptions = (await connection.execute(select(subscription).where(wanted))).all()
    if not subscriptions:
        return seq
    found = await subjects.fresh(connection, kind, ids, now - KEPT, registry)
    events = [one | {"seq": number} for number, one in enumerate(found, seq + 1)]
    queued = [
        _queued(each.id, one, now)
        for one in events
        for each in subscriptions
        if wants(each.kinds, each.areas, one["kind"], one["areas"])
    ]
    if events:
        await connection.execute(insert(event), events)
    if queued:
        await connection.execute(insert(delivery), queued)
    return seq + len(events)


def _queued(identifier: UUID, one: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "subscription_id": identifier, "seq": one["seq"], "incident_id": one["incident_id"],
        "state": "waiting", "tries": 0, "since": now, "look_at": now,
    }  # fmt: skip


async def replay(connection: AsyncConnection, subscriber: Any, after: int, now: datetime) -> tuple[int, int]:
    """Queue all events after number `after` for a subscription again; how many, and the first's number."""
    statement = select(event.c.seq, event.c.incident_id, event.c.kind, event.c.areas)
    rows = (await connection.execute(statement.where(event.c.seq > after).order_by(event.c.seq))).all()
    queued = [
        _queued(subscriber.id, dict(row._mapping), now)  # noqa: SLF001 - SQLAlchemy's public way to it
        for row in rows
        if wants(subscriber.kinds, subscriber.areas, row.kind, row.areas)
    ]
    if not queued:
        return 0, 0
    put = upsert(delivery)
    renewed = {name: put.excluded[name] for name in ("state", "tries", "since", "look_at")}
    put = put.on_conflict_do_update(index_elements=["subscription_id", "seq"], set_=renewed)
    await connection.execute(put, queued)
    return len(queued), queued[0]["seq"]


async def forget(connection: AsyncConnection, now: datetime) -> None:
    """Events that no replay reaches any more, with their deliveries."""
    await connection.execute(delete(event).where(event.c.at < now - KEPT))
