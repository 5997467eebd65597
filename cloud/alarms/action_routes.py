"""`/alarms/{id}/...`: acknowledge, shelve, and back; each wants the version that was seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms import routes, service
from cloud.alarms.intake import PlaceTaken
from cloud.alarms.models import Alarm
from cloud.alarms.policy import policy_in
from cloud.alarms.service import Asked, House
from cloud.alarms.tables import alarm_shelf
from cloud.areas.registry import SEVERITIES
from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.etag import version_of
from cloud.people.identity import Doer, Person, Viewer
from cloud.people.scope import scope_of
from cloud.problems import problems
from cloud.times import Moment
from devices.messages import Severity

router = APIRouter(prefix="/alarms", tags=["alarms"])

ATTEMPTS = 3
IfMatch = Annotated[str | None, Header(description='The ETag you saw, `"v1"`.')]
Do = Callable[[AsyncConnection, Asked, House], Awaitable[None]]
_REFUSALS = (
    "unauthenticated", "forbidden", "csrf", "not_found", "not_allowed", "version_changed", "invalid",
    "version_required",
)  # fmt: skip


class ShelfWish(BaseModel):
    """Put an alarm's place and class aside."""

    model_config = ConfigDict(extra="forbid")
    until: Moment
    """Bounded by how bad it is; see `longest_shelf` of the policy `alarms`."""
    reason: str = Field(min_length=1, max_length=500)


class StandingShelf(BaseModel):
    """What is shelved, by whom and why."""

    id: UUID
    place: str
    event_class: str
    no_worse_than: Severity
    """What is worse calls all the same."""
    since: datetime
    until: datetime
    by: str
    reason: str


class Shelves(BaseModel):
    """All shelves that stand, the one that ends first on top."""

    items: list[StandingShelf]


@router.get(
    "/shelves",
    operation_id="listShelves",
    summary="List what is shelved",
    responses=problems("unauthenticated"),
)
async def list_shelves(context: InContext, _: Viewer) -> Shelves:
    """What is shelved now."""
    table = alarm_shelf.c
    there = select(alarm_shelf).where(table.ended_at.is_(None), table.until > context.now())
    async with context.engine.connect() as connection:
        rows = (await connection.execute(there.order_by(table.until, table.id))).all()
    items = [
        StandingShelf(
            id=row.id, place=row.place, event_class=row.event_class, since=row.since, until=row.until,
            no_worse_than=SEVERITIES[row.severity], by=row.shelved_by, reason=row.reason,
        )
        for row in rows
    ]  # fmt: skip
    return Shelves(items=items)


@router.post(
    "/{alarm_id}/acknowledge",
    operation_id="acknowledgeAlarm",
    summary="Acknowledge an alarm",
    description="Somebody has seen it; doing it twice changes nothing.",
    responses=problems(*_REFUSALS),
)
async def acknowledge_alarm(
    context: InContext, person: Doer, alarm_id: UUID, response: Response, if_match: IfMatch = None
) -> Alarm:
    """Acknowledge; answers the alarm as it is now."""

    async def do(connection: AsyncConnection, asked: Asked, house: House) -> None:
        await service.acknowledge(connection, alarm_id, asked, house)

    await perform(context, person, do, if_match)
    return await routes.one(context, person, alarm_id, response)


@router.post(
    "/{alarm_id}/unacknowledge",
    operation_id="unacknowledgeAlarm",
    summary="Take an acknowledgement back",
    description="It calls again, as if nobody had seen it.",
    responses=problems(*_REFUSALS),
)
async def unacknowledge_alarm(
    context: InContext, person: Doer, alarm_id: UUID, response: Response, if_match: IfMatch = None
) -> Alarm:
    """Take it back; answers the alarm as it is now."""

    async def do(connection: AsyncConnection, asked: Asked, house: House) -> None:
        await service.acknowledge(connection, alarm_id, asked, house, "unacknowledge")

    await perform(context, person, do, if_match)
    return await routes.one(context, person, alarm_id, response)


@router.post(
    "/{alarm_id}/shelve",
    operation_id="shelveAlarm",
    summary="Shelve an alarm's place and class",
    description="Until then its alarms are stored and counted, open no case and call nobody; what is worse "
    "than this one calls all the same. Shelving again moves the end, within the longest time from the first.",
    responses=problems(*_REFUSALS),
)
async def shelve_alarm(
    context: InContext, person: Doer, alarm_id: UUID, wish: ShelfWish, response: Response,
    if_match: IfMatch = None,
) -> Alarm:  # fmt: skip
    """Shelve; answers the alarm as it is now."""

    async def do(connection: AsyncConnection, asked: Asked, house: House) -> None:
        await service.shelve(connection, alarm_id, asked, house, wish.until)

    await perform(context, person, do, if_match, wish.reason)
    return await routes.one(context, person, alarm_id, response)


@router.post(
    "/{alarm_id}/unshelve",
    operation_id="unshelveAlarm",
    summary="Take the shelf of an alarm's place and class down",
    responses=problems(*_REFUSALS),
)
async def unshelve_alarm(
    context: InContext, person: Doer, alarm_id: UUID, response: Response, if_match: IfMatch = None
) -> Alarm:
    """Unshelve; answers the alarm as it is now."""

    async def do(connection: AsyncConnection, asked: Asked, house: House) -> None:
        await service.unshelve(connection, alarm_id, asked, house)

    await perform(context, person, do, if_match)
    return await routes.one(context, person, alarm_id, response)


async def perform(
    context: Context, person: Person, do: Do, if_match: str | None, reason: str | None = None
) -> None:
    """Do it in one transaction, again when a place was taken meanwhile; then let the walls know.

    Raises:
        Problem: what `do` raises; `version_required`; `unavailable` when the place is taken again and again.
    """
    scope = scope_of(person, context.registry)
    asked = Asked(version_of(if_match), person.username, person.roles, scope, reason)
    house = House(policy_in(context.policies), context.registry, context.now())
    for _ in range(ATTEMPTS):
        try:
            async with context.engine.begin() as connection:
                await do(connection, asked, house)
        except PlaceTaken:
            continue
        context.tail.changed()
        return
    raise Problem("unavailable", "the place is being worked on; try again", headers={"Retry-After": "1"})
