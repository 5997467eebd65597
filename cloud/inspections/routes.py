"""`/inspections`: what is to be looked at, and what was found."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from sqlalchemy import and_, true

from cloud.context import InContext
from cloud.etag import etag, version_of
from cloud.inspections import service, views
from cloud.inspections.models import Inspection, InspectionList, Result
from cloud.inspections.tables import inspection
from cloud.people.identity import Doer, InScope
from cloud.problems import problems
from cloud.sources import idempotency
from cloud.sources.idempotency import Asked
from cloud.times import Day

router = APIRouter(prefix="/inspections", tags=["sources"])
_Plain = Query(max_length=64, pattern=r"^[^\x00]*$")


@router.get(
    "",
    operation_id="listInspections",
    summary="List inspections",
    description="`open`: those that may be done now, and those that were missed. They are planned two weeks "
    "ahead, one a place and day.",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_inspections(
    context: InContext,
    scope: InScope,
    state: views.Which = "open",
    task: Annotated[str | None, _Plain] = None,
    grid: Annotated[str | None, _Plain] = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> InspectionList:
    """The first due first."""
    conditions = [
        inspection.c.task == task if task is not None else true(),
        inspection.c.grid == grid if grid is not None else true(),
        inspection.c.day >= first if first is not None else true(),
        inspection.c.day <= last if last is not None else true(),
    ]
    async with context.engine.connect() as connection:
        return await views.page(connection, scope, state, and_(*conditions), limit, context.now())


@router.get(
    "/{inspection_id}",
    operation_id="getInspection",
    summary="Get an inspection",
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)
async def get_inspection(
    context: InContext, scope: InScope, inspection_id: UUID, response: Response
) -> Inspection:
    """With its checklist, and the answers."""
    async with context.engine.connect() as connection:
        found = await views.one(connection, inspection_id, scope)
    response.headers["ETag"] = etag(found.version)
    return found


@router.post(
    "/{inspection_id}/result",
    operation_id="doInspection",
    summary="Answer the checklist",
    description="One answer to each question, once. What is not in order opens a case, one for each class of "
    "event. What was missed may be done late, and stays missed.",
    responses=problems(
        "unauthenticated", "forbidden", "csrf", "not_found", "not_allowed", "version_changed", "invalid",
        "version_required", "key_reused",
    ),
)  # fmt: skip
async def do_inspection(
    context: InContext,
    who: Doer,
    scope: InScope,
    inspection_id: UUID,
    result: Result,
    response: Response,
    if_match: Annotated[str | None, Header(description='The version you saw, `"v1"`.')] = None,
    key: idempotency.Key = None,
) -> Inspection:
    """The inspection as it is now."""
    version, now = version_of(if_match), context.now()
    content = {"inspection": str(inspection_id), "version": version} | result.model_dump(mode="json")
    async with context.engine.begin() as connection:
        await views.one(connection, inspection_id, scope)

        async def work() -> None:
            await service.done(connection, inspection_id, result.answers, who, context.registry, version, now)

        await idempotency.once(connection, Asked(f"person:{who.id}", key, content), now, work)
        found = await views.one(connection, inspection_id, scope)
    context.tail.changed()
    response.headers["ETag"] = etag(found.version)
    return found
