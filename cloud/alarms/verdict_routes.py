"""`/alarms/{id}/verdict`, `/alarms/verdicts` for several, and `/precision`: what the verdicts add up to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms import routes, verdicts
from cloud.alarms.action_routes import IfMatch, perform
from cloud.alarms.models import Alarm, VerdictWord
from cloud.alarms.policy import Reason, policy_in
from cloud.alarms.precision import Advice, Count, Interval, advise
from cloud.alarms.scope import visible_alarm
from cloud.alarms.service import Asked, House, changed, not_found
from cloud.alarms.verdicts import Verdict
from cloud.context import InContext
from cloud.database.schema import alarm, incident
from cloud.errors import Problem
from cloud.people.identity import Doer, Viewer
from cloud.people.scope import scope_of, visible
from cloud.problems import problems
from cloud.times import Moment

router = APIRouter(tags=["alarms"])
MOST = timedelta(days=366)
USUAL = timedelta(days=30)


class VerdictWish(BaseModel):
    """A judgement."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"verdict": "true"}]})
    verdict: VerdictWord
    reason: str | None = Field(default=None, max_length=64)
    """Of `false`: an id of `GET /alarms/false-reasons`."""
    event_class: str | None = Field(default=None, max_length=64)
    """Of `other_class`: what it really was."""

    def said(self) -> Verdict:
        """The judgement alone."""
        return Verdict(self.verdict, self.reason, self.event_class)


class Seen(BaseModel):
    """Something, in the version in which it was seen."""

    model_config = ConfigDict(extra="forbid")
    id: UUID
    version: int = Field(ge=1, le=2**31 - 1)


class VerdictsWish(VerdictWish):
    """One judgement for several."""

    alarms: list[Seen] = Field(default=[], max_length=500)
    incidents: list[Seen] = Field(default=[], max_length=100)
    """All alarms of these."""


class Judged(BaseModel):
    """What became of it."""

    judged: list[UUID]
    """Alarms that now have this verdict and had not."""
    skipped: list[UUID]
    """Alarms and incidents that changed since they were seen, or are not there: look again."""


class Reasons(BaseModel):
    """Why alarms may be false."""

    items: list[Reason]


class Hour(BaseModel):
    """Of the alarms that began in this hour of the site's day."""

    hour: int
    count: Count
    precision: Interval


class Precision(BaseModel):
    """One camera or sensor and class."""

    device: str
    event_class: str
    count: Count
    precision: Interval
    """With 95 % bounds (Wilson)."""
    reasons: dict[str, int]
    """Why false ones were false."""
    hours: list[Hour]


class PrecisionLedger(BaseModel):
    """How often alarms were right, and what would help where they were not."""

    since: datetime
    until: datetime
    total: Count
    precision: Interval
    items: list[Precision]
    advice: list[Advice]
    """What would avoid most wrong alarms first."""


@router.get(
    "/alarms/false-reasons",
    operation_id="listFalseReasons",
    summary="List why alarms may be false",
    responses=problems("unauthenticated"),
)
async def list_false_reasons(context: InContext, _: Viewer) -> Reasons:
    """As the policy `alarms` has them, in its order."""
    return Reasons(items=list(policy_in(context.policies).false_reasons))


