"""Pictures in nodes' answers: kept for some minutes, for those who asked, shown as photos are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import command_picture
from cloud.media.store import JPEG_START
from devices.link import Shown

LIFE = timedelta(minutes=10)
"""After which they are deleted; nobody had a reason to keep them."""
MOST, LARGEST = 16, 512 * 1024
"""Pictures of an answer, and bytes of one; what is beyond is not taken."""


async def keep(connection: AsyncConnection, command: UUID, pictures: Sequence[Shown], now: datetime) -> None:
    """What came with the answer to a command."""
    fit = [one for one in pictures[:MOST] if one.jpeg.startswith(JPEG_START) and len(one.jpeg) <= LARGEST]
    rows = [
        {
            "command": command,
            "number": n,
            "taken_at": one.taken_at,
            "jpeg": one.jpeg,
            "expires_at": now + LIFE,
        }
        for n, one in enumerate(fit)
    ]
    if rows:
        await connection.execute(insert(command_picture).on_conflict_do_nothing(), rows)


async def expire(connection: AsyncConnection, now: datetime) -> None:
    """Those whose time is over are deleted."""
    await connection.execute(delete(command_picture).where(command_picture.c.expires_at <= now))


async def read(
    connection: AsyncConnection, command: UUID, number: int, now: datetime
) -> tuple[datetime, bytes] | None:
    """When one was taken, and its JPEG; None: there is none, or none any more."""
    mine = (command_picture.c.command == command, command_picture.c.number == number)
    statement = select(command_picture).where(*mine, command_picture.c.expires_at > now)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else (row.taken_at, row.jpeg)
