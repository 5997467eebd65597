"""The organisations as the database has them, for what has no policies at hand."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.organisations.model import Organisations
from cloud.policies.tables import policy
from devices.site.model import Names


async def in_force(connection: AsyncConnection) -> Organisations | None:
    """All of them; None: the site has no list."""
    statement = select(policy.c.body).where(policy.c.kind == "organisations")
    body = await connection.scalar(statement.order_by(policy.c.version.desc()).limit(1))
    return None if body is None else Organisations.model_validate(body)


async def name_of(connection: AsyncConnection, identifier: str) -> Names:
    """What people call one; its id, where nobody says."""
    there = await in_force(connection)
    known = there.of(identifier) if there else None
    return known.name if known else Names(zh=identifier, en=identifier)
