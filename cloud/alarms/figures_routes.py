"""`/alarms/figures`: whether the people at the wall can look at all that calls them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from pydantic import BaseModel

from cloud.alarms import figures_store
from cloud.alarms.figures import FLOOD_BEGINS, TARGETS, Flood, rate, top_share
from cloud.alarms.machine import ACTIVE
from cloud.alarms.policy import policy_in
from cloud.alarms.verdict_routes import span
from cloud.context import Context, InContext
from cloud.people.identity import Viewer
from cloud.problems import problems
from cloud.times import Moment
from devices.messages import Severity

router = APIRouter(prefix="/alarms", tags=["alarms"])
MOST = timedelta(days=31)
USUAL = timedelta(days=1)


class Talker(BaseModel):
    """One of the busiest sources."""

    device: str
    event_class: str
    alarms: int
    judged_false: int
    share: float


class Chatterer(BaseModel):
    """A place and class whose alarms come and go, three and more within a minute."""

    place: str
    event_class: str
    times: int


class Stale(BaseModel):
    """Active for more than a day."""

    id: UUID
    device: str
    event_class: str
    opened_at: datetime


class Figures(BaseModel):
    """The measures of ISA-18.2 over a span of time; `targets` are what it calls acceptable."""

    since: datetime
    until: datetime
    seats: int
    """Operators that the alarms are shared by."""
    annunciated: int
    """Alarms that called."""
    by_severity: dict[Severity, int]
    """Of those."""
    not_annunciated: dict[str, int]
    """Stored and counted only: shelved, suppressed, out_of_service, history."""
    per_operator_per_10_min: float
    peak_per_operator_per_10_min: float
    floods: list[Flood]
    """More than 10 in 10 minutes for one operator, until fewer than 5."""
    flood_share: float
    chattering: list[Chatterer]
    top: list[Talker]
    top_share: float
    standing: dict[str, int]
    """Active now, by state."""
    stale: int
    """Active now, calling, and older than a day."""
    stalest: list[Stale]
    targets: dict[str, float]


@router.get(
    "/figures",
    operation_id="getAlarmFigures",
    summary="Whether people can look at all that calls them",
    description="Of alarms that began from `since` to before `until`: the last day unless given, at most 31.",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def get_alarm_figures(
    context: InContext,
    _: Viewer,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
) -> Figures:
    """Of the whole street."""
    last = until or context.now()
    first = since or last - USUAL
    span(first, last, MOST)
    seats = policy_in(context.policies).seats
    async with context.engine.connect() as connection:
        found = await figures_store.counts(connection, first, last, context.now())
    rates = rate(found.minutes, first, last, seats)
    called = sum(found.minutes.values())
    quiet: dict[str, int] = {}
    for row in found.kinds:
        if row.how != "called":
            quiet[row.how] = quiet.get(row.how, 0) + row.count
    return Figures(
        since=first,
        until=last,
        seats=seats,
        annunciated=called,
        by_severity={Severity(row.severity): row.count for row in found.kinds if row.how == "called"},
        not_annunciated=quiet,
        per_operator_per_10_min=rates.per_operator_per_10_min,
        peak_per_operator_per_10_min=rates.peak_per_operator_per_10_min,
        floods=list(rates.floods),
        flood_share=rates.flood_share,
        chattering=[
            Chatterer(place=row.place, event_class=row.event_class, times=row.count)
            for row in found.chattering
        ],
        top=[
            Talker(
                device=row.device, event_class=row.event_class, alarms=row.count, judged_false=row.false_ones,
                share=top_share([row.count], called),
            )
            for row in found.top
        ],
        top_share=top_share([row.count for row in found.top], called),
        standing={row.state: row.count for row in found.standing},
        stale=sum(row.stale for row in found.standing),
        stalest=[
            Stale(id=row.id, device=row.device, event_class=row.event_class, opened_at=row.opened_at)
            for row in found.stale
        ],
        targets=dict(TARGETS),
    )  # fmt: skip


async def series(context: Context) -> bytes:
    """The same for Prometheus, as of now, in its text format."""
    registry = CollectorRegistry()
    active = Gauge("gridwatch_alarms_active", "Active alarms by state.", ["state"], registry=registry)
    stale = Gauge("gridwatch_alarms_stale", "Calling for more than a day.", registry=registry)
    lately = Gauge(
        "gridwatch_alarms_10_minutes", "Alarms that called in the last 10 minutes.", registry=registry
    )
    flood = Gauge(
        "gridwatch_alarms_flood", "1 while more call than the operators can look at.", registry=registry
    )
    async with context.engine.connect() as connection:
        rows, called = await figures_store.standing(connection, context.now())
    for state in sorted(ACTIVE):
        active.labels(state).set(0)
    for row in rows:
        active.labels(row.state).set(row.count)
    stale.set(sum(row.stale for row in rows))
    lately.set(called)
    flood.set(called > FLOOD_BEGINS * policy_in(context.policies).seats)
    return generate_latest(registry)
