"""One open link: what is due goes out, answers come in, and the node's credential is asked for again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from cloud.context import Context
from cloud.link import pictures, sites, store, verify
from cloud.link.hub import POLL
from cloud.link.models import CommandOut
from cloud.stream.tail import LOST
from devices.errors import MessageError
from devices.link import Answer, Command, CommandKind, Hello, SiteNotice, parse_frame
from devices.video import WISH_AGAIN, VideoWish

log = logging.getLogger(__name__)

RECHECK = 10.0
"""Seconds after which a link asks whether its credential is still good."""
DENIED, NOT_UNDERSTOOD, TRY_AGAIN = 4401, 4400, 1013
"""Codes a link is closed with: no longer allowed, no frame of ours, the database is away."""


class Session:
    """Serves one link until it ends."""

    def __init__(
        self, socket: WebSocket, context: Context, node: str, allowed: Callable[[], Awaitable[bool]]
    ) -> None:
        """`allowed`: whether the credential by which the link came still stands."""
        self._socket, self._context, self._node = socket, context, node
        self._allowed = allowed
        self._hello: Hello | None = None
        """What the node said last of its site."""
        self._noticed: SiteNotice | None = None
        self._greeted: Hello | None = None
        """What was compared last: the cloud's site, and the node's word."""
        self._wished = (VideoWish(), 0.0)
        """What people watch, as the node was told last, and when."""

    async def serve(self) -> None:
        """Both directions; the first that ends, ends the other."""
        with self._context.hub.holding(self._node) as woken:
            tasks = {asyncio.create_task(self._send(woken)), asyncio.create_task(self._receive(woken))}
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
        code = 1000
        for task in done:
            try:
                code = task.result()
            except WebSocketDisconnect:
                return
            except LOST:
                code = TRY_AGAIN
        with suppress(RuntimeError):  # it was closed meanwhile
            await self._socket.close(code)

    async def _send(self, woken: asyncio.Event) -> int:
        clock = asyncio.get_running_loop().time
        anew, checked = True, clock()
        while True:
            woken.clear()
            await self._wish(clock())
            if clock() - checked >= RECHECK:
                if not await self._allowed():
                    return DENIED
                checked = clock()
            await self._compare()
            async with self._context.engine.begin() as connection:
                due = await store.claim(connection, self._node, self._context.now(), anew=anew)
            anew = False
            for one in due:
                await self._socket.send_text((await self._framed(one)).model_dump_json())
            if due:
                self._context.tail.changed()
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await woken.wait()

    async def _wish(self, now: float) -> None:
        """Tell the node whom people watch: each change, and again while anybody does."""
        wish = self._context.video.wish(self._node)
        wished, at = self._wished
        if wish != wished or ((wish.live or wish.stills) and now - at >= WISH_AGAIN):
            await self._socket.send_text(wish.model_dump_json())
            self._wished = (wish, now)

    async def _framed(self, one: CommandOut) -> Command:
        body = one.body
        if one.kind is CommandKind.SITE:
            async with self._context.engine.connect() as connection:
                cloud = await sites.present(connection)
            if cloud is not None:  # always the newest: versions only rise
                body = {**cloud.body.model_dump(), "text": cloud.text}
        left = (one.expires_at - self._context.now()).total_seconds()
        return Command(id=one.id, kind=one.kind, body=body, expires_in=max(0.0, left))

    async def _receive(self, woken: asyncio.Event) -> int:
        while True:
            text = await self._socket.receive_text()
            try:
                frame = parse_frame(text)
            except MessageError as error:
                log.warning("link of node %s: a frame that is none: %s", self._node, error)
                return NOT_UNDERSTOOD
            if isinstance(frame, Hello):
                self._hello = frame
                woken.set()
            elif isinstance(frame, Answer):
                if not await self._allowed():
                    return DENIED
                await self._settle(frame)

    async def _compare(self) -> None:
        """Tell the node which site the cloud has; one whose own is older is sent it.

        Each is done once for a site, and again when the node says that it runs another one.
        """
        async with self._context.engine.connect() as connection:
            cloud = await sites.noticed(connection)
        if cloud is not None and cloud != self._noticed:
            await self._socket.send_text(cloud.model_dump_json())
        if cloud is None or (cloud, self._hello) == (self._noticed, self._greeted):
            return
        self._noticed, self._greeted = cloud, self._hello
        if self._hello is not None and sites.is_behind(self._hello, cloud):
            async with self._context.engine.begin() as connection:
                wish = await sites.wish_for(connection, self._node, cloud)
                if wish is not None:
                    await store.add(connection, wish, self._context.now())

    async def _settle(self, answer: Answer) -> None:
        async with self._context.engine.begin() as connection:
            kept = await store.settle(connection, self._node, answer, self._context.now())
            if kept:
                await pictures.keep(connection, answer.id, answer.pictures, self._context.now())
                await verify.answered(connection, [answer.id], self._context.now())
        if kept:
            log.info("node %s: command %s %s", self._node, answer.id, answer.outcome)
            await self._context.hub.answered(answer.id)
        else:
            log.info("node %s: an answer to %s that is not waited for", self._node, answer.id)
