"""The name of the cloud's ledger. Nodes hear it with every answer; by another name than before they know
that this cloud was restored from a backup, and send again what it may have forgotten.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.keeping.tables import install
from devices.ids import uuid7


async def name(connection: AsyncConnection) -> UUID:
    """The ledger's name."""
    found = await connection.scalar(select(install.c.ledger))
    assert isinstance(found, UUID)
    return found


async def ledger_of(engine: AsyncEngine) -> UUID:
    """The name of the ledger in this database."""
    async with engine.connect() as connection:
        return await name(connection)


async def renew(connection: AsyncConnection, now: datetime) -> UUID:
    """A new name: what stands here is older than what nodes were told."""
    fresh = uuid7()
    await connection.execute(update(install).values(ledger=fresh, restored_at=now))
    return fresh
