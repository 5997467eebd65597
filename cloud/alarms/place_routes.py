"""`/alarms/at`: what a place has seen lately, for whoever judges what is seen there now."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import Date, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms.precision import Count
from cloud.alarms.scope import visible_alarm
from cloud.context import InContext
from cloud.database.schema import alarm, evidence
from cloud.people.identity import Viewer
from cloud.people.scope import scope_of
from cloud.problems import problems

router = APIRouter(prefix="/alarms", tags=["alarms"])
USUAL_DAYS = 30
EARLIER = timedelta(hours=1)


class PlaceDay(BaseModel):
    """The alarms that began on one day of the site."""

    day: date
    alarms: int
    judged: Count


class EarlierPicture(BaseModel):
    """How the place looked."""

    captured_at: datetime
    url: str
    width: int
    height: int


class PlaceHistory(BaseModel):
    """A place's alarms of one class."""

    days: list[PlaceDay]
    """Those with alarms, the oldest first."""
    alarms: int
    judged: Count
    earlier: EarlierPicture | None
    """The newest picture of this place that is at least an hour old."""


@router.get(
    "/at",
    operation_id="getPlaceHistory",
    summary="What a place has seen lately",
    description="Alarms of one class at one place, by day of the site, with what people said of them.",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def get_place_history(
    context: InContext,
    person: Viewer,
    place: Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]*$")],
    event_class: Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[^\x00]*$")],
    days: Annotated[int, Query(ge=1, le=366)] = USUAL_DAYS,
) -> PlaceHistory:
    """Of what is in your scope; a place that nothing is known of has had no alarms."""
    now, registry = context.now(), context.registry
    mine = visible_alarm(scope_of(person, registry), registry) & (alarm.c.place == place)
    async with context.engine.connect() as connection:
        found = await _days(
            connection,
            and_(mine, alarm.c.event_class == event_class, alarm.c.opened_at >= now - timedelta(days=days)),
            registry.timezone.key,
        )
        earlier = await _picture(connection, and_(mine, evidence.c.captured_at <= now - EARLIER))
    total = sum((one.judged for one in found), Count())
    return PlaceHistory(days=found, alarms=sum(one.alarms for one in found), judged=total, earlier=earlier)


async def _days(connection: AsyncConnection, which: Any, zone: str) -> list[PlaceDay]:
    day = cast(func.timezone(zone, alarm.c.opened_at), Date).label("day")
    statement = select(day, alarm.c.verdict, func.count().label("number")).where(which)
    found: dict[date, tuple[int, Count]] = {}
    for row in await connection.execute(statement.group_by(day, alarm.c.verdict).order_by(day)):
        alarms, judged = found.get(row.day, (0, Count()))
        said = Count(**{row.verdict: row.number}) if row.verdict else Count()
        found[row.day] = (alarms + row.number, judged + said)
    return [PlaceDay(day=when, alarms=alarms, judged=judged) for when, (alarms, judged) in found.items()]


async def _picture(connection: AsyncConnection, which: Any) -> EarlierPicture | None:
    statement = (
        select(evidence)
        .join(alarm, alarm.c.id == evidence.c.condition_id)
        .where(which, evidence.c.media_type == "image/jpeg")
        .order_by(evidence.c.captured_at.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    return EarlierPicture(
        captured_at=row.captured_at, url=f"/api/v1/media/{row.sha256}", width=row.width, height=row.height
    )
