"""网格日志: what happened in a grid on a day, from its cases' logs and from notes; who wrote nothing.

The cases' part is read from their logs, which nobody can change; the notes' table takes new rows only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.current import Current
from cloud.areas.registry import Registry
from cloud.database.schema import incident, incident_event, person
from cloud.deadlines.firing import Effect
from cloud.deadlines.store import Deadline
from cloud.deadlines.worktime import midnight
from cloud.duty.kinds import ROSTERS
from cloud.people.roles import Role
from cloud.people.scope import Scope, visible
from cloud.push.service import Notice, notify
from cloud.reports.policy import REPORTS, ReportPolicy
from cloud.reports.tables import grid_note
from cloud.sources.words import without_numbers
from devices.ids import uuid7
from devices.site.model import Names

UPLOAD = "grid_upload"
"""The kind of deadline, and of notice."""
FROM_THE_GRID = ("open", "note", "visit", "claim", "start", "resolve", "self_handle")
"""Lines that say somebody was out there, when one of `OUT_THERE` wrote them."""
OUT_THERE = (Role.GRID_WORKER, Role.GRID_LEADER)
"""Who of the room opens a case, from the hotline's sheet say, was not in the grid."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a grid's log."""

    at: datetime
    action: str
    """What happened to a case; `grid_note` of a note."""
    person: str | None
    """User name; None: the system, or the public."""
    words: str | None
    incident_id: UUID | None = None
    number: str | None = None
    version: int | None = None


def day_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a day of the site begins and ends, UTC."""
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


async def read(
    connection: AsyncConnection, grid: str, scope: Scope, begins: datetime, ends: datetime
) -> list[LogLine]:
    """The lines of a grid from `begins` to before `ends`, in the order in which they were written."""
    line = incident_event.c
    columns = (
        line.at,
        line.action,
        line.actor_kind,
        line.actor_name,
        line.detail,
        incident.c.id,
        incident.c.number,
    )
    cases = (
        select(*columns, line.version)
        .join(incident, incident.c.id == line.incident_id)
        .where(incident.c.grid == grid, visible(scope), line.at >= begins, line.at < ends)
    )
    found = [
        LogLine(
            row.at, row.action, row.actor_name if row.actor_kind == "user" else None, row.detail.get("words"),
            row.id, row.number, row.version,
        )
        for row in await connection.execute(cases)
    ]  # fmt: skip
    note = grid_note.c
    notes = select(grid_note).where(note.grid == grid, note.at >= begins, note.at < ends)
    found += [LogLine(row.at, "grid_note", row.person, row.words) for row in await connection.execute(notes)]
    return sorted(found, key=lambda one: (one.at, one.number or "", one.version or 0))


async def write(connection: AsyncConnection, grid: str, person: str, words: str, at: datetime) -> str:
    """A note for a grid's log, of that moment; its words as they stand there, without anybody's numbers."""
    row = {"id": uuid7(), "grid": grid, "at": at, "person": person, "words": without_numbers(words)}
    await connection.execute(insert(grid_note), row)
    return without_numbers(words)


async def missing(
    connection: AsyncConnection, grids: Collection[str], begins: datetime, until: datetime
) -> list[str]:
    """Grids from which nobody let anything be heard from `begins` to before `until`."""
    line = incident_event.c
    ours = select(person.c.username).where(person.c.roles.overlap(sorted(OUT_THERE)))
    mine = (line.action.in_(FROM_THE_GRID), line.actor_kind == "user", line.actor_name.in_(ours))
    cases = (
        select(incident.c.grid)
        .join(incident_event, incident.c.id == line.incident_id)
        .where(line.at >= begins, line.at < until, *mine)
    )
    notes = select(grid_note.c.grid).where(grid_note.c.at >= begins, grid_note.c.at < until)
    heard = set((await connection.scalars(cases.union(notes))).all())
    return sorted(set(grids) - heard)


def upload_by(terms: ReportPolicy, day: date, zone: ZoneInfo) -> datetime:
    """When a grid's log of a day has to have an entry."""
    return datetime.combine(day, terms.upload_by, zone)


def due(terms: ReportPolicy, zone: ZoneInfo, now: datetime) -> list[Deadline]:
    """The row of today. Pure."""
    day = now.astimezone(zone).date()
    return [Deadline(f"{UPLOAD}/{day}", UPLOAD, upload_by(terms, day, zone), detail={"day": day.isoformat()})]


def grids_of(registry: Registry) -> list[str]:
    """Ids of the grids that there are now."""
    grids = (area.id for area in registry.areas.values() if area.level == "grid")
    return [one for one in grids if ("area", one) in registry.active]


def effects(current: Current) -> Mapping[str, Effect]:
    """What falls due: each leader hears which of the own grids are not heard of."""

    async def asked(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        terms, registry = current.policies.of(REPORTS) or ReportPolicy(), current.registry
        day = date.fromisoformat(one.detail["day"])
        begins, until = midnight(day, registry.timezone), upload_by(terms, day, registry.timezone)
        rosters = current.policies.of(ROSTERS)
        told: dict[str, list[str]] = {}
        for grid in await missing(connection, grids_of(registry), begins, until):
            post = rosters.grids.get(grid) if rosters else None
            whom = f"person:{post.leader}" if post and post.leader else "role:leader"
            told.setdefault(whom, []).append(grid)
        for whom, grids in told.items():
            names = [registry.areas[grid].name for grid in grids]
            words = Names(
                zh=f"今日尚无网格日志:{'、'.join(name.zh for name in names)}",
                en=f"no entry in today's log: {', '.join(name.en for name in names)}",
            )
            await notify(connection, Notice(UPLOAD, None, (whom,), words), now)

    return {UPLOAD: asked}
