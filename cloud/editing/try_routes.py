"""`/site/cameras/{camera}/picture`: what zones are drawn upon; `/site/tries`: what they would have raised."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cloud.context import Context, InContext
from cloud.editing.models import ZONES
from cloud.errors import Problem
from cloud.link import pictures, store
from cloud.link.models import CommandOut
from cloud.link.still_routes import JPEG
from cloud.link.stills import shown, still
from cloud.link.store import Wish
from cloud.people.identity import Administrator, AdministratorViewer
from cloud.problems import problems
from devices.link import CancelBody, CommandKind, TryBody

router = APIRouter(prefix="/site", tags=["registry"])

DRAWING = "zones are drawn"
"""The reason that is written down for each picture that the editor shows."""
_READ = problems("unauthenticated", "forbidden", "not_found", "invalid")
_WRITE = problems("unauthenticated", "csrf", "forbidden", "not_found", "invalid")


class TryZones(BaseModel):
    """Zones that shall be tried."""

    model_config = ConfigDict(extra="forbid")

    zones: list[dict[str, object]] = Field(min_length=1, max_length=ZONES)
    """As the site file has them."""


@router.get(
    "/cameras/{camera}/picture",
    operation_id="getSitePicture",
    summary="A picture to draw zones upon (administrator)",
    description=(
        "The newest of the node's, or the nearest to `at` of the last hour. That it was looked at is written "
        "down, as of a photo."
    ),
    response_class=Response,
    responses={
        200: JPEG,
        **problems("unauthenticated", "forbidden", "not_found", "node_away", "invalid"),
    },
)
async def get_picture(
    context: InContext,
    who: AdministratorViewer,
    camera: str,
    at: Annotated[AwareDatetime | None, Query()] = None,
) -> Response:
    """Ask the node, and wait."""
    found = await still(context, who, _node_of(context, camera), camera, at)
    return await shown(context, who, *found, DRAWING)


@router.post(
    "/cameras/{camera}/tries",
    operation_id="tryZones",
    summary="What would these zones have raised in the last hour? (administrator)",
    description=(
        "The node runs them, beside its work and at the lowest priority, over its pictures of the last hour, "
        "one each ten seconds. It answers what would have been raised and when, how near each rule came, and "
        "what such pictures cannot show of it. One at a time."
    ),
    status_code=201,
    responses=_WRITE,
)
async def try_zones(context: InContext, who: Administrator, camera: str, asked: TryZones) -> CommandOut:
    """Ask the node."""
    node = _node_of(context, camera)
    body = TryBody(camera=camera, zones=asked.zones).model_dump(mode="json")
    return await _send(context, who.username, node, CommandKind.TRY, body)


@router.get(
    "/tries/{command}", operation_id="getTry", summary="What became of it (administrator)", responses=_READ
)
async def get_try(context: InContext, _: AdministratorViewer, command: UUID) -> CommandOut:
    """The answer is in `answer` once it is `answered`; why not, when it `failed`."""
    return await _tried(context, command)


@router.delete(
    "/tries/{command}",
    operation_id="cancelTry",
    summary="Try no longer (administrator)",
    status_code=202,
    responses=_WRITE,
)
async def cancel_try(context: InContext, who: Administrator, command: UUID) -> CommandOut:
    """The node is told; what was tried then fails."""
    tried = await _tried(context, command)
    body = CancelBody(command_id=command).model_dump(mode="json")
    return await _send(context, who.username, tried.node, CommandKind.CANCEL, body)


@router.get(
    "/tries/{command}/pictures/{number}",
    operation_id="getTryPicture",
    summary="A picture of the answer, for ten minutes (administrator)",
    response_class=Response,
    responses={200: JPEG, **_READ},
)
async def get_try_picture(
    context: InContext,
    who: AdministratorViewer,
    command: UUID,
    number: Annotated[int, Path(ge=0, lt=pictures.MOST)],
) -> Response:
    """As it was when a rule would have opened, with the zone and what was found."""
    await _tried(context, command)
    async with context.engine.connect() as connection:
        found = await pictures.read(connection, command, number, context.now())
    if found is None:
        raise Problem("not_found", "there is no such picture; they are kept for ten minutes")
    return await shown(context, who, *found, DRAWING)


async def _send(
    context: Context, username: str, node: str, kind: CommandKind, body: dict[str, object]
) -> CommandOut:
    async with context.engine.begin() as connection:
        made, _ = await store.add(connection, Wish(node, kind, body, username), context.now())
    await context.hub.queued(node)
    return made


async def _tried(context: Context, command: UUID) -> CommandOut:
    async with context.engine.connect() as connection:
        found = await store.read(connection, [command])
    if not found or found[0].kind is not CommandKind.TRY:
        raise Problem("not_found", f"nothing was tried as {command}")
    return found[0]


def _node_of(context: Context, camera: str) -> str:
    found, node = context.registry.devices.get(camera), context.registry.node_of_device(camera)
    if found is None or found.kind != "camera" or node is None:
        raise Problem("not_found", f"there is no camera {camera!r}")
    return node
