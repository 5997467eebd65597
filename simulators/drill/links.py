"""Lines that can be cut, slowed down or half opened: small TCP proxies, all on one event loop in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

HOST = "127.0.0.1"
DELAY = 0.7
"""Seconds by which each piece comes later on a slow line."""
_PIECE = 65536
State = Literal["sound", "cut", "delay", "half_open"]


@dataclass
class Link:
    """One line: whoever connects to `port` speaks with `target`.

    `cut`: what is connected is reset, who comes is hung up on. `delay`: each piece waits. `half_open`: what
    is sent gets through, the answers are swallowed, and at the end the connection breaks.
    """

    name: str
    target: int
    port: int = 0
    state: State = "sound"
    answered_at: float = -1e9
    """By the monotonic clock: when the last piece of an answer went through."""
    pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = field(default_factory=set, repr=False)

    async def serve(self) -> asyncio.Server:
        """Listen; sets `port`."""
        server = await asyncio.start_server(self._connected, HOST, self.port)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def turn(self, state: State) -> None:
        """What the line is from now on; on its loop."""
        before, self.state = self.state, state
        if state == "cut" or before == "half_open":
            for pair in self.pairs:
                for writer in pair:
                    writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.state == "cut":
            writer.transport.abort()
            return
        try:
            far_reader, far = await asyncio.open_connection(HOST, self.target)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, far)
        self.pairs.add(pair)
        try:
            pumps = [
                asyncio.ensure_future(self._pump(reader, far, answers=False)),
                asyncio.ensure_future(self._pump(far_reader, writer, answers=True)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self.pairs.discard(pair)
            for one in pair:
                one.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(_PIECE):
                if self.state == "delay":
                    await asyncio.sleep(DELAY)
                if answers and self.state == "half_open":
                    continue
                if answers:
                    self.answered_at = time.monotonic()
                writer.write(piece)
                await writer.drain()


class Links:
    """All lines, served by one thread until `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="links", daemon=True)
        self._thread.start()

    def open(self, name: str, target: int) -> Link:
        """A new line to a port of this machine, sound."""
        link = Link(name, target)
        self._servers.append(self._do(link.serve()))
        return link

    def turn(self, link: Link, state: State) -> None:
        """What that line is from now on."""
        self._loop.call_soon_threadsafe(link.turn, state)

    def close(self) -> None:
        """End all."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)
