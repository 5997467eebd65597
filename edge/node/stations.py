"""Stations that speak to the node itself: HJ 212 and GB/T 26875.3 over TCP, where the site says so.

The only ports that a node opens to others. One thread with an event loop serves all connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from devices.credentials import secret
from devices.gb26875.talk import Talk as FireTalk
from devices.hj212.talk import Talk as AirTalk
from devices.site.model import Point, Site
from devices.site.stations import Listener, Protocol, address_of
from edge.node.attendance import Attendance
from edge.node.inbox import Inbox
from edge.node.line import House, Line, Talk
from edge.node.report import Reporter
from edge.node.roll import Roll
from edge.node.terms import node_in

log = logging.getLogger(__name__)

GLANCE = 1.0
"""Seconds between two glances at who is silent."""
AGAIN = 10.0
"""Seconds until an address that cannot be had is tried again."""
END = 2.0
_BUFFER = 8192


class Stations:
    """All that a node hears without a broker; `start`, `move` and `stop` are called by one thread."""

    def __init__(
        self,
        site: Site,
        node: str,
        points: Sequence[Point],
        env: Mapping[str, str],
        inbox: Inbox,
        reporter: Reporter,
    ) -> None:
        """Nothing listens before `start`.

        Raises:
            CredentialsError: the environment lacks a password.
        """
        self._node, self._env, self._inbox, self._reporter = node, env, inbox, reporter
        self._started = False
        self._take(site, points)

    def _take(self, site: Site, points: Sequence[Point]) -> None:
        self._site, self._points = site, points
        self._listeners = node_in(site, self._node).stations
        self._posts = [
            _Post(one, ZoneInfo(site.timezone), points, self._node, self._env, self._inbox, self._reporter)
            for one in self._listeners
        ]

    def start(self) -> None:
        """Begin to listen; returns at once."""
        self._started = True
        for post in self._posts:
            post.start()

    def move(self, site: Site, points: Sequence[Point]) -> None:
        """Hear the stations of this site; connections end only when where or how they are heard changed."""
        same = node_in(site, self._node).stations == self._listeners and site.timezone == self._site.timezone
        if same:
            self._site, self._points = site, points
            for post in self._posts:
                post.restock(points)
            return
        self.stop()
        self._take(site, points)
        if self._started:
            self.start()

    def stop(self) -> None:
        """End all connections within a few seconds; what was not answered is sent again."""
        for post in self._posts:
            post.stop()

    def listening(self, protocol: Protocol, timeout: float) -> tuple[str, int]:
        """The address at which a protocol is heard, once it is.

        Raises:
            TimeoutError: it is not.
        """
        post = next(one for one in self._posts if one.listener.protocol == protocol)
        if not post.bound.wait(timeout):
            raise TimeoutError(f"nothing listens for {protocol}")
        return post.address


class _Post:
    """One listener with its connections, on a thread of its own."""

    def __init__(
        self,
        listener: Listener,
        zone: ZoneInfo,
        points: Sequence[Point],
        node: str,
        env: Mapping[str, str],
        inbox: Inbox,
        reporter: Reporter,
    ) -> None:
        self.listener, self._zone = listener, zone
        self._password = None if listener.password is None else secret(f"{listener.password}_PASSWORD", env)
        self._roll = Roll(listener.protocol, points)
        self._attendance = Attendance(node, lambda: self._roll, reporter)
        self._house = House(
            lambda: self._roll, inbox, self._attendance.heard, self._attendance.refused, listener.idle
        )
        self._lines: dict[Line, asyncio.Task[None]] = {}
        self._turned_away = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()
        self._stopping = threading.Event()
        self.bound = threading.Event()
        self.address = ("", 0)
        self._thread = threading.Thread(target=self._run, name=f"stations-{listener.protocol}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def restock(self, points: Sequence[Point]) -> None:
        self._roll = Roll(self.listener.protocol, points)

    def stop(self) -> None:
        self._stopping.set()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closed
                self._loop.call_soon_threadsafe(self._over.set)
        if self._thread.is_alive():
            self._thread.join(END)

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._stopping.is_set():
            self._over.set()
        server = await self._listen()
        if server is None:
            return
        self.address = server.sockets[0].getsockname()[:2]
        self.bound.set()
        log.info("%s stations are heard at %s:%d", self.listener.protocol, *self.address)
        watch = asyncio.create_task(self._watch())
        await self._over.wait()
        server.close()
        tasks = (watch, *self._lines.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> asyncio.Server | None:
        """The server, once its address can be had; None when it is over before."""
        host, port = address_of(self.listener.listen)
        told = False
        while not self._over.is_set():
            try:
                return await asyncio.start_server(self._accept, host, port, limit=_BUFFER)
            except OSError as error:
                if not told:
                    why = error.strerror or type(error).__name__
                    log.warning("stations cannot be heard at %s: %s", self.listener.listen, why)
                    self._attendance.deaf(f"stations cannot be heard at {self.listener.listen}: {why}")
                told = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), AGAIN)
        return None

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(GLANCE)
            await self._attendance.look()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._room():
            writer.close()
            return
        line = Line(self._house, self._talk(), reader, writer)
        self._lines[line] = task = asyncio.create_task(line.run())
        task.add_done_callback(lambda task: self._left(line, task))

    def _left(self, line: Line, task: asyncio.Task[None]) -> None:
        del self._lines[line]
        self._attendance.left(line)
        if not task.cancelled() and (defect := task.exception()) is not None:
            log.error("a defect in hearing station %s", line.station or "nobody", exc_info=defect)

    def _room(self) -> bool:
        """Whether one more may come: who never said who he is goes first, then newcomers are turned away."""
        full = len(self._lines) >= self.listener.max_connections
        if full != self._turned_away:
            self._turned_away = full
            if full:
                log.warning("%d stations are connected, no more are taken", len(self._lines))
        if not full:
            return True
        stranger = next((line for line in self._lines if not line.station), None)
        if stranger is not None:
            stranger.close()
        return stranger is not None

    def _talk(self) -> Talk:
        if self.listener.protocol == "hj212":
            return AirTalk(self._zone, self._password, clock=self.listener.set_clock)
        return FireTalk(self._zone, clock=self.listener.set_clock)