@router.post(
    "/alarms/verdicts",
    operation_id="judgeAlarms",
    summary="Judge several alarms at once",
    description="One verdict for alarms and for all alarms of incidents. What changed since it was seen is "
    "left as it is and named.",
    responses=problems("unauthenticated", "forbidden", "csrf", "invalid"),
)
async def judge_alarms(context: InContext, person: Doer, wish: VerdictsWish) -> Judged:
    """Judge them in one transaction."""
    verdicts.check(wish.said(), policy_in(context.policies), context.registry)
    scope = scope_of(person, context.registry)
    mine = visible_alarm(scope, context.registry)
    async with context.engine.begin() as connection:
        alarms = select(alarm.c.id).where(mine, tuple_(alarm.c.id, alarm.c.version).in_(_pairs(wish.alarms)))
        cases = select(incident.c.id).where(
            visible(scope), tuple_(incident.c.id, incident.c.version).in_(_pairs(wish.incidents))
        )
        found = (await connection.scalars(alarms.order_by(alarm.c.id).with_for_update())).all()
        owners = (await connection.scalars(cases)).all()
        which = or_(alarm.c.id.in_(found), alarm.c.incident_id.in_(owners))
        judged = await verdicts.judge(connection, which, wish.said(), person.username, context.now())
    context.tail.changed()
    there = {*found, *owners}
    return Judged(
        judged=judged, skipped=[one.id for one in (*wish.alarms, *wish.incidents) if one.id not in there]
    )


def _pairs(those: list[Seen]) -> list[tuple[UUID, int]]:
    return [(one.id, one.version) for one in those]


@router.post(
    "/alarms/{alarm_id}/verdict",
    operation_id="judgeAlarm",
    summary="Judge an alarm",
    description="It may be judged again; the last word counts, the log has all.",
    responses=problems(
        "unauthenticated", "forbidden", "csrf", "not_found", "version_changed", "invalid", "version_required"
    ),
)
async def judge_alarm(
    context: InContext, person: Doer, alarm_id: UUID, wish: VerdictWish, response: Response,
    if_match: IfMatch = None,
) -> Alarm:  # fmt: skip
    """Judge it; answers the alarm as it is now."""
    verdicts.check(wish.said(), policy_in(context.policies), context.registry)

    async def do(connection: AsyncConnection, asked: Asked, house: House) -> None:
        mine = (alarm.c.id == alarm_id) & visible_alarm(asked.scope, house.registry)
        version = await connection.scalar(select(alarm.c.version).where(mine).with_for_update())
        if version is None:
            raise not_found(alarm_id)
        if version != asked.version:
            raise changed(version, asked.version)
        await verdicts.judge(connection, alarm.c.id == alarm_id, wish.said(), asked.username, house.now)

    await perform(context, person, do, if_match)
    return await routes.one(context, person, alarm_id, response)


@router.get(
    "/precision",
    operation_id="getPrecision",
    summary="How often alarms were right",
    description="Per camera or sensor, class and hour of the site's day, of alarms that began from `since` "
    "to before `until` (the last 30 days unless given, a year at most) and were judged; with advice.",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def get_precision(
    context: InContext,
    person: Viewer,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
) -> PrecisionLedger:
    """Of the devices in your scope."""
    last = until or context.now()
    first = since or last - USUAL
    span(first, last, MOST)
    scope, registry = scope_of(person, context.registry), context.registry
    async with context.engine.connect() as connection:
        cells = await verdicts.ledger(connection, registry, first, last)
    if scope.areas is not None:
        known = registry.devices
        cells = [
            one
            for one in cells
            if one.device in known and scope.holds_point(known[one.device].point, registry)
        ]
    total = sum((cell.total for cell in cells), Count())
    items = [
        Precision(
            device=cell.device,
            event_class=cell.event_class,
            count=cell.total,
            precision=cell.total.precision,
            reasons=dict(cell.reasons),
            hours=[Hour(hour=h, count=c, precision=c.precision) for h, c in cell.hours.items()],
        )
        for cell in cells
    ]
    return PrecisionLedger(
        since=first, until=last, total=total, precision=total.precision, items=items, advice=advise(cells)
    )


def span(first: datetime, last: datetime, most: timedelta) -> None:
    """See that a span of time can be answered.

    Raises:
        Problem: invalid.
    """
    if timedelta() < last - first <= most:
        return
    fault = {"pointer": "/query/since", "detail": f"before `until`, by {most.days} days at most"}
    raise Problem("invalid", "since, until: no span of time that is answered", errors=[fault])
