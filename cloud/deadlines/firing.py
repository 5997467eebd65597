"""Firing what is due: claimed, written down and done in one transaction, so once, whoever is killed when."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.database.schema import incident
from cloud.deadlines import store
from cloud.deadlines.plans import KINDS
from cloud.deadlines.store import Deadline
from cloud.errors import CloudError
from cloud.stream.outbox import emit

log = logging.getLogger(__name__)

BATCH = 20
LATE = timedelta(seconds=60)
"""Fired later than this after it was due, it is told."""
RETRY_AT_MOST = timedelta(minutes=10)

Effect = Callable[[AsyncConnection, Deadline, datetime], Awaitable[None]]
"""What a kind of deadline does, in the transaction in which it is written down that it fired.

It holds the lock of its incident's place, may change that incident and no other, and calls nobody outside.
"""


async def fire(
    engine: AsyncEngine, now: datetime, effects: Mapping[str, Effect], limit: int = BATCH
) -> tuple[int, bool]:
    """Fire what is due now, at most `limit`; how many fired, and whether more may be due.

    One of an incident that somebody works on at this moment is left for the next time. One whose effect
    fails is put off; the others fire.
    """
    async with engine.begin() as connection:
        claimed = await store.claim(connection, now, limit)
        free = await _free(connection, claimed)
        plain = [one for one in free if one.kind not in effects]
        fired = await _settle(connection, plain, now)
        for one in free:
            if one.kind in effects:
                fired += await _do(connection, one, effects[one.kind], now)
    _tell(fired, now)
    return len(fired), len(claimed) == limit and bool(free)


async def _free(connection: AsyncConnection, claimed: Sequence[Deadline]) -> list[Deadline]:
    """Those of no incident, or of one whose place nobody else has locked and whose log is planned for."""
    ids = {one.incident_id for one in claimed} - {None}
    if not ids:
        return list(claimed)
    statement = select(incident.c.id, incident.c.place, incident.c.event_class).where(incident.c.id.in_(ids))
    places = {row.id: (row.place, row.event_class) for row in (await connection.execute(statement)).all()}
    got = await store.free_places(connection, set(places.values()))
    held = [key for key, place in places.items() if place in got]
    # Asked only now that its log cannot grow: a step that was done in time must not fire.
    known = select(incident.c.id).where(
        incident.c.id.in_(held), incident.c.planned_version == incident.c.version
    )
    planned = set((await connection.scalars(known)).all())
    ready = {True: planned, False: {*held, *(ids - places.keys())}}
    return [one for one in claimed if one.incident_id is None or one.incident_id in ready[one.kind in KINDS]]


async def _settle(connection: AsyncConnection, those: Sequence[Deadline], now: datetime) -> list[Deadline]:
    if not those:
        return []
    first = await store.settle(connection, those, now)
    fired = [one for one in those if one.key in first]
    await emit(connection, [("incident", str(one.incident_id)) for one in fired if one.incident_id])
    return fired


async def _do(connection: AsyncConnection, one: Deadline, effect: Effect, now: datetime) -> list[Deadline]:
    try:
        async with connection.begin_nested():
            fired = await _settle(connection, [one], now)
            if fired:
                await effect(connection, one, now)
            return fired
    except (CloudError, DBAPIError) as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        log.error("deadline %s could not fire: %s; it is tried again", one.key, type(error).__name__)
        await store.postpone(connection, one.key, now, RETRY_AT_MOST)
        return []


def _tell(fired: Sequence[Deadline], now: datetime) -> None:
    late = [now - one.due for one in fired if now - one.due > LATE]
    if late:
        seconds = max(late).total_seconds()
        log.warning("%d deadlines fired late, the first %.0f s after it was due", len(late), seconds)
