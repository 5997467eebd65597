"""Writing assets, and which cases are about which of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.assets import changes
from cloud.assets.given import Given
from cloud.assets.tables import asset, asset_case
from cloud.incidents import log, store
from cloud.incidents.store import Actor

PART = 1000
"""Assets that one statement names."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of assets that were given."""

    added: int = 0
    changed: int = 0
    same: int = 0


async def write(connection: AsyncConnection, those: Sequence[Given], who: Actor, now: datetime) -> Written:
    """Add what is new by its code, change what is another one; what is the same is not written again.

    The caller holds `changes.lock`.
    """
    added = changed = 0
    for start in range(0, len(those), PART):
        part = those[start : start + PART]
        codes = [one.code for one in part]
        there = {
            row.code: row for row in await connection.execute(select(asset).where(asset.c.code.in_(codes)))
        }
        new = [asdict(one) for one in part if one.code not in there]
        await changes.add(connection, new, who, now)
        added += len(new)
        for one in part:
            row = there.get(one.code)
            values = asdict(one)
            if row is not None and any(getattr(row, name) != values[name] for name in values):
                await changes.change(connection, row, "changed", values, who, now)
                changed += 1
    return Written(added, changed, len(those) - added - changed)


async def link(connection: AsyncConnection, incident_id: UUID, row: Any, actor: Actor, now: datetime) -> bool:
    """The case is about this asset (`row`: of `asset`): a line of its log. False: that was known."""
    await _lock(connection, incident_id)
    values = {"asset_id": row.id, "incident_id": incident_id, "linked_at": now, "linked_by": actor.name}
    made = upsert(asset_case).values(values).on_conflict_do_nothing().returning(asset_case.c.asset_id)
    if await connection.scalar(made) is None:
        return False
    detail = {"asset": row.code, "class": row.asset_class}
    await log.append(connection, incident_id, "asset_linked", actor, detail, now)
    return True


async def unlink(
    connection: AsyncConnection, incident_id: UUID, row: Any, actor: Actor, now: datetime
) -> bool:
    """It is not about it after all: another line. False: nobody said so."""
    await _lock(connection, incident_id)
    mine = (asset_case.c.asset_id == row.id) & (asset_case.c.incident_id == incident_id)
    if not (await connection.execute(delete(asset_case).where(mine))).rowcount:
        return False
    await log.append(connection, incident_id, "asset_unlinked", actor, {"asset": row.code}, now)
    return True


async def _lock(connection: AsyncConnection, incident_id: UUID) -> None:
    key = await store.key_of(connection, incident_id)
    assert key is not None, "the caller asked whether it is there"
    await store.lock(connection, [key])
