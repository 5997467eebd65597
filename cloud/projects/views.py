"""Projects, read for the API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms.models import class_ref
from cloud.areas.registry import Registry
from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.incidents.transitions import State
from cloud.people.scope import Scope, visible
from cloud.playbooks.tables import project, project_case, project_task
from cloud.projects.models import Project, ProjectCase, ProjectTask
from cloud.projects.steps import Task
from devices.site.model import Names

Which = Literal["open", "closed", "all"]


def visible_projects(scope: Scope) -> ColumnElement[bool]:
    """The condition over `project` that holds for what is in scope: where it lies, or one of its cases."""
    if scope.areas is None:
        return true()
    case = (
        select(project_case.c.project_id)
        .join(incident, incident.c.id == project_case.c.incident_id)
        .where(project_case.c.project_id == project.c.id, visible(scope))
    )
    mine = sorted(scope.areas)
    return or_(project.c.grid.in_(mine), project.c.community.in_(mine), case.exists())


async def page(
    connection: AsyncConnection, scope: Scope, which: Which, limit: int, registry: Registry
) -> list[Project]:
    """The latest first."""
    closed = project.c.closed_at
    wanted = {"open": closed.is_(None), "closed": closed.is_not(None), "all": true()}[which]
    statement = select(project).where(visible_projects(scope), wanted)
    statement = statement.order_by(project.c.opened_at.desc(), project.c.id.desc()).limit(limit)
    return await _shown(connection, (await connection.execute(statement)).all(), scope, registry)


async def one(connection: AsyncConnection, identifier: UUID, scope: Scope, registry: Registry) -> Project:
    """One project.

    Raises:
        Problem: not_found, also when it is out of scope.
    """
    statement = select(project).where(project.c.id == identifier, visible_projects(scope))
    found = await _shown(connection, (await connection.execute(statement)).all(), scope, registry)
    if not found:
        raise Problem("not_found", f"no project has the id {identifier}")
    return found[0]


async def task(connection: AsyncConnection, identifier: UUID, scope: Scope) -> Any:
    """A row of `project_task` with `grid` and `community` of its project.

    Raises:
        Problem: not_found, also when it is out of scope.
    """
    statement = (
        select(project_task, project.c.grid, project.c.community)
        .join(project, project.c.id == project_task.c.project_id)
        .where(project_task.c.id == identifier, visible_projects(scope))
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise Problem("not_found", f"no task has the id {identifier}")
    return row


async def _shown(
    connection: AsyncConnection, rows: Sequence[Any], scope: Scope, registry: Registry
) -> list[Project]:
    ids = [row.id for row in rows]
    tasks: dict[UUID, list[ProjectTask]] = defaultdict(list)
    mine = select(project_task).where(project_task.c.project_id.in_(ids)).order_by(project_task.c.position)
    for row in await connection.execute(mine):
        tasks[row.project_id].append(_task(row))
    cases: dict[UUID, list[ProjectCase]] = defaultdict(list)
    columns = (
        project_case.c.project_id,
        incident.c.id,
        incident.c.number,
        incident.c.state,
        incident.c.opened_at,
    )
    theirs = (
        select(*columns)
        .join(incident, incident.c.id == project_case.c.incident_id)
        .where(project_case.c.project_id.in_(ids), visible(scope))
        .order_by(incident.c.opened_at, incident.c.id)
    )
    for row in await connection.execute(theirs):
        shown = ProjectCase(id=row.id, number=row.number, state=State(row.state), opened_at=row.opened_at)
        cases[row.project_id].append(shown)
    return [
        Project(
            id=row.id, event_class=class_ref(row.event_class, registry), point=row.point, grid=row.grid,
            community=row.community, name=Names(**row.name), version=row.version, opened_at=row.opened_at,
            closed_at=row.closed_at, tasks=tasks[row.id], cases=cases[row.id],
        )
        for row in rows
    ]  # fmt: skip


def _task(row: Any) -> ProjectTask:
    return ProjectTask(
        id=row.id, position=row.position, name=Names(**row.name), version=row.version,
        claimed_by=row.claimed_by, claimed_at=row.claimed_at, done_at=row.done_at, words=row.words,
        photos=[f"/api/v1/media/{sha256}" for sha256 in row.photos],
        allowed_steps=list(Task(row.claimed_by, row.done_at is not None).steps),
    )  # fmt: skip
