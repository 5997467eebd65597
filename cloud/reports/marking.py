"""Marks kept in step with the logs: by a task in every process, and by whoever asks for figures.

A case whose version is not the one that was marked is marked anew (a partial index holds those); so no way of
changing a case can forget its figures, and `marked_version` may be set to null at any time.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas.current import Current
from cloud.database.schema import incident, incident_event
from cloud.deadlines.limits import DEADLINES
from cloud.deadlines.steps import Rules, rules_of, since_opened
from cloud.incidents.transitions import State
from cloud.people.wall import unwalled
from cloud.policies.reading import check
from cloud.policies.tables import policy
from cloud.reports.facts import Case, Entry, Mark, marks, until
from cloud.reports.tables import case_mark
from cloud.stream.tail import LOST

log = logging.getLogger(__name__)

BATCH = 200
AT_ONCE = 1000
"""Cases that a request catches up with; the rest is the task's, and the answer says how many."""
EVERY = 30.0
"""Seconds between two looks of the task."""
_BEHIND = incident.c.marked_version.is_distinct_from(incident.c.version)
NEWEST = select(incident.c.id, incident.c.version).where(_BEHIND).order_by(incident.c.id.desc()).limit(BATCH)
"""Ids rise with time. The order also keeps to the index: what else there is may be a million cases."""
_TAKE = text("""
    UPDATE incident SET marked_version = read.version
    FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS integer[])) AS read(id, version)
    WHERE incident.id = read.id AND coalesce(incident.marked_version < read.version, true)
      AND incident.id IN (SELECT id FROM incident WHERE id = ANY(:ids) FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING incident.id
""")
"""Of two processes the one that read more of the log wins. Who writes a case is never waited for."""
FIELDS = ("code", "at", "hit", "version", "value", "person", "organisation")


class Limits:
    """The limits that cases are measured by: those in force when the case was opened (the last time)."""

    def __init__(self) -> None:
        self._seen: tuple[int, ZoneInfo] | None = None
        self._since: list[datetime] = []
        self._rules: list[Rules] = []

    async def load(self, connection: AsyncConnection, zone: ZoneInfo) -> None:
        """Read the versions there are, if there are more than last time."""
        mine = policy.c.kind == DEADLINES.name
        count = await connection.scalar(select(func.count()).select_from(policy).where(mine)) or 0
        if self._seen == (count, zone):
            return
        statement = select(policy.c.at, policy.c.body).where(mine).order_by(policy.c.version)
        rows = (await connection.execute(statement)).all()
        read = [(row.at, check(DEADLINES, row.body)[0]) for row in rows]
        known = [(at, document) for at, document in read if document is not None]
        self._since = [at for at, _ in known]
        self._rules = [rules_of(document, zone) for _, document in known]
        self._seen = (count, zone)

    def of(self, case: Case) -> Rules | None:
        """Of what is older than the first limits, those; None: there never were any."""
        if not self._rules:
            return None
        opened = since_opened(case.log)[0].at
        return self._rules[max(bisect_right(self._since, opened) - 1, 0)]


class Marker:
    """One a process."""

    def __init__(self, engine: AsyncEngine, current: Current, now: Callable[[], datetime]) -> None:
        self._engine, self._current, self._now = engine, current, now
        self._limits = Limits()

    async def catch_up(self, most: int = AT_ONCE) -> int:
        """Mark cases that changed, at most so many; how many are left."""
        done = 0
        with unwalled():
            while done < most:
                async with self._engine.begin() as connection:
                    await self._limits.load(connection, self._current.registry.timezone)
                    behind = {row.id: row.version for row in await connection.execute(NEWEST)}
                    marked = await self._mark(connection, behind)
                done += marked
                if len(behind) < BATCH:
                    return len(behind) - marked
                if not marked:  # others hold them all
                    break
            async with self._engine.connect() as connection:
                return await connection.scalar(select(func.count()).select_from(incident).where(_BEHIND)) or 0

    async def straddling(
        self, connection: AsyncConnection, end: datetime, also_behind: bool = False
    ) -> dict[UUID, list[Mark]]:
        """Of cases that changed at or after `end`, and that are not marked yet: their marks as they stood."""
        await self._limits.load(connection, self._current.registry.timezone)
        changed = select(incident.c.id).where(incident.c.updated_at >= end)
        ids = set((await connection.scalars(changed)).all())
        if also_behind:
            ids |= set((await connection.scalars(select(incident.c.id).where(_BEHIND))).all())
        found: dict[UUID, list[Mark]] = {}
        for key, (case, _) in (await cases(connection, ids)).items():
            then = until(case, end)
            found[key] = marks(then, self._limits.of(then)) if then else []
        return found

    async def keep(self) -> None:
        """Until cancelled."""
        while True:
            try:
                before, left = None, await self.catch_up()
                while left and left != before:
                    before, left = left, await self.catch_up()
            except LOST as error:
                log.debug("cases were not marked: %s; next time", type(error).__name__)
            await asyncio.sleep(EVERY)

    async def _mark(self, connection: AsyncConnection, behind: dict[UUID, int]) -> int:
        """Mark those of these cases, by their versions, that nobody holds at the moment; how many."""
        if not behind:
            return 0
        found = await cases(connection, behind.keys())
        versions = behind | {key: version for key, (_, version) in found.items()}
        values = {"ids": list(versions), "versions": list(versions.values())}
        mine = (await connection.scalars(_TAKE, values)).all()
        await connection.execute(delete(case_mark).where(case_mark.c.incident_id.in_(mine)))
        rows = [row for key in mine if key in found for row in numbered(key, self._of(found[key][0]))]
        if rows:
            await connection.execute(insert(case_mark), rows)
        return len(mine)

    def _of(self, case: Case) -> list[Mark]:
        return marks(case, self._limits.of(case))


def numbered(incident_id: UUID, those: Sequence[Mark]) -> list[dict[str, Any]]:
    """Marks as rows; a case may have several of one index."""
    seen: dict[str, int] = defaultdict(int)
    rows = []
    for one in those:
        fields = {name: getattr(one, name) for name in FIELDS}
        rows.append({"incident_id": incident_id, "n": seen[one.code], **fields})
        seen[one.code] += 1
    return rows


async def cases(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, tuple[Case, int]]:
    """Cases by id with their logs, and the version that the log ends with."""
    if not ids:
        return {}
    heads = select(incident.c.id, incident.c.event_class, incident.c.source).where(incident.c.id.in_(ids))
    logs: dict[UUID, list[Entry]] = defaultdict(list)
    line = incident_event.c
    statement = select(
        line.incident_id, line.version, line.at, line.actor_kind, line.actor_name, line.action,
        line.from_state, line.to_state, line.cause, line.detail,
    ).where(line.incident_id.in_(ids))  # fmt: skip
    for row in await connection.execute(statement.order_by(line.incident_id, line.version)):
        logs[row.incident_id].append(entry(row))
    return {
        row.id: (Case(row.event_class, row.source, logs[row.id]), logs[row.id][-1].version)
        for row in await connection.execute(heads)
        if row.id in logs
    }


def entry(row: Any) -> Entry:
    """A row of `incident_event`."""
    return Entry(
        at=row.at,
        source=State(row.from_state) if row.from_state else None,
        target=State(row.to_state),
        action=row.action,
        detail=row.detail,
        version=row.version,
        cause=row.cause,
        person=row.actor_name if row.actor_kind == "user" else None,
    )


def marker_of(request: Request) -> Marker:
    """The process's own."""
    found = request.app.state.marker
    assert isinstance(found, Marker)
    return found


InMarker = Annotated[Marker, Depends(marker_of)]
