"""`/devices/{id}/service`: a camera or sensor that is being worked on, and its return."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms import service, store
from cloud.alarms.action_routes import IfMatch, perform
from cloud.alarms.service import Asked, House
from cloud.alarms.tables import out_of_service
from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.etag import etag
from cloud.people.identity import Doer, Person, Viewer
from cloud.people.scope import scope_of
from cloud.problems import problems
from cloud.times import Moment

router = APIRouter(prefix="/devices", tags=["alarms"])
_REFUSALS = (
    "unauthenticated", "forbidden", "csrf", "not_found", "version_changed", "invalid", "version_required",
)  # fmt: skip


class OutOfService(BaseModel):
    """Who works on a device, why, and until when."""

    since: datetime
    until: datetime
    by: str
    reason: str


class ServiceState(BaseModel):
    """Whether a device is in service."""

    device: str
    version: int
    """Rises each time it is taken out or put back."""
    out: OutOfService | None
    """None: it is in service."""


class OutDevices(BaseModel):
    """Devices that are out of service."""

    items: list[ServiceState]


class ServiceWish(BaseModel):
    """Take a device out of service."""

    model_config = ConfigDict(extra="forbid")
    until: Moment
    reason: str = Field(min_length=1, max_length=500)


@router.get(
    "/out-of-service",
    operation_id="listOutOfService",
    summary="List devices that are out of service",
    responses=problems("unauthenticated"),
)
async def list_out_of_service(context: InContext, person: Viewer) -> OutDevices:
    """Those in your scope."""
    scope = scope_of(person, context.registry)
    table = out_of_service.c
    there = select(table.device).where(table.ended_at.is_(None), table.until > context.now())
    async with context.engine.connect() as connection:
        names = (await connection.scalars(there.order_by(table.device))).all()
        items = [
            await _state(connection, name, context)
            for name in names
            if (known := context.registry.devices.get(name))
            and scope.holds_point(known.point, context.registry)
        ]
    return OutDevices(items=items)


@router.get(
    "/{device}/service",
    operation_id="getService",
    summary="Whether a device is in service",
    responses=problems("unauthenticated", "not_found"),
)
async def get_service(context: InContext, person: Viewer, device: str, response: Response) -> ServiceState:
    """The device; its version is the ETag."""
    return await _one(context, person, device, response)


@router.put(
    "/{device}/service",
    operation_id="takeOutOfService",
    summary="Take a device out of service",
    description="While somebody works on it its alarms are stored and counted, open no case and call nobody. "
    "Without another word it is back in service at `until`.",
    responses=problems(*_REFUSALS),
)
async def take_out_of_service(
    context: InContext, person: Doer, device: str, wish: ServiceWish, response: Response,
    if_match: IfMatch = None,
) -> ServiceState:  # fmt: skip
    """Take it out; answers the device as it is now."""

    async def do(connection: AsyncConnection, asked: Asked, house: House) -> None:
        await service.take_out(connection, device, asked, house, wish.until)

    await perform(context, person, do, if_match, wish.reason)
    return await _one(context, person, device, response)


@router.delete(
    "/{device}/service",
    operation_id="putBackInService",
    summary="Put a device back in service",
    responses=problems(*_REFUSALS),
)
async def put_back_in_service(
    context: InContext, person: Doer, device: str, response: Response, if_match: IfMatch = None
) -> ServiceState:
    """Put it back; answers the device as it is now."""

    async def do(connection: AsyncConnection, asked: Asked, house: House) -> None:
        await service.put_back(connection, device, asked, house)

    await perform(context, person, do, if_match)
    return await _one(context, person, device, response)


async def _one(context: Context, person: Person, device: str, response: Response) -> ServiceState:
    known = context.registry.devices.get(device)
    if known is None or not scope_of(person, context.registry).holds_point(known.point, context.registry):
        raise Problem("not_found", f"no camera or sensor has the id {device!r}")
    async with context.engine.connect() as connection:
        found = await _state(connection, device, context)
    response.headers["ETag"] = etag(found.version)
    return found


async def _state(connection: AsyncConnection, device: str, context: Context) -> ServiceState:
    version = await service.device_version(connection, device)
    out = (await store.services(connection, [device], context.now())).get(device)
    shown = OutOfService(since=out.since, until=out.until, by=out.by, reason=out.reason) if out else None
    return ServiceState(device=device, version=version, out=shown)
