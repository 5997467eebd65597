"""Inspections planned ahead as rows, each with a deadline; what falls due undone is missed, and told.

Each process keeps the rows in step with the policy (`keep`). What was not planned in time, because nothing
ran, is planned afterwards and is missed at once: no occurrence is left out in silence.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas.current import Current
from cloud.areas.registry import Registry
from cloud.assets.tables import asset
from cloud.deadlines import store
from cloud.deadlines.firing import Effect
from cloud.deadlines.limits import DEADLINES
from cloud.deadlines.store import Deadline
from cloud.duty.kinds import ROSTERS
from cloud.duty.on_duty import on_duty
from cloud.inspections.policy import INSPECTIONS, Inspection, Inspections
from cloud.inspections.recurring import days, window
from cloud.inspections.tables import inspection, inspection_plan
from cloud.push.service import Notice, notify
from cloud.stream.tail import LOST
from devices.ids import uuid7
from devices.site.holidays import Calendar
from devices.site.hours import hours
from devices.site.model import Names

log = logging.getLogger(__name__)

MISSED = "inspection"
"""Kind of the deadline of an inspection, and of its notice."""
AHEAD = timedelta(days=14)
EVERY = 60.0
"""Seconds between two looks at the policy."""
BACK = timedelta(days=92)
"""Further back nothing is planned afterwards."""
MAY_CHANGE = ("body", "begins_at", "due_at", "grid", "community", "point", "lon", "lat")
"""Of what is planned, with the policy, the areas and the asset."""
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('inspections', 0))")


@dataclass(frozen=True, slots=True)
class Target:
    """What is inspected, and where it lies."""

    id: str
    grid: str | None = None
    community: str | None = None
    point: str | None = None
    lon: float | None = None
    lat: float | None = None


async def plan(
    connection: AsyncConnection, policy: Inspections, registry: Registry, works: Calendar, now: datetime
) -> int:
    """Have a row for each that falls by `AHEAD` from now; how many are new.

    Of what another policy planned, what has not begun goes. Nothing while another process does it.
    """
    if not await connection.scalar(_ALONE):
        return 0
    today = now.astimezone(registry.timezone).date()
    last, made = today + AHEAD, 0
    through = {row.task: row.through for row in await connection.execute(select(inspection_plan))}
    wanted: set[tuple[str, str, date]] = set()
    for one in policy.inspections:
        first = min(
            today, max(through.get(one.id, today - timedelta(days=1)) + timedelta(days=1), today - BACK)
        )
        targets = [target async for target in _targets(connection, one, registry)]
        rows = list(_rows(one, targets, first, last, registry, works))
        wanted |= {(row["task"], row["target"], row["day"]) for row in rows}
        made += await _put(connection, one.id, first, rows)
        mark = {"task": one.id, "through": last}
        await connection.execute(
            insert(inspection_plan).values(mark).on_conflict_do_update(index_elements=["task"], set_=mark)
        )
    ids = [one.id for one in policy.inspections]
    await connection.execute(delete(inspection_plan).where(inspection_plan.c.task.not_in(ids)))
    await _drop(connection, wanted, now)
    return made


def _rows(
    one: Inspection, targets: Sequence[Target], first: date, last: date, registry: Registry, works: Calendar
) -> Iterator[dict[str, Any]]:
    body, times = one.model_dump(mode="json"), hours(one.hours)
    for day in days(one.every, first, last, works.works):
        when = window(times, day, registry.timezone)
        for target in targets:
            yield {
                "id": uuid7(), "task": one.id, "target": target.id, "day": day, "body": body,
                "begins_at": when.begin, "due_at": when.end, "grid": target.grid,
                "community": target.community, "point": target.point, "lon": target.lon, "lat": target.lat,
                "state": "planned", "version": 1, "faulty": False,
            }  # fmt: skip


async def _targets(connection: AsyncConnection, one: Inspection, registry: Registry) -> AsyncIterator[Target]:
    for grid in one.grids:
        if (area := registry.areas.get(grid)) is not None:
            yield Target(f"grid:{grid}", grid, area.parent)
    for key in one.points:
        if (point := registry.points.get(key)) is not None:
            area = registry.grid_of(key)
            yield Target(f"point:{key}", point.grid, area.parent if area else None, key, point.lon, point.lat)
    those = select(asset).where(asset.c.asset_class.in_(one.asset_classes), asset.c.state != "removed")
    for row in await connection.execute(those):
        yield Target(f"asset:{row.code}", row.grid, row.community, row.point, row.lon, row.lat)


async def _put(connection: AsyncConnection, task: str, first: date, rows: Sequence[Mapping[str, Any]]) -> int:
    """New ones are planned; those that are planned and have another time or checklist now take it."""
    mine = (inspection.c.task == task) & (inspection.c.day >= first)
    there = {(row.target, row.day): row for row in await connection.execute(select(inspection).where(mine))}
    new = [row for row in rows if (row["target"], row["day"]) not in there]
    if new:
        await connection.execute(insert(inspection), new)
    due = [_deadline(row["id"], row["due_at"]) for row in new]
    for row in rows:
        old = there.get((row["target"], row["day"]))
        values = {name: row[name] for name in MAY_CHANGE}
        if old is not None and old.state == "planned" and any(getattr(old, n) != values[n] for n in values):
            await connection.execute(update(inspection).where(inspection.c.id == old.id).values(values))
            due.append(_deadline(old.id, row["due_at"]))
    await store.put(connection, due)
    return len(new)


async def _drop(connection: AsyncConnection, wanted: set[tuple[str, str, date]], now: datetime) -> None:
    columns = (inspection.c.id, inspection.c.task, inspection.c.target, inspection.c.day)
    ahead = (inspection.c.state == "planned") & (inspection.c.begins_at > now)
    rows = (await connection.execute(select(*columns).where(ahead))).all()
    stale = [row.id for row in rows if (row.task, row.target, row.day) not in wanted]
    await connection.execute(delete(inspection).where(inspection.c.id.in_(stale)))
    await store.cancel(connection, [_key(one) for one in stale])


def _key(identifier: UUID) -> str:
    return f"inspection/{identifier}"


def _deadline(identifier: UUID, due: datetime) -> Deadline:
    return Deadline(_key(identifier), MISSED, due, detail={"inspection": str(identifier)})


async def no_longer_due(connection: AsyncConnection, identifier: UUID) -> None:
    """It was done."""
    await store.cancel(connection, [_key(identifier)])


async def keep(engine: AsyncEngine, current: Current, now: Callable[[], datetime]) -> None:
    """Keep the rows in step with the policy in force, until cancelled."""
    while True:
        deadlines = current.policies.of(DEADLINES)
        try:
            async with engine.begin() as connection:
                policy = current.policies.of(INSPECTIONS) or Inspections()
                works = deadlines.calendar if deadlines else Calendar()
                await plan(connection, policy, current.registry, works, now())
        except LOST as error:
            log.debug("inspections were not planned: %s; next time", type(error).__name__)
        await asyncio.sleep(EVERY)


def effects(current: Current) -> Mapping[str, Effect]:
    """What an inspection's deadline does when it falls due."""

    async def missed(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        mine = inspection.c.id == UUID(one.detail["inspection"])
        values = {"state": "missed", "missed_at": now, "version": inspection.c.version + 1}
        statement = update(inspection).where(mine, inspection.c.state == "planned").values(values)
        row = (await connection.execute(statement.returning(inspection))).one_or_none()
        if row is None:
            return
        name, area = Names(**row.body["name"]), current.registry.areas.get(row.grid)
        where = area.name if area else Names(zh=row.target, en=row.target)
        words = Names(
            zh=f"巡检未完成:{name.zh},{where.zh},{row.day}", en=f"Missed: {name.en}, {where.en}, {row.day}"
        )
        await notify(connection, Notice(MISSED, None, _told(current, row, now), words), now)

    return {MISSED: missed}


def _told(current: Current, row: Any, now: datetime) -> tuple[str, ...]:
    """Whoever should have done it, and who leads them; without a leader the shift leader."""
    rosters, who = current.policies.of(ROSTERS), row.body["who"]
    duty = on_duty(rosters, row.grid, now) if rosters else None
    first = [] if duty is None else [one for one in (duty.primary or duty.backup, duty.grid_leader) if one]
    people = ([who] if who != "grid" else []) + [f"person:{one}" for one in first]
    lead = duty is not None and duty.grid_leader is not None
    return tuple(dict.fromkeys([*people, *([] if lead else ["duty:shift_leader"])]))
