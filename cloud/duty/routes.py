"""`/duty`: who is on duty, where nobody is, and the seats of the patrol room with their hand-overs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.context import Context, InContext
from cloud.database.schema import incident
from cloud.duty import seats
from cloud.duty.gaps import Hole, holes, plan, uncovered
from cloud.duty.kinds import ROSTERS
from cloud.duty.lists import lists
from cloud.duty.model import Rosters
from cloud.duty.models import (
    Handover,
    HandoverHead,
    HandoverOffer,
    Handovers,
    HoleOut,
    Holes,
    Leaving,
    Lists,
    OnDutyOut,
    SeatOut,
    Seats,
    TurnOut,
)
from cloud.duty.on_duty import now_on, on_duty
from cloud.duty.seats import Sitter
from cloud.duty.shifts import DAY
from cloud.duty.tables import handover, seat
from cloud.errors import Problem
from cloud.people.directory import names_of
from cloud.people.identity import Doer, InScope, Viewer
from cloud.people.scope import Scope, visible
from cloud.problems import problems
from cloud.times import Day, Moment

router = APIRouter(prefix="/duty", tags=["duty"], responses=problems("unauthenticated"))

_DAYS = Query(ge=1, le=62, description="How many days, from the first on.")


@router.get(
    "", operation_id="getOnDuty", summary="Who is on duty", responses=problems("not_found", "invalid")
)
async def get_on_duty(
    context: InContext,
    _: Viewer,
    grid: Annotated[str | None, Query(max_length=64)] = None,
    at: Annotated[Moment | None, Query(description="Without it: now; within ten years.")] = None,
) -> OnDutyOut:
    """In a grid and in the patrol room."""
    rosters, when = _rosters(context), at or context.now()
    _near(context, when.year, "at")
    if grid is not None and grid not in rosters.grids:
        raise Problem("not_found", f"nobody looks after a grid {grid!r} by the rosters")
    found = on_duty(rosters, grid, when)
    zone = ZoneInfo(rosters.timezone)
    turns = [turn for roster in rosters.rosters for turn in now_on(roster, when, zone)]
    seen = {found.primary, found.backup, found.grid_leader, found.shift_leader, *found.operators}
    seen |= {name for turn in turns for name in turn.people}
    async with context.engine.connect() as connection:
        names = await names_of(connection, {name for name in seen if name})
    return OnDutyOut(
        at=when,
        grid=grid,
        primary=found.primary,
        backup=found.backup,
        grid_leader=found.grid_leader,
        shift_leader=found.shift_leader,
        operators=list(found.operators),
        uncovered=grid is not None and found.uncovered,
        names=names,
        turns=[
            TurnOut(
                roster=turn.roster,
                team=turn.team,
                shift=turn.shift,
                day=turn.day,
                begins_at=turn.begin,
                ends_at=turn.end,
                people=list(turn.people),
            )
            for turn in turns
        ],
    )


@router.get(
    "/holes",
    operation_id="listDutyHoles",
    summary="Where and when too few are on duty",
    responses=problems("not_found", "invalid"),
)
async def list_holes(
    context: InContext,
    _: Viewer,
    first: Annotated[Day | None, Query(description="A day of the site; without it: today.")] = None,
    days: Annotated[int, _DAYS] = 14,
) -> Holes:
    """Of rosters and of grids."""
    rosters = _rosters(context)
    zone = ZoneInfo(rosters.timezone)
    begin = first or context.now().astimezone(zone).date()
    _near(context, begin.year, "first")
    laid = plan(rosters, [begin + n * DAY for n in range(days)], zone)
    found = [
        _hole(hole, roster=one.id)
        for one in rosters.rosters
        for hole in holes(laid, one.id, one.hours, one.least)
    ]
    found += [
        _hole(hole, grid=grid)
        for grid, post in rosters.grids.items()
        for hole in uncovered(laid, (post.primary, *post.backups), rosters.grid_hours)
    ]
    return Holes(items=found)


@router.get("/seats", operation_id="listSeats", summary="Who sits where in the patrol room")
async def list_seats(context: InContext, _: Viewer) -> Seats:
    """Each seat of the rosters."""
    rosters = context.policies.of(ROSTERS) or Rosters()
    waiting = select(handover).where(handover.c.taken_at.is_(None), handover.c.withdrawn_at.is_(None))
    async with context.engine.connect() as connection:
        there = {row.seat: row for row in await connection.execute(select(seat))}
        offers = {row.seat: row.id for row in await connection.execute(waiting)}
    return Seats(
        items=[
            SeatOut(
                seat=name,
                roster=roster.id,
                roster_name=roster.name,
                username=there[name].username if name in there else None,
                since=there[name].since if name in there else None,
                on_roster=there[name].on_roster if name in there else None,
                offered=offers.get(name),
            )
            for roster in rosters.rosters
            for name in roster.seats
        ]
    )


@router.post(
    "/seats/{name}/take",
    operation_id="takeSeat",
    summary="Sit down on a free seat",
    description="Whoever is not on duty by the roster may step in; that is written down.",
    status_code=204,
    responses=problems("csrf", "forbidden", "not_found", "seat_taken", "invalid"),
)
async def take_seat(context: InContext, who: Doer, name: str) -> None:
    """Once more changes nothing."""
    chair, roster = seats.chair_of(context.policies.of(ROSTERS), name)
    now = context.now()
    async with context.engine.begin() as connection:
        await seats.take(connection, chair, _sitter(context, roster.id, who.username, now), now)


@router.post(
    "/seats/{name}/leave",
    operation_id="leaveSeat",
    summary="Leave a seat, or free somebody else's, without a hand-over",
    status_code=204,
    responses=problems("csrf", "forbidden", "not_found", "seat_taken", "invalid"),
)
async def leave_seat(context: InContext, who: Doer, name: str, leaving: Leaving) -> None:
    """With the reason; it is written down who did it."""
    chair, _ = seats.chair_of(context.policies.of(ROSTERS), name)
    async with context.engine.begin() as connection:
        await seats.empty(connection, chair, who.username, leaving.reason, context.now())


@router.post(
    "/seats/{name}/handover",
    operation_id="offerHandover",
    summary="Hand a seat over: the first signature",
    description="With notes; cases that are open and what is shelved are listed as they stand now.",
    status_code=201,
    responses=problems("csrf", "forbidden", "not_found", "seat_taken", "invalid"),
)
async def offer_handover(
    context: InContext, who: Doer, scope: InScope, name: str, offer: HandoverOffer
) -> Handover:
    """An earlier offer of this seat is withdrawn."""
    chair, _ = seats.chair_of(context.policies.of(ROSTERS), name)
    now = context.now()
    async with context.engine.begin() as connection:
        begun = await seats.since_when(connection, chair)
        stands = await lists(connection, scope, context.rules(), now, begun or now)
        identifier = await seats.offer(connection, chair, who.username, offer.notes, stands, now)
        return await _one(connection, scope, identifier)


@router.get(
    "/seats/{name}/sheet",
    operation_id="getHandoverSheet",
    summary="What would be handed over now",
    description="As a hand-over of this seat would list it; nothing is offered.",
    responses=problems("forbidden", "not_found", "invalid"),
)
async def get_sheet(context: InContext, _: Viewer, scope: InScope, name: str) -> Lists:
    """As it stands now."""
    chair, _roster = seats.chair_of(context.policies.of(ROSTERS), name)
    now = context.now()
    async with context.engine.connect() as connection:
        begun = await seats.since_when(connection, chair)
        return Lists.model_validate(await lists(connection, scope, context.rules(), now, begun or now))


@router.get(
    "/handovers",
    operation_id="listHandovers",
    summary="Hand-overs of seats",
    responses=problems("forbidden", "invalid"),
)
async def list_handovers(
    context: InContext, _: Viewer, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Handovers:
    """Newest first."""
    statement = select(handover).order_by(handover.c.offered_at.desc()).limit(limit)
    async with context.engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings()
        return Handovers(items=[HandoverHead.model_validate(dict(row)) for row in rows])


@router.get(
    "/handovers/{handover_id}",
    operation_id="getHandover",
    summary="One hand-over, with notes and lists",
    responses=problems("forbidden", "not_found", "invalid"),
)
async def get_handover(context: InContext, _: Viewer, scope: InScope, handover_id: UUID) -> Handover:
    """As it was offered; cases that are out of your scope are only counted."""
    async with context.engine.connect() as connection:
        return await _one(connection, scope, handover_id)


@router.post(
    "/handovers/{handover_id}/sign",
    operation_id="signHandover",
    summary="Take a seat over: the second signature",
    responses=problems("csrf", "forbidden", "not_found", "seat_taken", "invalid"),
)
async def sign_handover(context: InContext, who: Doer, scope: InScope, handover_id: UUID) -> Handover:
    """Another person than the one who hands over; who signs sits there from now on."""
    now = context.now()
    async with context.engine.begin() as connection:
        found = await _one(connection, scope, handover_id)
        chair, roster = seats.chair_of(context.policies.of(ROSTERS), found.seat)
        sitter = _sitter(context, roster.id, who.username, now)
        await seats.sign(connection, handover_id, chair, sitter, now)
        return await _one(connection, scope, handover_id)


async def _one(connection: AsyncConnection, scope: Scope, identifier: UUID) -> Handover:
    statement = select(handover).where(handover.c.id == identifier)
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise Problem("not_found", f"no hand-over has the id {identifier}")
    found = Handover.model_validate(dict(row))
    ids = {one.id for one in found.lists.open} | {one.incident_id for one in found.lists.calls}
    mine = select(incident.c.id).where(incident.c.id.in_(ids), visible(scope))
    seen = set((await connection.scalars(mine)).all())
    found.lists.open = [one for one in found.lists.open if one.id in seen]
    found.lists.calls = [one for one in found.lists.calls if one.incident_id in seen]
    return found


def _rosters(context: Context) -> Rosters:
    found = context.policies.of(ROSTERS)
    if found is None:
        raise Problem("not_found", "this cloud has no rosters; put a rosters.yaml beside the site file")
    return found


def _near(context: Context, year: int, field: str) -> None:
    if abs(year - context.now().year) > 10:
        fault = {"pointer": f"/query/{field}", "detail": "at most ten years from now"}
        raise Problem("invalid", f"{field}: is too far away; write a time within ten years", errors=[fault])


def _sitter(context: Context, roster: str, username: str, now: datetime) -> Sitter:
    rosters = _rosters(context)
    zone = ZoneInfo(rosters.timezone)
    running = (turn for one in rosters.rosters if one.id == roster for turn in now_on(one, now, zone))
    return Sitter(username, any(username in turn.people for turn in running))


def _hole(hole: Hole, **whose: Any) -> HoleOut:
    either = {"roster": None, "grid": None} | whose
    return HoleOut(begins_at=hole.begin, ends_at=hole.end, there=hole.there, **either)
