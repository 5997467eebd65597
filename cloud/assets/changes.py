"""Each change of an asset: the row, its line for ever, and word to the feed, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.assets.tables import asset, asset_change
from cloud.incidents.store import Actor
from cloud.stream.outbox import emit
from devices.ids import uuid7

Action = Literal["added", "changed", "moved"]
TOLD = (
    "code", "asset_class", "name", "lon", "lat", "point", "grid", "community", "state", "keeper", "address",
)  # fmt: skip
"""What subscribers are told of an asset."""
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('assets', 0))")


async def lock(connection: AsyncConnection) -> None:
    """Let nobody else write assets until this transaction ends."""
    await connection.execute(_LOCK)


async def add(
    connection: AsyncConnection, those: Sequence[Mapping[str, Any]], who: Actor, now: datetime
) -> None:
    """New assets; each is a row without `id`, `version` and `updated_at`."""
    rows = [{**one, "id": uuid7(), "version": 1, "updated_at": now} for one in those]
    if rows:
        await connection.execute(insert(asset), rows)
        await _write(connection, "added", rows, who, now)


async def change(
    connection: AsyncConnection,
    row: Any,
    action: Action,
    values: Mapping[str, Any],
    who: Actor,
    now: datetime,
) -> None:
    """`row` (of `asset`) has these values from now on."""
    new = {**values, "version": row.version + 1, "updated_at": now}
    await connection.execute(update(asset).where(asset.c.id == row.id).values(new))
    before = {name: getattr(row, name) for name in ("id", *TOLD)}
    await _write(connection, action, [before | new], who, now)


async def _write(
    connection: AsyncConnection, action: Action, rows: Sequence[Mapping[str, Any]], who: Actor, now: datetime
) -> None:
    lines = [
        {
            "asset_id": row["id"], "version": row["version"], "at": now, "action": action,
            "actor_kind": who.kind, "actor_name": who.name, "data": {name: row.get(name) for name in TOLD},
        }
        for row in rows
    ]  # fmt: skip
    await connection.execute(insert(asset_change), lines)
    ids: list[UUID] = [row["id"] for row in rows]
    await emit(connection, [("asset", str(one)) for one in ids])
