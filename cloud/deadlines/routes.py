"""`/deadlines`: how incidents stand against their limits, and what was not cleared in time."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from cloud.context import InContext
from cloud.deadlines import views
from cloud.deadlines.clearing import Clearing
from cloud.deadlines.models import Clocks, UnclearedList
from cloud.errors import Problem
from cloud.people.identity import InScope
from cloud.problems import problems
from cloud.times import Day

router = APIRouter(prefix="/deadlines", tags=["incidents"])

_INCIDENTS = Query(min_length=1, max_length=50, description="Ids of incidents; repeat the parameter.")
_DAY = Query(description="A day of the site, in the day, week or month asked for; 2000 to 2100.")


@router.get(
    "",
    operation_id="getClocks",
    summary="Get incidents' clocks",
    description="Lights, due times, durations, in the order asked for; what is no incident's id is left out.",
    responses=problems("unauthenticated", "invalid"),
)
async def get_clocks(
    context: InContext, scope: InScope, incident: Annotated[list[UUID], _INCIDENTS]
) -> list[Clocks]:
    """The clocks of these incidents."""
    async with context.engine.connect() as connection:
        return await views.clocks(connection, context.rules(), incident, scope, context.now())


@router.get(
    "/uncleared",
    operation_id="listUncleared",
    summary="List what was not cleared in time",
    description="What was open when the day, week or month of its class ended; empty until it has.",
    responses=problems("unauthenticated", "not_found", "invalid"),
)
async def list_uncleared(
    context: InContext, scope: InScope, clearing: Clearing, day: Annotated[Day, _DAY]
) -> UnclearedList:
    """The list of one boundary."""
    rules = context.rules()
    if rules is None:
        raise Problem("not_found", "this cloud has no deadlines; put a deadlines.yaml beside the site file")
    if not 2000 <= day.year <= 2100:
        fault = {"pointer": "/query/day", "detail": "2000 to 2100"}
        raise Problem("invalid", f"day: {day} is too far away; write one of 2000 to 2100", errors=[fault])
    async with context.engine.connect() as connection:
        return await views.uncleared(connection, rules, context.registry, scope, clearing, day)
