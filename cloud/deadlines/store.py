"""Deadline rows: one by key while it waits, gone once it fires; and `deadline_event`, what fired, for ever.

A key fires once for a due time: the primary key of `deadline_event` says so, whoever asks however often.
Who changes or claims rows while holding the lock of an incident's place never waits in a circle, since
firing takes rows only if they are free (SKIP LOCKED) and places only if they are free (`free_places`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.columns import JSON, TIME
from cloud.database.schema import deadline
from cloud.incidents.store import Key, lock_number

_FREE = text(
    "SELECT k FROM (SELECT k FROM unnest(CAST(:keys AS bigint[])) AS k OFFSET 0) AS one"
    " WHERE pg_try_advisory_xact_lock(k)"
)
_PUT = text("""
    INSERT INTO deadline (key, kind, incident_id, due_at, look_at, attempts, detail)
    SELECT w.key, w.kind, w.incident_id, w.due_at, w.due_at, 0, w.detail
    FROM jsonb_to_recordset(:rows)
        AS w(key text, kind text, incident_id uuid, due_at timestamptz, detail jsonb)
    WHERE NOT EXISTS (SELECT FROM deadline_event AS e WHERE e.key = w.key AND e.due_at = w.due_at)
    ON CONFLICT (key) DO UPDATE
    SET kind = excluded.kind, incident_id = excluded.incident_id, due_at = excluded.due_at,
        look_at = excluded.look_at, attempts = 0, detail = excluded.detail
    WHERE deadline.due_at <> excluded.due_at OR deadline.detail <> excluded.detail
""").bindparams(bindparam("rows", type_=JSON))
_SETTLE = text("""
    WITH fired AS (
        SELECT * FROM jsonb_to_recordset(:rows)
            AS w(key text, kind text, incident_id uuid, due_at timestamptz, detail jsonb)),
         over AS (DELETE FROM deadline USING fired WHERE deadline.key = fired.key)
    INSERT INTO deadline_event (key, kind, incident_id, due_at, fired_at, detail)
    SELECT key, kind, incident_id, due_at, :at, detail FROM fired ON CONFLICT DO NOTHING RETURNING key
""").bindparams(bindparam("rows", type_=JSON), bindparam("at", type_=TIME))
"""One text each, however many there are: made once, planned once."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that fires at a time."""

    key: str
    """Names it: another deadline of the same key takes its place."""
    kind: str
    due: datetime
    incident_id: UUID | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    """For whoever reads of it."""


async def put(connection: AsyncConnection, wanted: Sequence[Deadline]) -> int:
    """Let these fire at their times, past ones at once; each takes the place of one with its key.

    One that has fired for the same due time does not come back. Answers how many are new or moved.
    """
    if not wanted:
        return 0
    return (await connection.execute(_PUT, {"rows": list(map(_row, wanted))})).rowcount


async def cancel(connection: AsyncConnection, keys: Collection[str]) -> int:
    """Let these not fire; what fired already did. Answers how many waited."""
    if not keys:
        return 0
    return (await connection.execute(delete(deadline).where(deadline.c.key.in_(keys)))).rowcount


async def waiting(connection: AsyncConnection, incident_ids: Collection[UUID]) -> list[Deadline]:
    """What waits for these incidents, the next one first."""
    statement = select(deadline).where(deadline.c.incident_id.in_(incident_ids)).order_by(deadline.c.due_at)
    return [_deadline(row) for row in await connection.execute(statement)]


async def claim(connection: AsyncConnection, now: datetime, limit: int) -> list[Deadline]:
    """Lock what is due and nobody else has, the longest due first, until this transaction ends."""
    statement = (
        select(deadline)
        .where(deadline.c.look_at <= now)
        .order_by(deadline.c.look_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_deadline(row) for row in await connection.execute(statement)]


async def settle(connection: AsyncConnection, fired: Sequence[Deadline], now: datetime) -> set[str]:
    """Write down that claimed ones fired, and let them wait no more; the keys of those that had not fired."""
    return set((await connection.scalars(_SETTLE, {"rows": list(map(_row, fired)), "at": now})).all())


async def postpone(connection: AsyncConnection, key: str, now: datetime, most: timedelta) -> None:
    """Look at it again later: 2, 4, 8 s and so on, at most `most`; its due time stays."""
    wait = func.least(func.power(2, deadline.c.attempts + 1), most.total_seconds()) * timedelta(seconds=1)
    values = {"attempts": deadline.c.attempts + 1, "look_at": literal(now, deadline.c.look_at.type) + wait}
    await connection.execute(update(deadline).where(deadline.c.key == key).values(values))


async def next_look(connection: AsyncConnection) -> datetime | None:
    """When something is due next."""
    found: datetime | None = await connection.scalar(select(func.min(deadline.c.look_at)))
    return found


async def free_places(connection: AsyncConnection, keys: Collection[Key]) -> set[Key]:
    """Those of the places whose lock was free; it is taken until this transaction ends. Never waits."""
    numbers = {lock_number(key): key for key in keys}
    if not numbers:
        return set()
    got = (await connection.scalars(_FREE, {"keys": sorted(numbers)})).all()
    return {numbers[number] for number in got}


def _row(one: Deadline) -> dict[str, Any]:
    """For `jsonb_to_recordset`."""
    return {
        "key": one.key, "kind": one.kind, "incident_id": one.incident_id and str(one.incident_id),
        "due_at": one.due.isoformat(), "detail": dict(one.detail),
    }  # fmt: skip


def _deadline(row: Any) -> Deadline:
    return Deadline(row.key, row.kind, row.due_at, row.incident_id, row.detail)
