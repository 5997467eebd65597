"""WebSockets at which nodes bring pictures, and at which another process fetches what was brought here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, WebSocket
from fastapi.responses import JSONResponse
from starlette.websockets import WebSocketDisconnect

from cloud.context import Context
from cloud.link.door import node_at
from cloud.link.session import DENIED, NOT_UNDERSTOOD, RECHECK, TRY_AGAIN
from cloud.stream.tail import LOST
from cloud.video.album import Looker
from cloud.video.channel import Channel, Viewer
from cloud.video.exchange import Held
from cloud.video.feed import feed
from cloud.video.gossip import RELAY_LIVE, RELAY_STILLS
from devices.errors import MessageError
from devices.video import LIVE_PATH, STILLS_PATH, unpack_still

router = APIRouter()
LOOK_AGAIN = 1.0
"""Seconds after which a fetching process' wishes are looked up again."""


async def first_of(socket: WebSocket, *works: Coroutine[Any, Any, int]) -> None:
    """Run these side by side; the first that ends, ends all, and the socket with the code that it gives."""
    tasks = {asyncio.create_task(work) for work in works}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    code = 1000
    for task in done:
        try:
            code = task.result()
        except WebSocketDisconnect:
            return
        except MessageError:
            code = NOT_UNDERSTOOD
        except LOST:
            code = TRY_AGAIN
    with suppress(RuntimeError):  # it was closed meanwhile
        await socket.close(code)


async def still_allowed(allowed: Callable[[], Awaitable[bool]]) -> int:
    """Ends when it is not any more."""
    while True:
        await asyncio.sleep(RECHECK)
        if not await allowed():
            return DENIED


@router.websocket(LIVE_PATH)
async def bring_live(socket: WebSocket, camera: str) -> None:
    """A node brings a camera's live picture, until nobody watches it."""
    context = context_at(socket)
    who = await node_at(socket, context)
    if who is None:
        return
    if context.registry.node_of_device(camera) != who.node:
        await socket.send_denial_response(JSONResponse({"code": "not_found"}, 404))
        return
    await socket.accept()
    with context.video.holding(who.node, camera) as (channel, held):
        works = (_into(socket, channel), _orders(socket, channel), _ended(held))
        await first_of(socket, *works, still_allowed(who.allowed))


@router.websocket(STILLS_PATH)
async def bring_stills(socket: WebSocket) -> None:
    """A node brings stills, until nobody looks."""
    context = context_at(socket)
    who = await node_at(socket, context)
    if who is None:
        return
    await socket.accept()
    with context.video.holding_album(who.node) as held:
        await first_of(
            socket, _into_album(socket, context, who.node), _ended(held), still_allowed(who.allowed)
        )


@router.websocket(RELAY_LIVE)
async def relay_live(socket: WebSocket, node: str, camera: str) -> None:
    """Another process fetches a camera that is brought here."""
    context = context_at(socket)
    seat = context.video.seats.get(camera)
    if not _is_process(socket, context) or seat is None or seat.node != node or seat.held is None:
        await socket.send_denial_response(JSONResponse({"code": "bad_token"}, 401))
        return
    await socket.accept()
    viewer = seat.channel.join()
    try:
        await first_of(socket, to_viewer(socket, viewer), _pass_on(socket, seat.channel), _ended(seat.held))
    finally:
        seat.channel.leave(viewer)


@router.websocket(RELAY_STILLS)
async def relay_stills(socket: WebSocket, node: str) -> None:
    """Another process fetches the stills of a node that are brought here."""
    context = context_at(socket)
    if not _is_process(socket, context):
        await socket.send_denial_response(JSONResponse({"code": "bad_token"}, 401))
        return
    await socket.accept()
    looker = Looker(aside=True)
    try:
        await first_of(socket, _stills_for(socket, context, node, looker), silence(socket))
    finally:
        context.video.album.leave(looker)


async def to_viewer(socket: WebSocket, viewer: Viewer) -> int:
    """Send what waits for a viewer, for ever."""
    while True:
        frame = await viewer.take()
        if isinstance(frame, str):
            await socket.send_text(frame)
        else:
            await socket.send_bytes(frame)


async def frame_from(socket: WebSocket) -> str | bytes:
    """The next frame, of either kind.

    Raises:
        WebSocketDisconnect: there will be none.
    """
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    return message.get("bytes") or message.get("text") or ""


async def _into(socket: WebSocket, channel: Channel) -> int:
    while True:
        feed(channel, await frame_from(socket))


async def _orders(socket: WebSocket, channel: Channel) -> int:
    """Wishes to move the camera, to the node."""
    while True:
        await socket.send_text(await channel.orders.get())


async def _pass_on(socket: WebSocket, channel: Channel) -> int:
    """Wishes that another process has looked at."""
    while True:
        frame = await frame_from(socket)
        if isinstance(frame, str):
            channel.order(frame)


async def _into_album(socket: WebSocket, context: Context, node: str) -> int:
    while True:
        frame = await frame_from(socket)
        head, jpeg = unpack_still(frame if isinstance(frame, bytes) else b"")
        if context.registry.node_of_device(head.camera) == node:
            context.video.album.put(head, jpeg)


async def _stills_for(socket: WebSocket, context: Context, node: str, looker: Looker) -> int:
    while True:
        context.video.album.look(looker, context.video.stills(node))
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN):
                still = await looker.take()
                await socket.send_bytes(context.video.album.framed(still))


async def _ended(held: Held) -> int:
    await held.ended.wait()
    return 1000


async def silence(socket: WebSocket) -> int:
    """Ends when the other side does."""
    while True:
        await frame_from(socket)


def _is_process(socket: WebSocket, context: Context) -> bool:
    scheme, _, ticket = socket.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and context.video.knows(ticket)


def context_at(socket: WebSocket) -> Context:
    """That of the app that serves it."""
    found = socket.app.state.context
    assert isinstance(found, Context)
    return found
