"""The record of who looked: written before a picture is shown, and no picture without it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.people.person import Person
from cloud.privacy.viewing import DUTY, PATROL_ROOM
from cloud.video.tables import live_view

What = Literal["live", "stills"]


def reason_for(who: Person, given: str | None) -> str | None:
    """Why somebody looks; None: they must say, for live pictures are originals. Pure."""
    if given:
        return given
    return DUTY if PATROL_ROOM.intersection(who.roles) else None


async def write_down(
    connection: AsyncConnection, who: Person, cameras: Collection[str], what: What, reason: str, now: datetime
) -> None:
    """Somebody looks now; within one hour the same is one row, which tells when last."""
    if not cameras:
        return
    hour = now.replace(minute=0, second=0, microsecond=0)
    rows = [
        {
            "username": who.username, "camera": camera, "what": what, "reason": reason,
            "hour": hour, "first_at": now, "last_at": now,
        }
        for camera in sorted(cameras)
    ]  # fmt: skip
    made = insert(live_view).values(rows)
    again = {"last_at": func.greatest(live_view.c.last_at, made.excluded.last_at)}
    await connection.execute(
        made.on_conflict_do_update(index_elements=list(live_view.primary_key), set_=again)
    )
