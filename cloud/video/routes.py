"""Live pictures and stills for people, and who looked."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select

from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.link import store
from cloud.link.store import Wish
from cloud.people.identity import Viewer, still_logged_in
from cloud.people.roles import ANYONE as MOVERS
from cloud.problems import problems
from cloud.video.album import Looker
from cloud.video.channel import Viewer as Watcher
from cloud.video.door import REFUSALS, Guest, deny, guest_at, guest_of, node_of
from cloud.video.exchange import Seat
from cloud.video.node_routes import context_at, first_of, frame_from, still_allowed, to_viewer
from cloud.video.tables import live_view
from cloud.video.viewing import What, write_down
from devices.errors import MessageError
from devices.link import CommandKind
from devices.messages import Identifier, explain
from devices.video import Moved, MoveWish, PresetWish, parse_wish

router = APIRouter(tags=["video"])
MOST_LOOKED_AT = 16
"""Stills of one page."""
Reason = Annotated[
    str | None, Query(min_length=1, max_length=200, description="Why, outside the patrol room.")
]


class CameraVideo(BaseModel):
    """What would be shown if somebody opened a camera's live picture now."""

    camera: str
    node: str
    reason: str
    """That is written down: what was given, or `duty`."""
    watched: bool
    """Somebody else watches it: one more costs the node nothing."""


class LiveView(BaseModel):
    """Somebody looked at a camera's live picture or stills; within one hour the same is one line."""

    username: str
    camera: str
    what: What
    reason: str
    first_at: datetime
    last_at: datetime


class LiveViews(BaseModel):
    """Newest first."""

    items: list[LiveView]


class _Looks(BaseModel):
    """What a page of stills asks for: all of it, so that the newest counts."""

    model_config = ConfigDict(extra="forbid")
    cameras: list[Identifier] = Field(max_length=MOST_LOOKED_AT)


@router.get(
    "/cameras/{camera}/video",
    operation_id="getCameraVideo",
    summary="Whether a camera can be watched live",
    description=(
        "Its live picture is a WebSocket at `/api/v1/cameras/{camera}/live`, which is refused for the same "
        "reasons. There each binary frame is one byte (0: opening, 1: begins with a key picture, 2: goes on) "
        "and then fragmented MP4; each text frame is JSON and tells how the picture is doing."
    ),
    responses=problems(
        "unauthenticated", "forbidden", "reason_needed", "not_found", "invalid", "too_many_viewers"
    ),
)
async def get_camera_video(
    context: InContext, who: Viewer, camera: str, reason: Reason = None
) -> CameraVideo:
    """Whether one may, and whether there is room."""
    guest = guest_of(who, reason)
    node = node_of(context, who, camera)
    context.video.admit(node, camera, who.username)
    watched = camera in context.video.live(node)
    return CameraVideo(camera=camera, node=node, reason=guest.reason, watched=watched)


@router.get(
    "/privacy/live-views",
    operation_id="listLiveViews",
    summary="List who looked at live pictures",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_live_views(
    context: InContext,
    _: Viewer,
    camera: Annotated[str | None, Query(max_length=64)] = None,
    username: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> LiveViews:
    """Newest first."""
    statement = select(live_view).order_by(live_view.c.first_at.desc()).limit(limit)
    if camera is not None:
        statement = statement.where(live_view.c.camera == camera)
    if username is not None:
        statement = statement.where(live_view.c.username == username)
    async with context.engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings()
        return LiveViews(items=[LiveView(**{key: row[key] for key in LiveView.model_fields}) for row in rows])


@router.websocket("/cameras/stills")
async def watch_stills(socket: WebSocket) -> None:
    """The stills of a page of cameras, which the page names and may change at any time."""
    context = context_at(socket)
    try:
        guest = await guest_at(socket, context)
    except REFUSALS as error:
        await deny(socket, error)
        return
    await socket.accept()
    looker = Looker()
    try:
        await first_of(
            socket,
            _looks(socket, context, guest, looker),
            _stills(socket, context, looker),
            _stays(context, guest),
        )
    finally:
        context.video.leave(looker)


@router.websocket("/cameras/{camera}/live")
async def watch_live(socket: WebSocket, camera: str) -> None:
    """A camera's live picture."""
    context = context_at(socket)
    try:
        guest = await guest_at(socket, context)
        node = node_of(context, guest.person, camera)
        context.video.admit(node, camera, guest.person.username)
        await _noted(context, guest, (camera,), "live")
    except REFUSALS as error:
        await deny(socket, error)
        return
    await socket.accept()
    try:
        with context.video.watching(node, camera, guest.person.username) as viewer:
            wishes = _wishes(socket, context, guest, context.video.seats[camera], viewer)
            await first_of(socket, to_viewer(socket, viewer), wishes, _stays(context, guest))
    except Problem:  # somebody was faster
        await socket.close(4429)
        return
    finally:
        await asyncio.shield(_noted(context, guest, (camera,), "live"))


async def _wishes(socket: WebSocket, context: Context, guest: Guest, seat: Seat, viewer: Watcher) -> int:
    """Wishes to move the camera, of those who may: each change of them is written down before it goes on."""
    before: MoveWish | PresetWish | None = None
    while True:
        frame = await frame_from(socket)
        wish = parse_wish(frame if isinstance(frame, str) else "")
        if not MOVERS.intersection(guest.person.roles):
            viewer.put(Moved(ok=False, why="forbidden").model_dump_json())
            continue
        if wish != before:
            async with context.engine.begin() as connection:
                body = {"camera": seat.channel.camera, **wish.model_dump()}
                asked = Wish(seat.node, CommandKind.PTZ, body, guest.person.username)
                await store.note(connection, asked, context.now())
            before = wish if isinstance(wish, MoveWish) else None
        if not seat.channel.order(wish.model_dump_json()):
            viewer.put(Moved(ok=False, why="failed").model_dump_json())


async def _looks(socket: WebSocket, context: Context, guest: Guest, looker: Looker) -> int:
    seen: frozenset[str] = frozenset()
    while True:
        try:
            wish = _Looks.model_validate_json(await frame_from(socket))
        except ValidationError as error:
            raise MessageError(explain(error)) from error
        by_node: dict[str, frozenset[str]] = defaultdict(frozenset)
        for camera in wish.cameras:
            try:
                by_node[node_of(context, guest.person, camera)] |= {camera}
            except Problem:
                continue  # not there, or not theirs: nobody learns which
        cameras = frozenset[str]().union(*by_node.values())
        await _noted(context, guest, cameras - seen, "stills")
        seen |= cameras
        context.video.look(looker, dict(by_node))


async def _stills(socket: WebSocket, context: Context, looker: Looker) -> int:
    while True:
        await socket.send_bytes(context.video.album.framed(await looker.take()))


async def _stays(context: Context, guest: Guest) -> int:
    """Ends when their session does."""
    return await still_allowed(lambda: still_logged_in(context, guest.person))


async def _noted(
    context: Context, guest: Guest, cameras: frozenset[str] | tuple[str, ...], what: What
) -> None:
    async with context.engine.begin() as connection:
        await write_down(connection, guest.person, cameras, what, guest.reason, context.now())
