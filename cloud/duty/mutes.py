"""Who silenced a wall's sound, why and until when: kept for the hand-over, and never for long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.duty.tables import mute
from cloud.errors import Problem
from devices.ids import uuid7

LONGEST_MINUTES = 10
_LOCK = func.pg_advisory_xact_lock


async def silence(
    connection: AsyncConnection, username: str, reason: str, minutes: int, now: datetime
) -> dict[str, Any]:
    """Let the walls of `username` be silent for so many minutes, but for what is critical; the mute made.

    Raises:
        Problem: `already_muted`: one that runs is not made longer.
    """
    await connection.execute(select(_LOCK(func.hashtextextended(f"mute {username}", 0))))
    running = select(mute.c.id).where(mute.c.username == username, _runs(now))
    if await connection.scalar(running) is not None:
        raise Problem(
            "already_muted", "your wall is silent already; let it sound before you silence it again"
        )
    row = {
        "id": uuid7(), "username": username, "reason": reason, "since": now,
        "until": now + timedelta(minutes=minutes), "ended_at": None,
    }  # fmt: skip
    await connection.execute(insert(mute), row)
    return row


async def sound_again(connection: AsyncConnection, identifier: UUID, username: str, now: datetime) -> None:
    """Let it sound before its time; one that is over stays as it is.

    Raises:
        Problem: `not_found`: nobody, or somebody else, made it.
    """
    mine = (mute.c.id == identifier) & (mute.c.username == username)
    if await connection.scalar(select(mute.c.id).where(mine)) is None:
        raise Problem("not_found", f"no mute of yours has the id {identifier}")
    await connection.execute(update(mute).where(mine, _runs(now)).values(ended_at=now))


async def since(connection: AsyncConnection, first: datetime) -> list[dict[str, Any]]:
    """Those that were not over before `first`, the newest first."""
    over = func.coalesce(mute.c.ended_at, mute.c.until)
    rows = await connection.execute(
        select(mute).where(over >= first).order_by(mute.c.since.desc(), mute.c.id.desc())
    )
    return [dict(row) for row in rows.mappings()]


def _runs(now: datetime) -> Any:
    return mute.c.ended_at.is_(None) & (mute.c.until > now)
