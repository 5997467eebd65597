"""Who had a notice, and who read it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.database.columns import TIME
from cloud.database.schema import incident
from cloud.people.passwords import hash_token
from cloud.people.scope import Scope, visible
from cloud.push.tables import attempt, link, notice, receipt

How = Literal["page", "link", "case"]


async def mark(
    connection: AsyncConnection, notice_id: UUID, username: str, now: datetime, *, read: How | None
) -> None:
    """`username` had the notice, and with `read` also read it. The first time counts."""
    row: dict[str, Any] = {"notice_id": notice_id, "username": username, "delivered_at": now}
    if read:
        row |= {"read_at": now, "how": read}
    statement = insert(receipt).values(row)
    first = {
        name: func.coalesce(receipt.c[name], statement.excluded[name]) for name in row if name in receipt.c
    }
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["notice_id", "username"], set_=first)
    )


async def called(connection: AsyncConnection, notice_id: UUID, username: str) -> bool:
    """Whether `username` was among those that a rung called."""
    statement = select(attempt.c.id).where(
        attempt.c.notice_id == notice_id, attempt.c.recipients.contains([f"person:{username}"])
    )
    return await connection.scalar(statement.limit(1)) is not None


async def of_link(connection: AsyncConnection, token: str, scope: Scope, now: datetime) -> Any | None:
    """The notice (`id`, `incident_id`) that a link is about, for somebody with `scope`; None: not for them.

    The link itself lets nobody in: it stands in a group's chat, where many see it.
    """
    statement = (
        select(notice.c.id, notice.c.incident_id)
        .join(link, link.c.notice_id == notice.c.id)
        .join(incident, incident.c.id == notice.c.incident_id)
        .where(link.c.token_hash == hash_token(token), link.c.expires_at > now, visible(scope))
    )
    return (await connection.execute(statement)).one_or_none()


async def opened(engine: AsyncEngine, incident_id: UUID, username: str, now: datetime, scope: Scope) -> None:
    """`username` opened a case: they know what they were called for. Only while its ladders run.

    Who was not called reads nothing: who asks for help and sees the case must not end the call for it.
    """
    column = receipt.c
    theirs = select(attempt.c.id).where(
        attempt.c.notice_id == notice.c.id, attempt.c.recipients.contains([f"person:{username}"])
    )
    known = select(column.notice_id).where(
        column.notice_id == notice.c.id, column.username == username, column.read_at.is_not(None)
    )
    wanted = (
        select(notice.c.id)
        .join(incident, incident.c.id == notice.c.incident_id)
        .where(incident.c.id == incident_id, visible(scope), notice.c.ended_at.is_(None), theirs.exists())
        .where(~known.exists())
    )
    async with engine.connect() as connection:
        if await connection.scalar(wanted.limit(1)) is None:
            return
    time = literal(now, TIME)
    values = wanted.add_columns(literal(username), time, time, literal("case"))
    statement = insert(receipt).from_select(
        ["notice_id", "username", "delivered_at", "read_at", "how"], values
    )
    first = {
        name: func.coalesce(column[name], statement.excluded[name])
        for name in ("delivered_at", "read_at", "how")
    }
    async with engine.begin() as connection:
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["notice_id", "username"], set_=first)
        )
