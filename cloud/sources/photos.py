"""Photos that are sent ahead of what they belong to: by hash, so that sending one again costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, union, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.database.schema import evidence
from cloud.errors import Problem
from cloud.media.store import JPEG_START, LARGEST_JPEG, MediaStore
from cloud.sources.tables import photo_upload

MOST_WAITING = 200
"""Photos of one sender that nothing refers to yet; the public is one sender."""
PUBLIC = "citizen"
"""The sender of what comes without an account: nobody is told apart."""
KEPT = timedelta(days=1)
"""What is referred to by nothing for so long cannot be referred to any more."""
KEPT_OF_THE_PUBLIC = timedelta(hours=1)
"""The same, of the public: one address, which may send some 70 in that time, never takes up all the room."""


async def take(
    engine: AsyncEngine, media: MediaStore, sender: str, sha256: str, body: bytes, now: datetime
) -> bool:
    """Keep a photo; False: it was here.

    Raises:
        Problem: invalid, too_large, hash_mismatch; too_many_requests, too many wait already.
    """
    if not body.startswith(JPEG_START):
        fault = [{"pointer": "/body", "detail": "not a JPEG"}]
        raise Problem("invalid", "the body is no JPEG picture", errors=fault)
    if len(body) > LARGEST_JPEG:
        raise Problem("too_large", f"at most {LARGEST_JPEG} bytes for a photo")
    row = {"sha256": sha256, "sender": sender, "at": now, "size": len(body), "used": False}
    async with engine.begin() as connection:
        waiting = await connection.scalar(
            select(func.count())
            .select_from(photo_upload)
            .where(photo_upload.c.sender == sender, ~photo_upload.c.used)
        )
        if (waiting or 0) >= MOST_WAITING:
            raise Problem(
                "too_many_requests", "too many photos wait for their reports", headers={"Retry-After": "600"}
            )
        fresh = await asyncio.to_thread(media.put, sha256, body)
        statement = insert(photo_upload).values(row)
        again = statement.on_conflict_do_update(
            index_elements=["sha256", "sender"], set_={"at": now, "size": len(body)}
        )
        await connection.execute(again)
    return fresh


async def size_of(engine: AsyncEngine, sender: str, sha256: str) -> int | None:
    """Bytes of a photo that this sender sent ahead; None: they sent none, or not all of it."""
    mine = (photo_upload.c.sender == sender) & (photo_upload.c.sha256 == sha256)
    async with engine.connect() as connection:
        found: int | None = await connection.scalar(select(photo_upload.c.size).where(mine))
    return found


async def claim(connection: AsyncConnection, sender: str, photos: Sequence[str], pointer: str) -> None:
    """These photos belong to something from now on.

    Raises:
        Problem: invalid, one was not sent ahead by this sender.
    """
    if not photos:
        return
    mine = (photo_upload.c.sender == sender) & photo_upload.c.sha256.in_(photos)
    statement = update(photo_upload).where(mine).values(used=True).returning(photo_upload.c.sha256)
    found = set((await connection.scalars(statement)).all())
    faults = [
        {"pointer": f"{pointer}/{at}", "detail": "send the photo first"}
        for at, sha256 in enumerate(photos)
        if sha256 not in found
    ]
    if faults:
        raise Problem("invalid", "a photo is not here", errors=faults)


async def sweep(engine: AsyncEngine, media: MediaStore, now: datetime) -> None:
    """Throw away what was sent long ago and belongs to nothing."""
    theirs = (photo_upload.c.sender == PUBLIC) & (photo_upload.c.at <= now - KEPT_OF_THE_PUBLIC)
    old = (theirs | (photo_upload.c.at <= now - KEPT)) & ~photo_upload.c.used
    async with engine.begin() as connection:
        gone = await connection.scalars(delete(photo_upload).where(old).returning(photo_upload.c.sha256))
        stale = set(gone.all())
        if not stale:
            return
        others = union(
            *(select(table.c.sha256).where(table.c.sha256.in_(stale)) for table in (photo_upload, evidence))
        )
        stale -= set((await connection.scalars(others)).all())
    for sha256 in sorted(stale):
        await asyncio.to_thread(media.delete, sha256)
