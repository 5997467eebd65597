"""The task that plans and fires, one a process; any number of processes may do it together.

LISTEN wakes it when something changed, the next due time when something is due; poll is the safety net.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.deadlines import planner, store
from cloud.deadlines.firing import Effect, fire
from cloud.deadlines.plans import Planner
from cloud.stream.outbox import CHANNEL
from cloud.stream.tail import LOST

log = logging.getLogger(__name__)

POLL = 2.0
"""Seconds between two looks, should nothing wake it."""
SETTLE = 0.05
"""Seconds waited after a wake: what is committed within them is planned together."""
RETRY = 1.0


class Worker:
    """`start` gives the task."""

    def __init__(
        self,
        engine: AsyncEngine,
        planners: Callable[[], tuple[Planner, ...]],
        effects: Mapping[str, Effect],
        now: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        """`planners`: those in force; `changed` wakes the walls."""
        self._engine, self._planners, self._effects, self._now = engine, planners, effects, now
        self._changed = changed
        self._wake = asyncio.Event()
        self._taken_over: tuple[Planner, ...] | None = None

    def start(self) -> asyncio.Task[None]:
        """Plan and fire until the task is cancelled."""
        task = asyncio.create_task(self._run())
        task.add_done_callback(_report)
        return task

    async def _run(self) -> None:
        down = False
        while True:
            try:
                async with self._engine.connect() as listening:
                    await self._listen(listening)
                    if down:
                        log.info("deadlines are watched again")
                        down = False
                    while True:
                        self._wake.clear()
                        await self.once()
                        await self._rest(await store.next_look(listening))
            except LOST as error:
                if not down:
                    log.error("deadlines cannot be watched: %s; trying again", type(error).__name__)
                    down = True
                await asyncio.sleep(RETRY)

    async def once(self) -> None:
        """Plan what changed, fire what is due, in turns: much to plan holds up nothing that is due."""
        planners = self._planners()
        if self._taken_over != planners:
            if await planner.take_over(self._engine, planners):
                log.info("every open incident gets its deadlines by the rules now in force")
            self._taken_over = planners
        more = True
        while more:
            _, unplanned = await planner.plan(self._engine, planners) if planners else (0, False)
            fired, due = await fire(self._engine, self._now(), self._effects)
            if fired:
                self._changed()
            more = unplanned or due

    async def _listen(self, connection: AsyncConnection) -> None:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        await driver.add_listener(CHANNEL, lambda *_: self._wake.set())

    async def _rest(self, due: datetime | None) -> None:
        left = POLL if due is None else (due - self._now()).total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(max(left, 0.05), POLL)):
                await self._wake.wait()
                await asyncio.sleep(SETTLE)


def _report(task: asyncio.Task[None]) -> None:
    """A task that ends by our fault says so: deadlines that stand still look like nothing is due."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("deadlines stand still in this process", exc_info=error)
