"""`/incidents/{id}/notes`: notes and visits, also from phones that were offline."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from cloud.context import InContext
from cloud.incidents.store import Actor
from cloud.people.identity import Doer, Person, Viewer
from cloud.problems import problems
from cloud.push.service import Notice, notify
from cloud.sources import idempotency, notes, photos
from cloud.sources.models import NewNote, Note, Notes
from cloud.sources.report_routes import the_case
from devices.site.model import Names

router = APIRouter(prefix="/incidents", tags=["sources"])


@router.post(
    "/{incident_id}/notes",
    operation_id="addNote",
    summary="Add a note or a visit",
    description="A line of the case's log. From a phone that was offline send `written_at`, and `sent_at` by "
    "the same clock: a clock that is wrong does not put notes out of order.",
    status_code=201,
    responses=problems("unauthenticated", "forbidden", "csrf", "not_found", "invalid", "key_reused"),
)
async def add_note(
    context: InContext, who: Doer, incident_id: UUID, new: NewNote, key: idempotency.Key = None
) -> Note:
    """Add it; a repeat with the same key is answered as the first was, whenever it was sent."""
    content = {"incident": str(incident_id)} | new.model_dump(mode="json", exclude={"sent_at"})
    asked, now = idempotency.Asked(f"person:{who.id}", key, content), context.now()
    async with context.engine.begin() as connection:
        await the_case(connection, context, who, incident_id)

        async def work() -> Any:
            await photos.claim(connection, f"person:{who.id}", new.photos, "/body/photos")
            actor = Actor("user", who.username)
            version = await notes.add(connection, incident_id, new, actor, now)
            note = await notes.one(connection, incident_id, version)
            if new.kind == "support":
                await notify(connection, _call(incident_id, who, note), now)
            return note.model_dump(mode="json")

        answer, fresh = await idempotency.once(connection, asked, now, work)
    if fresh:
        context.tail.changed()
    return Note.model_validate(answer)


@router.get(
    "/{incident_id}/notes",
    operation_id="listNotes",
    summary="Get the notes and visits of a case",
    description="In the order in which they were written.",
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)
async def list_notes(context: InContext, who: Viewer, incident_id: UUID) -> Notes:
    """All of them."""
    async with context.engine.connect() as connection:
        await the_case(connection, context, who, incident_id)
        return Notes(items=await notes.of_case(connection, incident_id))


def _call(incident_id: UUID, who: Person, note: Note) -> Notice:
    """The grid's leader and the shift's are told who needs help with what."""
    words = Names(zh=f"{who.name.zh}需要支援:{note.words}", en=f"{who.name.en} needs support: {note.words}")
    return Notice("support", incident_id, ("duty:grid_leader", "duty:shift_leader"), words)
