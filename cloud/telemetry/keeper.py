"""The way of telemetry through the cloud: out of messages into the store, which is tended now and then."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from cloud.stream.tail import LOST
from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.store import StoreAway, TelemetryStore
from cloud.telemetry.unpack import unpack
from cloud.telemetry.values import Trace, Value
from devices.messages import Telemetry

log = logging.getLogger(__name__)

FIRST_AGAIN = 5.0
"""Seconds until the store is tended again after it could not be."""
END = 10.0
"""Seconds that a turn may take to its end when the process ends."""


class Keeper:
    """See the module; one for each API process."""

    def __init__(self, store: TelemetryStore, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self.store = store
        self._catalogue = catalogue
        self._now = now
        self._away = False
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def keep(
        self, batches: Sequence[tuple[UUID, Telemetry]], clock_offset_s: float | None = None
    ) -> dict[UUID, str]:
        """Have the store keep what these messages carry; id of each that it took only in part -> why.

        What is not named is kept when this returns, and so is the sound rest of what is. How far the node's
        clock is ahead, which only the cloud can tell, is kept beside the samples that it sends of itself.

        Raises:
            StoreAway: nothing of it may be acknowledged.
        """
        values: list[Value] = []
        owners: list[UUID] = []
        faults: dict[UUID, list[str]] = {}
        counts: dict[UUID, int] = {}
        for key, batch in batches:
            counts[key] = 0
            for found in unpack(batch):
                counts[key] += 1
                if isinstance(found, str):
                    faults.setdefault(key, []).append(found)
                else:
                    values.append(found)
                    owners.append(key)
            if clock_offset_s is not None and any(one.device == batch.node for one in batch.samples):
                trace = Trace(batch.node, "", batch.node, "", "clock_offset", "s")
                values.append(Value(trace, self._now(), round(clock_offset_s, 3)))
                owners.append(key)
        refused = await self._written(values)
        for place, reason in sorted(refused.items()):
            trace = values[place].trace
            faults.setdefault(owners[place], []).append(f"{trace.device} {trace.quantity} {reason}")
        await self._catalogue.note([one for place, one in enumerate(values) if place not in refused])
        return {
            key: f"{len(told)} of {counts[key]} values cannot be kept, the rest was: {told[0]}"
            for key, told in faults.items()
        }

    async def _written(self, values: Sequence[Value]) -> dict[int, str]:
        if not values:
            return {}
        try:
            refused = dict(await self.store.write(values))
        except StoreAway as error:
            self._gone(error)
            raise
        self._back()
        return refused

    def start(self) -> None:
        """Begin to tend the store."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End between two turns, which leaves no connection half used; then let go of the store."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.gather(asyncio.wait_for(self._task, END), return_exceptions=True)
        await self.store.close()

    async def _follow(self) -> None:
        while not self._stopping.is_set():
            pause = self.store.tend_every
            try:
                await self.store.tend(self._now())
                self._back()
            except StoreAway as error:
                self._gone(error)
                pause = min(pause, FIRST_AGAIN)
            except LOST as error:
                log.warning("telemetry could not be tended: %s; next time", type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    def _gone(self, error: StoreAway) -> None:
        if not self._away:
            log.warning("telemetry waits at the nodes: %s", error)
        self._away = True

    def _back(self) -> None:
        if self._away:
            log.info("the store of telemetry answers again")
        self._away = False
