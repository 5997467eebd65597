"""Keeps the rows of what falls due by the calendar: reports when periods end, the check of grids' logs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas.current import Current
from cloud.deadlines import store
from cloud.reports import gridlog, reporting
from cloud.reports.policy import REPORTS
from cloud.stream.tail import LOST

log = logging.getLogger(__name__)

EVERY = 30.0
"""Seconds between two looks; it is also how soon another version of the policy counts."""


async def plan(connection: AsyncConnection, current: Current, now: datetime) -> None:
    """Let what is to come wait; what fired does not come back. Without a policy nothing is planned."""
    terms = current.policies.of(REPORTS)
    if terms is not None:
        rows = await reporting.due(connection, current, now)
        await store.put(connection, [*rows, *gridlog.due(terms, current.registry.timezone, now)])


async def keep(engine: AsyncEngine, current: Current, now: Callable[[], datetime]) -> None:
    """Until cancelled."""
    while True:
        try:
            async with engine.begin() as connection:
                await plan(connection, current, now())
        except LOST as error:
            log.debug("reports were not planned: %s; next time", type(error).__name__)
        await asyncio.sleep(EVERY)
