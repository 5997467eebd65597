"""Notes and visits of a case: lines of its log, in the order in which they were written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident_event
from cloud.incidents import log
from cloud.incidents.store import Actor
from cloud.sources.models import NewNote, Note, NoteKind
from cloud.sources.words import without_numbers
from cloud.stamps import stamp

ACTIONS: tuple[NoteKind, ...] = get_args(NoteKind)


async def add(
    connection: AsyncConnection, incident_id: UUID, new: NewNote, actor: Actor, now: datetime
) -> int:
    """Write it into the case's log; the version it made.

    Raises:
        Problem: not_found.
    """
    detail: dict[str, Any] = {
        "words": without_numbers(new.words),
        "happened_at": now.isoformat(),
        "photos": list(new.photos),
        **stamp(new, new, now),
    }
    return await log.note(connection, incident_id, new.kind, actor, detail, now)


async def of_case(connection: AsyncConnection, incident_id: UUID) -> list[Note]:
    """All of a case, in their true order."""
    lines = (incident_event.c.incident_id == incident_id) & incident_event.c.action.in_(ACTIONS)
    rows = (await connection.execute(select(incident_event).where(lines))).all()
    return in_order([_note(row) for row in rows])


async def one(connection: AsyncConnection, incident_id: UUID, version: int) -> Note:
    """The note that is this line of the case's log."""
    line = (incident_event.c.incident_id == incident_id) & (incident_event.c.version == version)
    return _note((await connection.execute(select(incident_event).where(line))).one())


def in_order(notes: Sequence[Note]) -> list[Note]:
    """By when they were written; of one moment, as they came. Pure."""
    return sorted(notes, key=lambda note: (note.happened_at, note.version))


def _note(row: Any) -> Note:
    detail = row.detail
    return Note(
        version=row.version,
        kind=row.action,
        words=detail["words"],
        by=row.actor_name,
        happened_at=datetime.fromisoformat(detail["happened_at"]),
        received_at=row.at,
        lon=detail.get("lon"),
        lat=detail.get("lat"),
        photos=[f"/api/v1/media/{sha256}" for sha256 in detail["photos"]],
    )
