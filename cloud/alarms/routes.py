"""`/alarms`: list, one, and acknowledging it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from sqlalchemy import select, update

from cloud.alarms.models import Alarm, AlarmPage, show_alarm
from cloud.context import Context, InContext
from cloud.database.schema import alarm
from cloud.errors import Problem
from cloud.etag import etag, version_of
from cloud.people.identity import Doer, Viewer
from cloud.problems import problems
from cloud.stream.outbox import emit
from devices.messages import ConditionState

router = APIRouter(prefix="/alarms", tags=["alarms"])


@router.get(
    "",
    operation_id="listAlarms",
    summary="List alarms",
    description="Newest first. `active=true`: only those whose condition still holds.",
    responses=problems("unauthenticated", "invalid"),
)
async def list_alarms(
    context: InContext,
    _: Viewer,
    active: Annotated[bool | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AlarmPage:
    """Alarms, newest first."""
    statement = select(alarm).order_by(alarm.c.opened_at.desc(), alarm.c.id.desc()).limit(limit)
    if active is not None:
        gone = alarm.c.state == ConditionState.CLEARED
        statement = statement.where(~gone if active else gone)
    async with context.engine.connect() as connection:
        rows = (await connection.execute(statement)).all()
    return AlarmPage(items=[show_alarm(row, context.registry, context.now()) for row in rows])


@router.get(
    "/{alarm_id}",
    operation_id="getAlarm",
    summary="Get one alarm",
    responses=problems("unauthenticated", "not_found", "invalid"),
)
async def get_alarm(context: InContext, _: Viewer, alarm_id: UUID, response: Response) -> Alarm:
    """One alarm; its version is the ETag."""
    return await _one(context, alarm_id, response)


@router.post(
    "/{alarm_id}/acknowledge",
    operation_id="acknowledgeAlarm",
    summary="Acknowledge an alarm",
    description="Somebody has seen it; doing it twice changes nothing.",
    responses=problems(
        "unauthenticated", "csrf", "not_found", "version_changed", "invalid", "version_required"
    ),
)
async def acknowledge_alarm(
    context: InContext,
    person: Doer,
    alarm_id: UUID,
    response: Response,
    if_match: Annotated[str | None, Header(description='The ETag you saw, `"v1"`.')] = None,
) -> Alarm:
    """Acknowledge; answers the alarm as it is now."""
    version = version_of(if_match)
    unacknowledged = alarm.c.acknowledged_at.is_(None)
    statement = (
        update(alarm)
        .where(alarm.c.id == alarm_id, alarm.c.version == version, unacknowledged)
        .values(acknowledged_at=context.now(), acknowledged_by=person.username, version=alarm.c.version + 1)
    )
    async with context.engine.begin() as connection:
        done = (await connection.execute(statement)).rowcount
        if done:
            incident_id = await connection.scalar(select(alarm.c.incident_id).where(alarm.c.id == alarm_id))
            await emit(connection, [("alarm", str(alarm_id)), ("incident", str(incident_id))])
    if done:
        context.tail.changed()
    shown = await _one(context, alarm_id, response)
    if not done and shown.version != version:
        raise Problem(
            "version_changed", f"you saw version {version}, it is at {shown.version}; look again",
            version=shown.version, headers={"ETag": etag(shown.version)},
        )  # fmt: skip
    return shown


async def _one(context: Context, alarm_id: UUID, response: Response) -> Alarm:
    async with context.engine.connect() as connection:
        row = (await connection.execute(select(alarm).where(alarm.c.id == alarm_id))).one_or_none()
    if row is None:
        raise Problem("not_found", f"no alarm has the id {alarm_id}")
    response.headers["ETag"] = etag(row.version)
    return show_alarm(row, context.registry, context.now())
