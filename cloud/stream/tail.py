"""The tail: one task a process reads the outbox and hands each event to every open stream.

NOTIFY only wakes it, poll is the safety net. The notification is sent after the commit, by itself and at most
every `NOTIFY_EVERY`: a transaction with a pending NOTIFY holds a global lock while it commits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas.registry import Registry
from cloud.errors import DatabaseUnavailable
from cloud.metrics import Metrics
from cloud.stream import reader
from cloud.stream.cursor import Cursor
from cloud.stream.outbox import CHANNEL
from cloud.stream.render import Item, render

log = logging.getLogger(__name__)

POLL_IDLE = 0.5
"""Seconds between looks when nothing woke the tail."""
POLL_HIDDEN = 0.02
"""Seconds between looks while a committed row waits for an older transaction to end."""
SETTLE = 0.01
"""Seconds waited after a wake, so that a storm is read in fewer, fuller looks."""
NOTIFY_EVERY = 0.05
BATCH = 500
QUEUE = 1000
"""Events a client may lag behind before its stream is ended; it comes back with its cursor."""
RETRY = 1.0
LOST = (SQLAlchemyError, DatabaseUnavailable, OSError, TimeoutError)
"""What a lost database looks like; a server that shuts down may also cut the driver short."""


@dataclass(eq=False, slots=True)
class Subscription:
    """One open stream: events wait here for its client."""

    position: Cursor
    """All later events will be in the queue."""
    queue: asyncio.Queue[Item | None] = field(default_factory=lambda: asyncio.Queue(QUEUE + 1))
    """None ends the stream."""
    ended: bool = False


class Tail:
    """Reads behind the horizon, fans out. `start` before use, `stop` after."""

    def __init__(
        self,
        engine: AsyncEngine,
        registry: Callable[[], Registry],
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._engine, self._registry, self._metrics, self._now = engine, registry, metrics, now
        self._subscriptions: set[Subscription] = set()
        self._position = Cursor(0, 0)
        self._wake = asyncio.Event()
        self._told = asyncio.Event()
        self._idle = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False
        self._name = token_hex(8)

    async def start(self) -> None:
        """Take the present as the beginning, and go."""
        async with self._engine.connect() as connection:
            self._position = Cursor(await reader.horizon(connection), 0)
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._tell())]
        for task in self._tasks:
            task.add_done_callback(self._report)

    @property
    def alive(self) -> bool:
        """Whether both tasks run."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    def _report(self, task: asyncio.Task[None]) -> None:
        """A task that ends by our fault ends all streams: better than a wall that is calm and dead."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("the event stream broke", exc_info=error)
            self._metrics.tail_up.set(0)
            self.close()

    async def stop(self) -> None:
        """End every stream and both tasks."""
        self.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def close(self) -> None:
        """End every stream now, take no new one."""
        self._closed = True
        for subscription in list(self._subscriptions):
            self._end(subscription)

    def changed(self) -> None:
        """Something was committed here: look at once, and tell the other processes."""
        self._idle.clear()
        self._wake.set()
        self._told.set()

    async def caught_up(self, within: float) -> None:
        """Wait until every stream was handed all that was committed, at most `within` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._idle.wait()

    def subscribe(self) -> Subscription:
        """A new stream that hears of everything after its `position`."""
        subscription = Subscription(self._position)
        if self._closed:
            self._end(subscription)
        else:
            self._subscriptions.add(subscription)
            self._metrics.clients.set(len(self._subscriptions))
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """The client is gone."""
        self._subscriptions.discard(subscription)
        self._metrics.clients.set(len(self._subscriptions))

    def _end(self, subscription: Subscription) -> None:
        self.leave(subscription)
        if not subscription.ended:
            subscription.ended = True
            while subscription.queue.full():
                subscription.queue.get_nowait()
            subscription.queue.put_nowait(None)

    async def _follow(self) -> None:
        down = False
        while True:
            try:
                async with self._engine.connect() as connection:
                    await connection.execution_options(isolation_level="AUTOCOMMIT")
                    await self._listen(connection)
                    if down:
                        log.info("the event stream reads again")
                        down = False
                    self._metrics.tail_up.set(1)
                    while True:
                        await self._look(connection)
            except LOST as error:
                self._metrics.tail_up.set(0)
                if not down:
                    log.error("the event stream cannot read: %s; trying again", type(error).__name__)
                    down = True
                await asyncio.sleep(RETRY)

    async def _listen(self, connection: AsyncConnection) -> None:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None

        def heard(_: object, __: int, ___: str, teller: str) -> None:
            if teller != self._name:  # of what was committed here `changed` told at once
                self._wake.set()

        await driver.add_listener(CHANNEL, heard)

    async def _look(self, connection: AsyncConnection) -> None:
        self._wake.clear()
        below, hidden = await reader.state(connection)
        rows = await reader.read(connection, self._position, below, BATCH)
        if rows and self._subscriptions:
            for item in await render(connection, rows, self._registry(), self._now()):
                self._hand_out(item)
        full = len(rows) == BATCH
        self._position = rows[-1].cursor if full else max(self._position, Cursor(below, 0))
        if full:
            return
        self._metrics.horizon_age.set(hidden)
        if not hidden and not self._wake.is_set():
            self._idle.set()
        # not wait_for: before Python 3.12 it loses a cancellation that comes together with the event
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_HIDDEN if hidden else POLL_IDLE):
                await self._wake.wait()
                await asyncio.sleep(SETTLE)

    def _hand_out(self, item: Item) -> None:
        for subscription in list(self._subscriptions):
            if subscription.queue.qsize() >= QUEUE:
                self._metrics.dropped.inc()
                self._end(subscription)
            else:
                subscription.queue.put_nowait(item)

    async def _tell(self) -> None:
        statement = text("SELECT pg_notify(:channel, :teller)")
        while True:
            await self._told.wait()
            self._told.clear()
            try:
                async with self._engine.connect() as connection:
                    await connection.execution_options(isolation_level="AUTOCOMMIT")
                    await connection.execute(statement, {"channel": CHANNEL, "teller": self._name})
            except LOST:
                log.debug("no notification sent; the others poll")
            await asyncio.sleep(NOTIFY_EVERY)
