"""The registry that a process goes by: one object, read anew when the site is another one."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas import group_store
from cloud.areas.registry import Registry, load_registry
from cloud.database import schema
from cloud.stream.tail import LOST

log = logging.getLogger(__name__)

POLL = 5.0
"""Seconds between two looks, should nobody say that the site is another one."""
_ONE_VIEW = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
"""All tables as of one moment: a site that is being taken over is read whole, or not yet."""
Stamp = tuple[int, str, datetime, datetime | None]
"""Version, digest, and when it was taken over; when a market was."""


class Current:
    """`load` before use; `follow` is a task."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._stamp: Stamp | None = None
        self._woken = asyncio.Event()
        self.registry = Registry()
        """As of the last look."""

    async def load(self) -> bool:
        """Read the registry, unless the site is the one that it was read for; whether it was."""
        async with self._engine.begin() as connection:
            await connection.execute(_ONE_VIEW)
            stamp = await _stamp(connection)
            if self._stamp is not None and stamp == self._stamp:
                return False
            self.registry, self._stamp = await load_registry(connection), stamp
        return True

    def wake(self) -> None:
        """Somebody says that the site is another one."""
        self._woken.set()

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._woken.wait()
            self._woken.clear()
            try:
                if await self.load():
                    log.info("goes by version %d of the site", self._stamp[0] if self._stamp else 0)
            except LOST as error:
                log.debug("could not look at the site: %s; next time", type(error).__name__)


async def _stamp(connection: AsyncConnection) -> Stamp | None:
    site = schema.site.c
    row = (await connection.execute(select(site.version, site.digest, site.imported_at))).one_or_none()
    markets = await group_store.changed_at(connection)
    return None if row is None else (row.version, row.digest, row.imported_at, markets)
