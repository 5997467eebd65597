"""What is over goes, and it is written down: pictures by their times and the quota, positions by theirs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas.current import Current
from cloud.incidents.store import Actor
from cloud.media.order import Kept, Rank, what_goes
from cloud.media.room import Room
from cloud.media.store import MediaStore
from cloud.privacy import figures
from cloud.privacy.policy import GIB, PrivacyPolicy, policy_in
from cloud.privacy.tables import deletion, worker_position
from cloud.stream.tail import LOST
from devices.ids import uuid7

log = logging.getLogger(__name__)

EVERY = 600.0
GRIDWATCH = Actor("system", "gridwatch")
_TURN = text("SELECT pg_try_advisory_xact_lock(:key)")
_KEY = 0x6772_6964_7377_6570
"""Key of the advisory lock that lets one process sweep at a time ("gridswep")."""


def furnish(room: Room, policy: PrivacyPolicy) -> None:
    """Give the room its quota and reserve."""
    room.quota, room.reserve = int(policy.disk.quota * GIB), int(policy.disk.reserve * GIB)


async def sweep(engine: AsyncEngine, media: MediaStore, policy: PrivacyPolicy, now: datetime) -> list[Kept]:
    """Once over everything; what went. Nothing when another process is at it.

    Each deletion is committed before the file goes: after a crash in between it goes with the next sweep.
    """
    furnish(media.room, policy)
    async with engine.begin() as connection:
        if not await connection.scalar(_TURN, {"key": _KEY}):
            return []
        # Reads first: what this transaction writes it writes at its end, or it would hold back the walls.
        kept = await figures.everything(connection, media, policy, now)
        media.room.used = sum(one.size for one in kept)
        free = await asyncio.to_thread(media.room.free)
        excess = max(media.room.used - int(policy.disk.quota * GIB), media.room.reserve - free, 0)
        going = what_goes(kept, excess)
        await record(connection, going, now)
    async with engine.begin() as connection:
        await forget_tracks(connection, policy, now)
    await asyncio.to_thread(_delete, media, going)
    if going:
        log.info("deleted %d photos, clips and copies, %d bytes", len(going), sum(one.size for one in going))
    return going


async def record(connection: AsyncConnection, going: Sequence[Kept], now: datetime) -> None:
    """Write down what goes and why; copies are nothing of their own."""
    batch = uuid7()
    rows = [
        _row(now, batch, one.rank.name.lower(), one.sha256, 1, one.size, "time" if one.must_go else "room")
        for one in going
        if one.rank is not Rank.COPY
    ]
    if rows:
        await connection.execute(insert(deletion), rows)


async def forget_tracks(connection: AsyncConnection, policy: PrivacyPolicy, now: datetime) -> int:
    """Delete positions whose time is over, and write down of whom how many; how many those were."""
    over = now - timedelta(seconds=policy.track_life)
    gone = delete(worker_position).where(worker_position.c.at < over).returning(worker_position.c.username)
    names = (await connection.scalars(gone)).all()
    batch = uuid7()
    rows = [_row(now, batch, "track", name, names.count(name), 0, "time") for name in sorted(set(names))]
    if rows:
        await connection.execute(insert(deletion), rows)
    return len(names)


async def keep_private(
    engine: AsyncEngine, current: Current, media: MediaStore, now: Callable[[], datetime]
) -> None:
    """Sweep every ten minutes until cancelled."""
    while True:
        try:
            await sweep(engine, media, policy_in(current.policies), now())
        except (*LOST, OSError) as error:
            log.warning("could not sweep photos and clips: %s; next time", type(error).__name__)
        await asyncio.sleep(EVERY)


def _row(
    now: datetime, batch: UUID, what: str, subject: str, count: int, size: int, why: str
) -> dict[str, Any]:
    return {
        "at": now, "batch": batch, "what": what, "subject": subject, "count": count, "size": size,
        "actor_kind": GRIDWATCH.kind, "actor_name": GRIDWATCH.name, "why": why,
    }  # fmt: skip


def _delete(media: MediaStore, going: Sequence[Kept]) -> None:
    for one in going:
        if one.rank is Rank.COPY:
            media.drop_copy(one.sha256)
        else:
            media.delete(one.sha256)
