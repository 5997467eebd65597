"""What API processes tell each other of live pictures, and how one gets from another what it has not.

A viewer may be at any process, the node's link at another, and its picture come in at a third. Each says
what is watched and held at it by NOTIFY (`cloud.video.board`); what is watched here and held elsewhere is
fetched over one WebSocket from there, by the ticket that only readers of the database know.
"""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import quote

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from cloud.stream.tail import LOST
from cloud.video.board import Notice
from cloud.video.exchange import Exchange, Seat, pause
from cloud.video.feed import feed
from devices.errors import MessageError
from devices.link import LARGEST_FRAME
from devices.video import unpack_still

log = logging.getLogger(__name__)

CHANNEL = "gridwatch_video"
LONGEST = 7900
"""Bytes of a notification: PostgreSQL takes 8000."""
RETRY = 1.0
RELAY_LIVE, RELAY_STILLS = "/api/v1/video/relay/{node}/{camera}", "/api/v1/video/relay/{node}"


class Gossip:
    """Of one process: `run` until it is cancelled."""

    def __init__(self, engine: AsyncEngine, exchange: Exchange) -> None:
        self._engine, self._exchange = engine, exchange
        self._relays: dict[tuple[str, str], asyncio.Task[None]] = {}
        """By node and camera; of stills the camera is empty."""

    async def run(self) -> None:
        """Tell, tend and fetch."""
        try:
            while True:
                self._exchange.tend()
                for notice in self._exchange.notices():
                    await self._tell(notice)
                self._fetch()
                await pause(self._exchange.changed)
        finally:
            for task in self._relays.values():
                task.cancel()
            await asyncio.gather(*self._relays.values(), return_exceptions=True)

    async def _tell(self, notice: Notice) -> None:
        said = notice.model_dump_json(exclude_defaults=True)
        if len(said) > LONGEST:
            log.error("node %s: too many stills are looked at to tell the other processes", notice.node)
            return
        try:
            async with self._engine.begin() as connection:
                statement = text("SELECT pg_notify(:channel, :said)")
                await connection.execute(statement, {"channel": CHANNEL, "said": said})
        except LOST:
            log.debug("no notice sent; it is sent again")

    def _fetch(self) -> None:
        """Begin what is missing here and held elsewhere; end what is not wanted or not needed any more."""
        exchange, wanted = self._exchange, dict[tuple[str, str], Notice]()
        for camera, seat in exchange.seats.items():
            if seat.watchers and seat.held is None and (notice := exchange.elsewhere(seat.node, camera)):
                wanted[seat.node, camera] = notice
        for node in exchange.nodes_looked_at():
            if notice := exchange.album_elsewhere(node):
                wanted[node, ""] = notice
        for key, task in list(self._relays.items()):
            if key not in wanted:
                task.cancel()
            if task.done():
                del self._relays[key]
        for key, notice in wanted.items():
            if key not in self._relays:
                self._relays[key] = asyncio.create_task(self._relay(*key, notice))

    async def _relay(self, node: str, camera: str, notice: Notice) -> None:
        form = RELAY_LIVE if camera else RELAY_STILLS
        path = form.format(node=quote(node, safe=""), camera=quote(camera, safe=""))
        address = "ws" + (notice.at or "").removeprefix("http").rstrip("/") + path
        headers = {"Authorization": f"Bearer {self._exchange.ticket}"}
        try:
            async with connect(
                address, additional_headers=headers, proxy=None, compression=None, open_timeout=5,
                max_size=LARGEST_FRAME,
            ) as connection:  # fmt: skip
                seat = self._exchange.seats.get(camera)
                if seat is not None:
                    await self._live(connection, seat)
                elif not camera:
                    await self._stills(connection)
        except (OSError, TimeoutError, WebSocketException, MessageError) as error:
            what, why = camera or "stills", type(error).__name__
            log.info("%s of node %s cannot be had from %s: %s", what, node, notice.at, why)
            await asyncio.sleep(RETRY)

    async def _live(self, connection: ClientConnection, seat: Seat) -> None:
        with self._exchange.relaying(seat):
            orders = asyncio.create_task(_orders(connection, seat))
            try:
                async for frame in connection:
                    feed(seat.channel, frame)
            finally:
                orders.cancel()
                await asyncio.gather(orders, return_exceptions=True)

    async def _stills(self, connection: ClientConnection) -> None:
        async for frame in connection:
            if isinstance(frame, bytes):
                self._exchange.album.put(*unpack_still(frame))


async def _orders(connection: ClientConnection, seat: Seat) -> None:
    """Wishes to move the camera, to the process that has it."""
    while True:
        await connection.send(await seat.channel.orders.get())
