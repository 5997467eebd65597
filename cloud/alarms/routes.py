"""`/alarms`: list, one, and its log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from sqlalchemy import select

from cloud.alarms.machine import AlarmPhase
from cloud.alarms.models import Alarm, AlarmPage, show_alarm
from cloud.alarms.scope import visible_alarm
from cloud.alarms.service import not_found
from cloud.alarms.tables import alarm_event
from cloud.context import Context, InContext
from cloud.database.schema import alarm
from cloud.etag import etag
from cloud.incidents.models import Actor
from cloud.people.identity import Person, Viewer
from cloud.people.scope import scope_of
from cloud.problems import problems
from devices.messages import ConditionState

router = APIRouter(prefix="/alarms", tags=["alarms"])


class AlarmLine(BaseModel):
    """One line of an alarm's log; nothing in it is ever changed. When it came and went, the alarm says."""

    at: datetime
    version: int
    """Of the alarm, once it was done."""
    actor: Actor
    action: str
    from_state: AlarmPhase
    to_state: AlarmPhase
    reason: str | None
    until: datetime | None


class AlarmLog(BaseModel):
    """What was done to an alarm, oldest first."""

    items: list[AlarmLine]


@router.get(
    "",
    operation_id="listAlarms",
    summary="List alarms",
    description="Newest first. `active=true`: only those whose condition still holds; `aside=true`: only "
    "those that are shelved, suppressed or out of service.",
    responses=problems("unauthenticated", "invalid"),
)
async def list_alarms(
    context: InContext,
    person: Viewer,
    active: Annotated[bool | None, Query()] = None,
    aside: Annotated[bool | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AlarmPage:
    """Alarms, newest first."""
    mine = visible_alarm(scope_of(person, context.registry), context.registry)
    statement = select(alarm).where(mine).order_by(alarm.c.opened_at.desc(), alarm.c.id.desc()).limit(limit)
    gone = alarm.c.state == ConditionState.CLEARED
    if active is not None:
        statement = statement.where(~gone if active else gone)
    if aside is not None:
        put = alarm.c.aside.is_not(None) & ~gone
        statement = statement.where(put if aside else ~put)
    async with context.engine.connect() as connection:
        rows = (await connection.execute(statement)).all()
    return AlarmPage(items=[show_alarm(row, context.registry, context.now()) for row in rows])


@router.get(
    "/{alarm_id}",
    operation_id="getAlarm",
    summary="Get one alarm",
    responses=problems("unauthenticated", "not_found", "invalid"),
)
async def get_alarm(context: InContext, person: Viewer, alarm_id: UUID, response: Response) -> Alarm:
    """One alarm; its version is the ETag."""
    return await one(context, person, alarm_id, response)


@router.get(
    "/{alarm_id}/events",
    operation_id="getAlarmLog",
    summary="Get an alarm's log",
    responses=problems("unauthenticated", "not_found", "invalid"),
)
async def get_alarm_log(context: InContext, person: Viewer, alarm_id: UUID) -> AlarmLog:
    """What was done to it, oldest first."""
    mine = visible_alarm(scope_of(person, context.registry), context.registry)
    lines = select(alarm_event).where(alarm_event.c.alarm_id == alarm_id).order_by(alarm_event.c.id)
    async with context.engine.connect() as connection:
        if await connection.scalar(select(alarm.c.id).where(alarm.c.id == alarm_id, mine)) is None:
            raise not_found(alarm_id)
        rows = (await connection.execute(lines)).all()
    items = [
        AlarmLine(
            at=row.at,
            version=row.version,
            actor=Actor(kind=row.actor_kind, name=row.actor_name),
            action=row.action,
            from_state=row.from_state,
            to_state=row.to_state,
            reason=row.reason,
            until=row.until,
        )
        for row in rows
    ]
    return AlarmLog(items=items)


async def one(context: Context, person: Person, alarm_id: UUID, response: Response) -> Alarm:
    """The alarm as it is now.

    Raises:
        Problem: not_found.
    """
    mine = visible_alarm(scope_of(person, context.registry), context.registry)
    async with context.engine.connect() as connection:
        row = (await connection.execute(select(alarm).where(alarm.c.id == alarm_id, mine))).one_or_none()
    if row is None:
        raise not_found(alarm_id)
    response.headers["ETag"] = etag(row.version)
    return show_alarm(row, context.registry, context.now())
