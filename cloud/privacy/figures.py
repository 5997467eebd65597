"""What photos and clips take, and what was deleted so far."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.media.order import Kept
from cloud.media.store import MediaStore
from cloud.privacy import linked
from cloud.privacy.policy import PrivacyPolicy
from cloud.privacy.tables import deletion

PICTURES = ("photo", "clip", "unlinked")


def files(media: MediaStore) -> list[tuple[str, int, datetime]]:
    """Every photo, clip and copy: name, bytes, since when. Blocks on the disk."""
    return [(name, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC)) for name, stat in media.files()]


async def everything(
    connection: AsyncConnection, media: MediaStore, policy: PrivacyPolicy, now: datetime
) -> list[Kept]:
    """What is on the disk, as the order of going sees it."""
    there = await asyncio.to_thread(files, media)
    return linked.kept(there, await linked.links_of(connection, [name for name, *_ in there]), policy, now)


async def deleted(connection: AsyncConnection) -> tuple[int, int]:
    """How many photos and clips, and their bytes."""
    sums = select(func.count(), func.coalesce(func.sum(deletion.c.size), 0))
    row = (await connection.execute(sums.where(deletion.c.what.in_(PICTURES)))).one()
    return int(row[0]), int(row[1])
