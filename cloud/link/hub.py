"""The links that this process holds, and how it hears that there is something to send.

LISTEN wakes it, for whichever process took the request; poll is the safety net. NOTIFY is sent after the
commit.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.link import pictures, store, verify
from cloud.link.store import CHANNEL
from cloud.stream.tail import LOST

log = logging.getLogger(__name__)

POLL = 2.0
"""Seconds between two looks of a link for commands, should nobody wake it."""
EVERY = "*"
"""Instead of a node's id: there is another site, all links and processes look."""
PROCESSES = "*processes"
"""The same: each process looks for other policies; nodes are not concerned."""
EXPIRE_EVERY = 5.0
RETRY = 1.0


class Hub:
    """Wakes links. `start` before use, `stop` after."""

    def __init__(
        self,
        engine: AsyncEngine,
        now: Callable[[], datetime],
        changed: Callable[[], None],
        site_changed: Callable[[], None],
    ) -> None:
        """`changed`: told that walls should hear of something; `site_changed`: that there is
        another site, or another policy.
        """
        self._engine, self._now, self._changed, self._site_changed = engine, now, changed, site_changed
        self._links: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._tasks: list[asyncio.Task[None]] = []
        self._also: dict[str, Callable[[str], None]] = {}

    def also(self, channel: str, heard: Callable[[str], None]) -> None:
        """Hear what is notified on another channel, too; before `start`."""
        self._also[channel] = heard

    def wake(self, node: str) -> None:
        """There is something for the links of `node` that this process holds."""
        self._wake(node)

    def start(self) -> None:
        """Begin to listen."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._expire())]

    async def stop(self) -> None:
        """End both tasks."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    @contextmanager
    def holding(self, node: str) -> Iterator[asyncio.Event]:
        """While this process holds a link of `node`: the event is set when there is something to send.

        So it is when a command is `answered`, for who names that.
        """
        woken = asyncio.Event()
        self._links[node].add(woken)
        try:
            yield woken
        finally:
            self._links[node].discard(woken)

    async def queued(self, node: str) -> None:
        """A command for `node` was committed: its link is woken, in whichever process it is."""
        self._changed()
        await self._tell(node)

    async def answered(self, command: UUID) -> None:
        """A command was answered: whoever is `holding` its id is woken, in whichever process it is."""
        self._changed()
        await self._tell(str(command))

    async def site_taken(self) -> None:
        """Another site was committed: every link of every process is woken, and each process told."""
        await self._tell(EVERY)

    async def policy_taken(self) -> None:
        """Another policy was committed: each process is told."""
        await self._tell(PROCESSES)

    async def _tell(self, whom: str) -> None:
        self._wake(whom)
        try:
            async with self._engine.begin() as connection:
                await store.tell(connection, whom)
        except LOST:
            log.debug("no notification sent; the others poll")

    def _wake(self, whom: str) -> None:
        if whom in (EVERY, PROCESSES):
            self._site_changed()
        for node, links in self._links.items():
            if whom in (node, EVERY):
                for woken in links:
                    woken.set()

    async def _listen(self) -> None:
        while True:
            with suppress(*LOST):
                async with self._engine.connect() as connection:
                    await connection.execution_options(isolation_level="AUTOCOMMIT")
                    await self._attend(connection)
            await asyncio.sleep(RETRY)

    async def _attend(self, connection: AsyncConnection) -> None:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        ended = asyncio.Event()
        driver.add_termination_listener(lambda *_: ended.set())

        channels = {CHANNEL: self._wake, **self._also}

        def heard(_: object, __: int, channel: str, text: str) -> None:
            channels[channel](text)

        for channel in channels:
            await driver.add_listener(channel, heard)
        try:
            await ended.wait()
        finally:
            if not driver.is_closed():
                for channel in channels:
                    await driver.remove_listener(channel, heard)

    async def _expire(self) -> None:
        while True:
            with suppress(*LOST):
                async with self._engine.begin() as connection:
                    gone = await store.expire(connection, self._now())
                    await verify.answered(connection, gone, self._now())
                    await pictures.expire(connection, self._now())
                if gone:
                    self._changed()
            await asyncio.sleep(EXPIRE_EVERY)
