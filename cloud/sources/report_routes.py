"""Cases opened by hand, the reports of a case, and what it may be a duplicate of."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.context import Context, InContext
from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.incidents.models import STORABLE
from cloud.incidents.service import not_found
from cloud.incidents.store import Actor
from cloud.people.identity import Doer, Person, Viewer
from cloud.people.roles import Role
from cloud.people.scope import admit, scope_of, visible
from cloud.people.wall import unwalled
from cloud.problems import problems
from cloud.public.codes import public_number
from cloud.public.secret import secret
from cloud.sources import idempotency, nearby, photos, reports
from cloud.sources.duplicates import Spot
from cloud.sources.models import CaseOpened, Nearby, NewCase, Reports
from cloud.sources.place import UnknownPlace, Where, at_point, at_position
from cloud.sources.policy import DEFAULT, SOURCES, SourcesPolicy
from cloud.sources.show import active_class, show_candidates, show_report, spot_of
from cloud.sources.words import without_numbers
from cloud.stamps import Latitude, Longitude, true_time

router = APIRouter(tags=["sources"])
_FIELD = {Role.GRID_WORKER, Role.GRID_LEADER}


@router.post(
    "/incidents",
    operation_id="openIncident",
    summary="Open a case by hand",
    description="A grid worker's find, or what the patrol room was told. Its grid is the one that holds the "
    "place now. `candidates` are open cases that it may be a duplicate of: a person decides.",
    status_code=201,
    responses=problems("unauthenticated", "forbidden", "csrf", "invalid", "key_reused"),
)
async def open_incident(
    context: InContext, who: Doer, new: NewCase, response: Response, key: idempotency.Key = None
) -> CaseOpened:
    """Open it; a repeat with the same key is answered as the first was."""
    content = new.model_dump(mode="json", exclude={"sent_at"})
    asked = idempotency.Asked(f"person:{who.id}", key, content)
    # The wall of the database would let nobody open what lies outside their own areas; a find may.
    with unwalled():
        opened, fresh = await _once(context, who, new, asked)
    if fresh:
        context.tail.changed()
    response.headers["Location"] = f"/api/v1/incidents/{opened.incident_id}"
    return opened


@router.get(
    "/incidents/{incident_id}/reports",
    operation_id="listReports",
    summary="Get the reports of a case",
    description="What workers, citizens and the hotline told of it, oldest first.",
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)
async def list_reports(context: InContext, who: Viewer, incident_id: UUID) -> Reports:
    """Oldest first."""
    async with context.engine.begin() as connection:
        await the_case(connection, context, who, incident_id)
        rows = await reports.of_cases(connection, [incident_id])
        key = await secret(connection)
    return Reports(items=[show_report(row, key, context.registry) for row in rows])


@router.get(
    "/incidents/{incident_id}/candidates",
    operation_id="listCandidates",
    summary="Get open cases that a case may be a duplicate of",
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)
async def list_candidates(context: InContext, who: Viewer, incident_id: UUID) -> list[Nearby]:
    """Nearest first."""
    registry = context.registry
    async with context.engine.connect() as connection:
        row = await the_case(connection, context, who, incident_id)
        found = await nearby.near_case(connection, row, scope_of(who, registry), policy_of(context), registry)
    return show_candidates(found, registry)


@router.get(
    "/nearby",
    operation_id="listNearby",
    summary="Get open cases near a place that something may be the same as",
    description="Before a case is opened by hand: who finds theirs among these adds a note to it. "
    "Only cases in your scope.",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_nearby(
    context: InContext,
    who: Viewer,
    event_class: Annotated[str, Query(min_length=1, max_length=20, pattern=STORABLE)],
    lon: Annotated[Longitude, Query(strict=False)],
    lat: Annotated[Latitude, Query(strict=False)],
) -> list[Nearby]:
    """Nearest first."""
    registry, now = context.registry, context.now()
    where = placed(context, None, lon, lat)
    spot = Spot(active_class(event_class, registry), now, (lon, lat), where.grid)
    async with context.engine.connect() as connection:
        found = await nearby.near(connection, spot, scope_of(who, registry), policy_of(context), registry)
    return show_candidates(found, registry)


async def the_case(connection: AsyncConnection, context: Context, who: Person, incident_id: UUID) -> Any:
    """The case's row, if `who` may know of it.

    Raises:
        Problem: not_found.
    """
    mine = visible(scope_of(who, context.registry))
    row = (await connection.execute(select(incident).where(incident.c.id == incident_id, mine))).one_or_none()
    if row is None:
        raise not_found(incident_id)
    return row


def policy_of(context: Context) -> SourcesPolicy:
    """How reports are taken now."""
    return context.policies.of(SOURCES) or DEFAULT


def placed(context: Context, point: str | None, lon: float | None, lat: float | None) -> Where:
    """Where that is, by the areas in force.

    Raises:
        Problem: invalid, the site has no such place.
    """
    try:
        if point is not None:
            return at_point(context.registry, point)
        assert lon is not None
        assert lat is not None
        return at_position(context.registry, lon, lat)
    except UnknownPlace as error:
        faults = [{"pointer": f"/body/{error.field}", "detail": error.what}]
        raise Problem("invalid", error.what, errors=faults) from None


async def _once(
    context: Context, who: Person, new: NewCase, asked: idempotency.Asked
) -> tuple[CaseOpened, bool]:
    async with context.engine.begin() as connection:

        async def work() -> Any:
            return (await _open(connection, context, who, new)).model_dump(mode="json")

        answer, fresh = await idempotency.once(connection, asked, context.now(), work)
    return CaseOpened.model_validate(answer), fresh


async def _open(connection: AsyncConnection, context: Context, who: Person, new: NewCase) -> CaseOpened:
    registry, now, sender = context.registry, context.now(), f"person:{who.id}"
    event_class = active_class(new.event_class, registry)
    where = placed(context, new.point, new.lon, new.lat)
    await photos.claim(connection, sender, new.photos, "/body/photos")
    told = reports.Told(
        source="worker" if _FIELD & set(who.roles) else "manual",
        sender=sender,
        event_class=event_class,
        words=without_numbers(new.words),
        where=where,
        happened_at=true_time(new.happened_at, new.sent_at, now) if new.sent_at else new.happened_at or now,
        address=new.address and without_numbers(new.address),
        photos=new.photos,
    )
    row = await reports.keep(connection, told, registry, now)
    assert row is not None, "a report without a number of its sender's own is always a new one"
    spot = spot_of(row, event_class)
    near = await nearby.near(connection, spot, scope_of(who, registry), policy_of(context), registry)
    actor = Actor("user", who.username)
    incident_id = await reports.open_case(connection, row, event_class, actor, registry, now)
    await admit(connection, incident_id, f"person:{who.username}")
    number = await connection.scalar(select(incident.c.number).where(incident.c.id == incident_id))
    assert number is not None
    return CaseOpened(
        incident_id=incident_id,
        number=number,
        public_number=public_number(await secret(connection), number),
        candidates=show_candidates(near, registry),
    )
