"""`/projects` and `/project-tasks`: what is to be done for good, claimed by one person each (认领)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from cloud.context import InContext
from cloud.etag import etag, version_of
from cloud.incidents.store import Actor
from cloud.people.identity import Doer, InScope
from cloud.people.permissions import CALLERS
from cloud.people.person import Person
from cloud.people.roles import Role
from cloud.people.scope import require
from cloud.people.wall import unwalled
from cloud.problems import problems
from cloud.projects import service, views
from cloud.projects.models import NewProject, Project, Projects, TaskStep
from cloud.sources import idempotency, photos
from cloud.sources.idempotency import Asked
from cloud.sources.words import without_numbers

router = APIRouter(tags=["incidents"])
LEAD = CALLERS.roles | {Role.GRID_LEADER}
"""Who opens projects, and takes a task from its worker."""


@router.get(
    "/projects",
    operation_id="listProjects",
    summary="List projects",
    description="Places where something happens again and again, and what is to be done there for good.",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_projects(
    context: InContext,
    scope: InScope,
    state: views.Which = "open",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Projects:
    """The latest first."""
    async with context.engine.connect() as connection:
        return Projects(items=await views.page(connection, scope, state, limit, context.registry))


@router.get(
    "/projects/{project_id}",
    operation_id="getProject",
    summary="Get a project",
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)
async def get_project(context: InContext, scope: InScope, project_id: UUID) -> Project:
    """With its tasks, and its cases in scope."""
    async with context.engine.connect() as connection:
        return await views.one(connection, project_id, scope, context.registry)


@router.post(
    "/projects",
    operation_id="openProject",
    summary="Open a project",
    description="What the grid's council (网议会) decides on. One of a class is open at a place at a time; "
    "playbooks open them by themselves.",
    status_code=201,
    responses=problems(
        "unauthenticated", "forbidden", "csrf", "not_found", "not_allowed", "invalid", "key_reused"
    ),
)
async def open_project(
    context: InContext, who: Doer, scope: InScope, new: NewProject, key: idempotency.Key = None
) -> Project:
    """Open it; all its cases have to be in scope."""
    now, asked = context.now(), Asked(f"person:{who.id}", key, new.model_dump(mode="json"))
    async with context.engine.begin() as connection:
        for one in new.incidents:
            await require(connection, scope, one)

        async def work() -> str:
            return str(await service.begin(connection, new, Actor("user", who.username), now))

        made, _ = await idempotency.once(connection, asked, now, work)
        found = await views.one(connection, UUID(made), scope, context.registry)
    context.tail.changed()
    return found


@router.post(
    "/project-tasks/{task_id}/steps",
    operation_id="stepTask",
    summary="Claim a task, do it, or hand it back",
    description="`If-Match` is the task's version, `\"v1\"`. Of several who claim at once one gets it, the "
    "others are answered 409. What is done is shown by words or photos; the last task closes the project.",
    responses=problems(
        "unauthenticated", "forbidden", "csrf", "not_found", "not_allowed", "version_changed", "invalid",
        "version_required", "key_reused",
    ),
)  # fmt: skip
async def step_task(
    context: InContext,
    who: Doer,
    scope: InScope,
    task_id: UUID,
    asked: TaskStep,
    response: Response,
    if_match: Annotated[str | None, Header(description='The version you saw, `"v1"`.')] = None,
    key: idempotency.Key = None,
) -> Project:
    """The project as it is now."""
    version, now, actor = version_of(if_match), context.now(), Actor("user", who.username)
    content = {"task": str(task_id), "version": version} | asked.model_dump(mode="json")
    async with context.engine.connect() as connection:
        row = await views.task(connection, task_id, scope)
    asked = asked.model_copy(update={"words": asked.words and without_numbers(asked.words)})
    # The logs of all its cases are written, also of those that lie out of this person's scope.
    with unwalled():
        async with context.engine.begin() as connection:

            async def work() -> None:
                await photos.claim(connection, f"person:{who.id}", asked.photos, "/body/photos")
                leads = _leads(who) and scope.holds(row.grid, row.community)
                await service.take(connection, row, asked, version, actor, now, leads=leads)

            await idempotency.once(connection, Asked(f"person:{who.id}", key, content), now, work)
    context.tail.changed()
    async with context.engine.connect() as connection:
        found = await views.one(connection, row.project_id, scope, context.registry)
    response.headers["ETag"] = etag(next(one.version for one in found.tasks if one.id == task_id))
    return found


def _leads(who: Person) -> bool:
    return not LEAD.isdisjoint(who.roles)
