"""Which deadlines an incident has, kept in step with its log.

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
from cloud.deadlines.steps import Line, Rules, wanted
from cloud.deadlines.store import Deadline
from cloud.incidents.transitions import OPEN, State

BATCH = 50
BUSY = 0.05
"""Seconds until incidents that somebody worked on are asked for again."""
KINDS = ("yellow", "red", "clearing")
"""What is planned here; others' deadlines of an incident are left alone."""


async def plan(engine: AsyncEngine, rules: Rules, limit: int = BATCH) -> tuple[int, bool]:
    """Plan incidents whose version changed, at most `limit`; how many were, and whether more may wait."""
    async with engine.begin() as connection:
        behind = incident.c.planned_version.is_distinct_from(incident.c.version)
        statement = select(incident.c.id, incident.c.place, incident.c.event_class).where(behind).limit(limit)
        candidates = (await connection.execute(statement)).all()
        if not candidates:
            return 0, False
        free = await store.free_places(connection, {(row.place, row.event_class) for row in candidates})
        mine = {row.id: row.event_class for row in candidates if (row.place, row.event_class) in free}
        if mine:
            await _write(connection, rules, mine)
    return len(mine), len(candidates) == limit and bool(mine)


async def _write(connection: AsyncConnection, rules: Rules, classes: dict[UUID, str]) -> None:
    logs = await logs_of(connection, list(classes))
    found = [
        (Deadline(one.key, one.kind, one.due, incident_id, one.detail), one.running)
        for incident_id, event_class in classes.items()
        for one in wanted(rules, incident_id, event_class, logs[incident_id])
    ]
    stands = {(one.key, one.due) for one, _ in found}
    there = [one for one in await store.waiting(connection, list(classes)) if one.kind in KINDS]
    await store.cancel(connection, [one.key for one in there if (one.key, one.due) not in stands])
    await store.put(connection, [one for one, running in found if running])
    statement = update(incident).where(incident.c.id.in_(list(classes)))
    await connection.execute(statement.values(planned_version=incident.c.version))


async def logs_of(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, list[Line]]:
    """The logs of these incidents, oldest line first."""
    lines: dict[UUID, list[Line]] = defaultdict(list)
    column = incident_event.c
    statement = select(column.incident_id, column.at, column.from_state, column.to_state).where(
        column.incident_id.in_(ids)
    )
    for row in await connection.execute(statement.order_by(column.incident_id, column.version)):
        lines[row.incident_id].append(_line(row))
    return lines


async def take_over(engine: AsyncEngine, rules: Rules | None) -> bool:
    """Have every open incident planned anew when the rules are others than those it was planned by.

    Without rules nothing that was planned waits any more.
    """
    text = f"{rules.work.zone.key} {rules.policy.model_dump_json()}" if rules else ""
    digest = hashlib.sha256(text.encode()).hexdigest()
    async with engine.begin() as connection:
        if await connection.scalar(select(deadline_policy.c.digest)) == digest:
            return False
        if rules is None:
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
    return Line(row.at, State(row.from_state) if row.from_state else None, State(row.to_state))
