"""The registry and the policies that a process goes by: read anew when one of them is another one."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas import group_store
from cloud.areas.registry import Registry, load_registry
from cloud.database import schema
from cloud.people.wall import unwalled
from cloud.policies import store
from cloud.policies.kind import Policies
from cloud.stream.tail import LOST

log = logging.getLogger(__name__)

POLL = 5.0
"""Seconds between two looks, should nobody say that there is something new."""
_ONE_VIEW = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
"""All tables as of one moment: a site that is being taken over is read whole, or not yet."""
Stamp = tuple[int, str, datetime, datetime | None]
"""Version, digest, and when it was taken over; when a market was."""
_UNREAD: Any = object()


class Current:
    """`load` before use; `follow` is a task."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._stamp: Stamp | None = _UNREAD
        self._woken = asyncio.Event()
        self.registry = Registry()
        """As of the last look."""
        self.policies = Policies()
        """The same."""

    async def load(self) -> bool:
        """Read what is another one than at the last look; whether something was."""
        # Also when a person's request asks for it, all is read, and the transaction must not have begun.
        with unwalled():
            return await self._load()

    async def _load(self) -> bool:
        async with self._engine.begin() as connection:
            await connection.execute(_ONE_VIEW)
            stamp, numbers = await _stamp(connection), await store.numbers(connection)
            site, policies = stamp != self._stamp, numbers != self.policies.versions
            if site:
                self.registry, self._stamp = await load_registry(connection), stamp
            if policies:
                self.policies = await store.load(connection, self.policies)
        return site or policies

    def wake(self) -> None:
        """Somebody says that the site or a policy is another one."""
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
                    site, policies = self._stamp[0] if self._stamp else 0, self.policies.versions
                    log.info("goes by version %d of the site, and of its policies %s", site, dict(policies))
            except LOST as error:
                log.debug("could not look for another site or policy: %s; next time", type(error).__name__)


async def _stamp(connection: AsyncConnection) -> Stamp | None:
    site = schema.site.c
    row = (await connection.execute(select(site.version, site.digest, site.imported_at))).one_or_none()
    markets = await group_store.changed_at(connection)
    return None if row is None else (row.version, row.digest, row.imported_at, markets)
