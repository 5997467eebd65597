"""Which deadlines an incident has, kept in step with its log: its clocks', its level's, its playbook's.

Nobody has to tell: an incident whose version is not the one that was planned for (a partial index) is
planned anew, by whichever process comes first. So no way of changing an incident can forget its clocks.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.database.schema import deadline, deadline_policy, incident, incident_event
from cloud.deadlines import store
from cloud.deadlines.plans import KINDS, Facts, Planner
from cloud.deadlines.steps import Line
from cloud.incidents.transitions import OPEN, State

BATCH = 50
BEHIND = (
    select(incident.c.id, incident.c.place, incident.c.event_class)
    .where(incident.c.planned_version.is_distinct_from(incident.c.version))
    .order_by(incident.c.id)
)
"""The order keeps to the partial index: without it PostgreSQL takes nearly all cases to be behind, and reads
every one (430 ms of a million, each time that anything changes)."""
BUSY = 0.05
"""Seconds until incidents that somebody worked on are asked for again."""


async def plan(engine: AsyncEngine, planners: Sequence[Planner], limit: int = BATCH) -> tuple[int, bool]:
    """Plan incidents whose version changed, at most `limit`; how many were, and whether more may wait."""
    async with engine.begin() as connection:
        candidates = (await connection.execute(BEHIND.limit(limit))).all()
        if not candidates:
            return 0, False
        free = await store.free_places(connection, {(row.place, row.event_class) for row in candidates})
        mine = [row.id for row in candidates if (row.place, row.event_class) in free]
        if mine:
            await _write(connection, planners, mine)
    return len(mine), len(candidates) == limit and bool(mine)


async def _write(connection: AsyncConnection, planners: Sequence[Planner], ids: list[UUID]) -> None:
    logs = await logs_of(connection, ids)
    # Read again now that their places are locked.
    case = incident.c
    columns = (case.id, case.event_class, case.source, case.point, case.level, case.opened_at)
    rows = (await connection.execute(select(*columns).where(case.id.in_(ids)))).all()
    cases = [
        Facts(row.id, row.event_class, row.source, row.point, row.level, row.opened_at, logs[row.id])
        for row in rows
    ]
    found = [one for planner in planners for one in await planner.plan(connection, cases)]
    stands = {(one.deadline.key, one.deadline.due) for one in found}
    there = [one for one in await store.waiting(connection, ids) if one.kind in KINDS]
    await store.cancel(connection, [one.key for one in there if (one.key, one.due) not in stands])
    await store.put(connection, [one.deadline for one in found if one.running])
    statement = update(incident).where(incident.c.id.in_(ids))
    await connection.execute(statement.values(planned_version=incident.c.version))


async def logs_of(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, list[Line]]:
    """The logs of these incidents, oldest line first."""
    lines: dict[UUID, list[Line]] = defaultdict(list)
    column = incident_event.c
    columns = (
        column.incident_id,
        column.at,
        column.from_state,
        column.to_state,
        column.action,
        column.detail,
    )
    statement = select(*columns).where(column.incident_id.in_(ids))
    for row in await connection.execute(statement.order_by(column.incident_id, column.version)):
        lines[row.incident_id].append(_line(row))
    return lines


async def take_over(engine: AsyncEngine, planners: Sequence[Planner]) -> bool:
    """Have every open incident planned anew when the rules are others than those it was planned by.

    Without planners nothing that was planned waits any more.
    """
    text = "\n".join(planner.by for planner in planners)
    digest = hashlib.sha256(text.encode()).hexdigest()
    async with engine.begin() as connection:
        if await connection.scalar(select(deadline_policy.c.digest)) == digest:
            return False
        if not planners:
            await connection.execute(delete(deadline).where(deadline.c.kind.in_(KINDS)))
        still_open = incident.c.state.in_(sorted(OPEN))
        left = set((await connection.scalars(select(incident.c.id).where(still_open))).all())
    while left:
        # Only rows that nobody holds at the moment, so that nobody waits for us in a circle.
        part = sorted(left)[:1000]
        free = select(incident.c.id).where(incident.c.id.in_(part)).with_for_update(skip_locked=True)
        again = update(incident).where(incident.c.id.in_(free)).values(planned_version=None)
        async with engine.begin() as connection:
            done = (await connection.scalars(again.returning(incident.c.id))).all()
        left -= set(done)
        if len(done) < len(part):
            await asyncio.sleep(BUSY)
    statement = insert(deadline_policy).values(single=True, digest=digest)
    async with engine.begin() as connection:
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["single"], set_={"digest": digest})
        )
    return True


def _line(row: Any) -> Line:
    source = State(row.from_state) if row.from_state else None
    return Line(row.at, source, State(row.to_state), row.action, row.detail)
