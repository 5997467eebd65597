"""What somebody who asks for a photo or clip is given: the original, written down, or a copy."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.errors import Problem
from cloud.media.store import MediaStore
from cloud.people.person import Person
from cloud.people.roles import Role
from cloud.privacy import linked
from cloud.privacy.copies import NoCopy, blank, copy_of
from cloud.privacy.linked import Link
from cloud.privacy.policy import PrivacyPolicy
from cloud.privacy.tables import deletion, original_view

PATROL_ROOM = frozenset({Role.OPERATOR, Role.LEADER})
DUTY = "duty"
"""The reason that is written down for the patrol room at its work."""


def reason_for(
    who: Person, links: Collection[Link], given: str | None, policy: PrivacyPolicy, now: datetime
) -> str | None:
    """Why somebody sees the original; None: they see a copy. Pure."""
    if given is not None:
        return given
    return DUTY if PATROL_ROOM.intersection(who.roles) and linked.on_duty(links, policy, now) else None


async def write_down(
    connection: AsyncConnection, who: Person, sha256: str, reason: str, now: datetime
) -> None:
    """Somebody looks at an original; the same again within the hour is one line."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    row = {"username": who.username, "sha256": sha256, "reason": reason, "hour": hour, "first_at": now}
    await connection.execute(insert(original_view).values(row).on_conflict_do_nothing())


async def refuse_deleted(connection: AsyncConnection, sha256: str) -> None:
    """Say so when it was here and is deleted.

    Raises:
        Problem: `media_deleted`.
    """
    newest = select(deletion.c.at).where(deletion.c.subject == sha256).order_by(deletion.c.id.desc()).limit(1)
    at = await connection.scalar(newest)
    if at is not None:
        raise Problem("media_deleted", f"it was deleted on {at.date().isoformat()}; its case and log stay")


async def copy(
    media: MediaStore, sha256: str, original: Path, links: Collection[Link], policy: PrivacyPolicy
) -> Path:
    """The copy that shows nobody, made when it is asked for the first time.

    Raises:
        Problem: `reason_needed` for a clip, of which no copy is made; `storage_full`.
    """
    if original.suffix == ".mp4":
        raise Problem("reason_needed", "a clip has no copy that shows nobody; say ?reason= to see it")
    boxes = sorted(set(linked.clear_boxes(links, policy)))
    name = f"{sha256}-{hashlib.sha256(repr(boxes).encode()).hexdigest()[:16]}"

    def make() -> bytes:
        try:
            return copy_of(original.read_bytes(), boxes)
        except NoCopy:
            return blank()

    return await asyncio.to_thread(media.copy, name, make)
