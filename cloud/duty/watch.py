"""What falls due by the rosters: a shift whose seats nobody takes, a grid with nobody on duty.

Both are rows of `deadline`, kept in step with the rosters by `keep`, in every process; they fire once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas.current import Current
from cloud.areas.registry import named
from cloud.database.schema import deadline
from cloud.deadlines import store
from cloud.deadlines.firing import Effect
from cloud.deadlines.store import Deadline
from cloud.duty.gaps import plan, uncovered
from cloud.duty.kinds import ROSTERS
from cloud.duty.model import Rosters
from cloud.duty.shifts import DAY
from cloud.duty.tables import seat
from cloud.policies.tables import policy
from cloud.push.service import Notice, notify
from cloud.stream.tail import LOST
from devices.messages import Severity
from devices.site.model import Names

log = logging.getLogger(__name__)

EMPTY, UNCOVERED = "seats_empty", "grid_uncovered"
"""Kinds of deadlines, and of notices."""
GRACE = timedelta(minutes=15)
"""From the beginning of a shift until a seat has to be taken."""
AHEAD = timedelta(hours=24)
EVERY = 30.0
"""Seconds between two looks at the rosters; it is also how soon another version of them counts."""


def wanted(rosters: Rosters, now: datetime, since: datetime | None = None) -> list[Deadline]:
    """What is due by `AHEAD` from now, and what is going on. Pure.

    Shifts that had begun before there were rosters at all (`since`) are not asked for their seats. A grid
    without anybody for days is told of anew each day.
    """
    zone = ZoneInfo(rosters.timezone)
    today = now.astimezone(zone).date()
    laid = plan(rosters, [today - DAY, today, today + DAY], zone)
    seated = {one.id for one in rosters.rosters if one.seats}
    found = []
    for turn in (turn for those in laid.turns.values() for turn in those):
        due = turn.begin + GRACE
        if since is not None and turn.begin < since:
            continue
        if turn.roster in seated and turn.end > now and due <= now + AHEAD:
            detail = {"roster": turn.roster, "begin": turn.begin.isoformat(), "people": list(turn.people)}
            found.append(Deadline(f"{EMPTY}/{turn.key}", EMPTY, due, detail=detail))
    for grid, post in rosters.grids.items():
        for hole in uncovered(laid, (post.primary, *post.backups), rosters.grid_hours):
            if hole.end > now and hole.begin <= now + AHEAD:
                key = f"{UNCOVERED}/{grid}/{hole.begin:%Y-%m-%dT%H:%M}"
                whose = {"grid": grid, "leader": post.leader, "until": hole.end.isoformat()}
                found.append(Deadline(key, UNCOVERED, hole.begin, detail=whose))
    return found


async def plan_rows(connection: AsyncConnection, rosters: Rosters | None, now: datetime) -> None:
    """Let exactly these wait; what fired does not come back."""
    since = await connection.scalar(select(func.min(policy.c.at)).where(policy.c.kind == ROSTERS.name))
    rows = wanted(rosters, now, since) if rosters else []
    stale = deadline.c.kind.in_((EMPTY, UNCOVERED)) & deadline.c.key.not_in([one.key for one in rows])
    # A row that is firing at this moment is another transaction's.
    free = select(deadline.c.key).where(stale).with_for_update(skip_locked=True)
    await connection.execute(delete(deadline).where(deadline.c.key.in_(free)))
    await store.put(connection, rows)


async def keep(engine: AsyncEngine, current: Current, now: Callable[[], datetime]) -> None:
    """Keep the rows in step with the rosters in force, until cancelled."""
    while True:
        try:
            async with engine.begin() as connection:
                await plan_rows(connection, current.policies.of(ROSTERS), now())
        except LOST as error:
            log.debug("rosters were not planned: %s; next time", type(error).__name__)
        await asyncio.sleep(EVERY)


def effects(current: Current) -> Mapping[str, Effect]:
    """What each kind does when it falls due."""

    async def empty(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        people, begin = one.detail["people"], datetime.fromisoformat(one.detail["begin"])
        sitting = select(seat.c.username, seat.c.since).where(seat.c.roster == one.detail["roster"])
        for row in await connection.execute(sitting):
            if row.username in people or row.since >= begin:
                return
        rosters, roster = current.policies.of(ROSTERS), one.detail["roster"]
        known = (each.name for each in rosters.rosters if each.id == roster) if rosters else iter(())
        name = next(known, named(roster))
        words = Names(
            zh=f"{name.zh}:本班无人到岗接班", en=f"{name.en}: nobody of this shift has taken a seat"
        )
        told = (*(f"person:{each}" for each in people[:1]), "role:leader")
        await notify(connection, Notice(EMPTY, None, told, words, Severity.HIGH), now)

    async def bare(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        grid = current.registry.areas.get(one.detail["grid"])
        name = grid.name if grid else named(one.detail["grid"])
        words = Names(zh=f"{name.zh}无人值守", en=f"nobody is on duty in {name.en}")
        leader = one.detail["leader"]
        told = (*((f"person:{leader}",) if leader else ()), "role:leader")
        await notify(connection, Notice(UNCOVERED, None, told, words, Severity.HIGH), now)

    return {EMPTY: empty, UNCOVERED: bare}
