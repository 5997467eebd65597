"""What a worker of this process does again and again: when it is woken, and every second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from cloud.stream.tail import LOST

log = logging.getLogger(__name__)
POLL = 1.0
"""Seconds between two rounds, should nothing wake it."""
RETRY = 1.0


class Rounds:
    """One task; while the database is away it tries again."""

    def __init__(self, what: str, once: Callable[[], Awaitable[None]]) -> None:
        """`what` is done, in the plural, for the log: "webhooks"; `once` is one round."""
        self._what, self._once = what, once
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Go round until stopped."""
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._report)

    def wake(self) -> None:
        """There is something to do: do not wait for the next second."""
        self._wake.set()

    async def stop(self) -> None:
        """End, also within a round."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        down = False
        while True:
            self._wake.clear()
            try:
                await self._once()
                if down:
                    log.info("%s go on", self._what)
                    down = False
            except LOST as error:
                if not down:
                    log.error("%s stand still: %s; trying again", self._what, type(error).__name__)
                    down = True
                await asyncio.sleep(RETRY)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._wake.wait()

    def _report(self, task: asyncio.Task[None]) -> None:
        """A task that ends by our fault says so: nothing would happen any more, and nobody know."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("%s stand still in this process", self._what, exc_info=error)
