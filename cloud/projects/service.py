"""Changing projects: each step is a line in the logs of the project's cases, in one transaction with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.etag import version_changed
from cloud.incidents import log, store
from cloud.incidents.store import Actor
from cloud.playbooks.tables import project, project_case, project_task
from cloud.projects.models import NewProject, TaskStep
from cloud.projects.steps import CLOSED, LINES, Step, Task, refusal
from devices.ids import uuid7


async def begin(connection: AsyncConnection, new: NewProject, actor: Actor, now: datetime) -> UUID:
    """Open a project that people decided on; its id. The caller knows that the cases are in scope.

    Raises:
        Problem: not_allowed, one is open there.
    """
    wanted = list(dict.fromkeys(new.incidents))
    rows = {
        row.id: row for row in await connection.execute(select(incident).where(incident.c.id.in_(wanted)))
    }
    first, identifier = rows[wanted[0]], uuid7()
    await _lock(connection, wanted)
    row = {
        "id": identifier, "event_class": first.event_class, "point": first.point or first.place,
        "grid": first.grid, "community": first.community, "name": new.name.model_dump(), "version": 1,
        "opened_at": now,
    }  # fmt: skip
    made = upsert(project).values(row).on_conflict_do_nothing().returning(project.c.id)
    if await connection.scalar(made) is None:
        raise Problem("not_allowed", "a project of this class is open at this place", allowed_actions=[])
    tasks = [
        {"id": uuid7(), "project_id": identifier, "position": at, "name": name.model_dump(), "version": 1}
        for at, name in enumerate(new.tasks, 1)
    ]
    await connection.execute(insert(project_task), tasks)
    cases = [{"project_id": identifier, "incident_id": one, "added_at": now} for one in wanted]
    await connection.execute(insert(project_case), cases)
    await _note(connection, wanted, "project", actor, {"project": str(identifier), "new": True}, now)
    return identifier


async def take(
    connection: AsyncConnection,
    row: Any,
    asked: TaskStep,
    seen: int,
    who: Actor,
    now: datetime,
    *,
    leads: bool,
) -> bool:
    """Do a step with a task (`row`: of `project_task`); whether it closed the project.

    `seen`: the version of the task that a person saw.

    Raises:
        Problem: not_allowed; of several who claim at once all but one get it. version_changed.
    """
    cases = list(
        await connection.scalars(
            select(project_case.c.incident_id).where(project_case.c.project_id == row.project_id)
        )
    )
    await _lock(connection, cases)
    mine = project_task.c.id == row.id
    row = (await connection.execute(select(project_task).where(mine).with_for_update())).one()
    task = Task(row.claimed_by, row.done_at is not None)
    why = refusal(task, asked.step, who.name, leads=leads)
    if why is not None:
        raise Problem("not_allowed", why, allowed_actions=[step.value for step in task.steps])
    if row.version != seen:
        raise version_changed(row.version, seen)
    values = {"version": row.version + 1} | _values(asked, who, now)
    await connection.execute(update(project_task).where(mine).values(values))
    detail: dict[str, Any] = {"project": str(row.project_id), "task": row.position, "name": row.name}
    if asked.words is not None:
        detail["why" if asked.step is Step.HAND_BACK else "words"] = asked.words
    if asked.photos:
        detail["photos"] = list(asked.photos)
    if task.claimed_by not in (None, who.name):
        detail["worker"] = task.claimed_by
    await _note(connection, cases, LINES[asked.step], who, detail, now)
    return await _settle(connection, row.project_id, cases, who, now)


def _values(asked: TaskStep, who: Actor, now: datetime) -> dict[str, Any]:
    match asked.step:
        case Step.CLAIM:
            return {"claimed_by": who.name, "claimed_at": now}
        case Step.HAND_BACK:
            return {"claimed_by": None, "claimed_at": None}
        case Step.DONE:
            return {"done_at": now, "words": asked.words, "photos": list(asked.photos)}


async def _settle(
    connection: AsyncConnection, identifier: UUID, cases: Sequence[UUID], who: Actor, now: datetime
) -> bool:
    """The project is another version; with its last task it is closed."""
    left = await connection.scalar(
        select(func.count())
        .select_from(project_task)
        .where(project_task.c.project_id == identifier, project_task.c.done_at.is_(None))
    )
    values: dict[str, Any] = {"version": project.c.version + 1} | ({} if left else {"closed_at": now})
    await connection.execute(update(project).where(project.c.id == identifier).values(values))
    if not left:
        await _note(connection, cases, CLOSED, who, {"project": str(identifier)}, now)
    return not left


async def _lock(connection: AsyncConnection, cases: Sequence[UUID]) -> None:
    """Nobody else writes into the logs of these cases, nor takes a step of their project."""
    columns = (incident.c.place, incident.c.event_class)
    rows = await connection.execute(select(*columns).where(incident.c.id.in_(cases)))
    await store.lock(connection, [(row.place, row.event_class) for row in rows])


async def _note(
    connection: AsyncConnection,
    cases: Sequence[UUID],
    action: str,
    actor: Actor,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    for one in sorted(cases):
        await log.append(connection, one, action, actor, detail, now)
