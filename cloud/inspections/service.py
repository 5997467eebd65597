"""Doing an inspection: the answers are kept, and each class of fault is a case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.assets import service as assets
from cloud.assets.tables import asset
from cloud.errors import Problem
from cloud.etag import version_changed
from cloud.incidents import log
from cloud.incidents.store import Actor
from cloud.inspections.models import Answer
from cloud.inspections.planning import no_longer_due
from cloud.inspections.policy import Inspection
from cloud.inspections.tables import inspection, inspection_case
from cloud.people.person import Person
from cloud.people.scope import admit
from cloud.sources import photos, reports
from cloud.sources.place import Where
from cloud.sources.words import without_numbers


def wrong(checklist: Inspection, answers: Sequence[Answer]) -> Iterator[tuple[str, str]]:
    """What keeps these answers from being one to each question: pointer and what. Pure."""
    questions, seen = {one.id: one for one in checklist.checklist}, set()
    for at, one in enumerate(answers):
        here = f"/body/answers/{at}"
        question = questions.get(one.question)
        if question is None or one.question in seen:
            yield f"{here}/question", "one of the checklist, each once"
            continue
        seen.add(one.question)
        if question.photo and not one.photos:
            yield f"{here}/photos", "this question needs a photo"
        if not one.ok and one.words is None:
            yield f"{here}/words", "say what is not in order"
    missing = sorted(questions.keys() - seen)
    if missing:
        yield "/body/answers", f"no answer to {', '.join(missing)}"


async def done(
    connection: AsyncConnection,
    identifier: UUID,
    given: Sequence[Answer],
    who: Person,
    registry: Registry,
    seen: int,
    now: datetime,
) -> list[UUID]:
    """Keep what was found; the cases that its faults opened. The caller knows that it is in scope.

    Raises:
        Problem: not_allowed (done already, not begun), version_changed, invalid.
    """
    mine = inspection.c.id == identifier
    row = (await connection.execute(select(inspection).where(mine).with_for_update())).one()
    if row.state == "done":
        raise Problem("not_allowed", "the inspection is done", allowed_actions=[])
    if now < row.begins_at:
        raise Problem("not_allowed", f"it begins at {row.begins_at.isoformat()}", allowed_actions=[])
    if row.version != seen:
        raise version_changed(row.version, seen)
    task = Inspection.model_validate(row.body)
    faults = [{"pointer": pointer, "detail": what} for pointer, what in wrong(task, given)]
    if faults:
        raise Problem("invalid", f"answers: {len(faults)} fault(s); see errors", errors=faults)
    answers = [one.model_copy(update={"words": one.words and without_numbers(one.words)}) for one in given]
    pictures = list(dict.fromkeys(sha256 for one in answers for sha256 in one.photos))
    await photos.claim(connection, f"person:{who.id}", pictures, "/body/answers/photos")
    values = {
        "state": "done", "version": row.version + 1, "done_at": now, "done_by": who.username,
        "answers": [one.model_dump(mode="json") for one in answers], "faulty": not all(a.ok for a in answers),
    }  # fmt: skip
    await connection.execute(update(inspection).where(mine).values(values))
    await no_longer_due(connection, identifier)
    return await _open(connection, row, task, answers, who, registry, now)


async def _open(
    connection: AsyncConnection,
    row: Any,
    task: Inspection,
    answers: Sequence[Answer],
    who: Person,
    registry: Registry,
    now: datetime,
) -> list[UUID]:
    """One case for each class of what is not in order, with the whole checklist as a line of its log."""
    actor, opened = Actor("user", who.username), []
    detail = {
        "inspection": str(row.id), "task": task.id, "day": row.day.isoformat(), "target": row.target,
        "answers": [{"question": one.question, "ok": one.ok, "words": one.words} for one in answers],
    }  # fmt: skip
    for event_class, faults in _by_class(task, answers).items():
        told = reports.Told(
            source="worker",
            sender=f"person:{who.id}",
            event_class=event_class,
            words="\n".join(f"{text}: {one.words}" for text, one in faults)[:2000],
            where=Where(row.point, row.grid, row.community, row.lon, row.lat),
            happened_at=now,
            photos=tuple(dict.fromkeys(sha256 for _, one in faults for sha256 in one.photos)),
            external=f"inspection:{row.id}:{event_class}",
        )
        report = await reports.keep(connection, told, registry, now)
        assert report is not None, "an inspection is done once"
        case = await reports.open_case(connection, report, event_class, actor, registry, now)
        await admit(connection, case, f"person:{who.username}")
        await log.note(connection, case, "inspection", actor, detail, now)
        await connection.execute(insert(inspection_case), {"inspection_id": row.id, "incident_id": case})
        if row.target.startswith("asset:"):
            mine = select(asset).where(asset.c.code == row.target.removeprefix("asset:"))
            await assets.link(connection, case, (await connection.execute(mine)).one(), actor, now)
        opened.append(case)
    return opened


def _by_class(task: Inspection, answers: Sequence[Answer]) -> Mapping[str, list[tuple[str, Answer]]]:
    """Event class -> what is not in order, each with its question's text."""
    questions, found = {one.id: one for one in task.checklist}, defaultdict(list)
    for one in answers:
        if not one.ok:
            question = questions[one.question]
            found[task.class_of(question)].append((question.text.zh, one))
    return found
