"""Opens a case without a condition: somebody reported it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.versions import tree_at
from cloud.database.schema import incident, incident_number, site
from cloud.incidents import store
from cloud.incidents.numbers import incident_number as number_of
from cloud.incidents.seen import Line
from cloud.incidents.store import Actor
from cloud.incidents.transitions import State
from cloud.stream.outbox import emit
from devices.ids import uuid7

Source = Literal["edge", "worker", "citizen", "hotline", "manual", "open311"]
Level = Literal["grid", "community", "street"]


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reported. Who they are and how they are reached is kept elsewhere: logs are for ever."""

    source: Source
    event_class: str
    severity: int
    """Rank: 0 is the worst."""
    description: str | None = None
    lon: float | None = None
    lat: float | None = None
    """WGS-84, degrees."""
    point: str | None = None
    grid: str | None = None
    """None: the grid that holds the position, as the areas are now."""
    level: Level = "grid"
    """Which level must finish it."""
    reported_class: str | None = None
    """The class in the reporter's own words or code."""
    opened_at: datetime | None = None
    """When it was found; None: now. Never later than now."""
    number: str | None = None
    """A reference of the source's own, for the log."""


async def open_report(connection: AsyncConnection, report: Report, actor: Actor, now: datetime) -> UUID:
    """Open a case, in the caller's transaction; its id.

    Its place is its own, so no camera's case stands in its way: that two tell of one thing is a person's
    decision (merge, duplicate).
    """
    incident_id = uuid7()
    tree = await tree_at(connection)
    grid = report.grid
    if grid is None and tree is not None and report.lon is not None and report.lat is not None:
        found = tree.grid_at(report.lon, report.lat)
        grid = found.id if found else None
    areas = {area.id: area for area in tree.areas} if tree else {}
    zone = ZoneInfo(await connection.scalar(select(site.c.timezone)) or "UTC")
    running: int = await connection.scalar(select(incident_number.next_value())) or 0
    await connection.execute(
        insert(incident),
        {
            "id": incident_id,
            "number": number_of(now.astimezone(zone).date(), running),
            "place": f"report:{incident_id}",
            "event_class": report.event_class,
            "state": State.DETECTED,
            "version": 1,
            "severity": report.severity,
            "point": report.point,
            "grid": grid,
            "community": areas[grid].parent if grid in areas else None,
            "area_version": tree.version.version if tree else None,
            "opened_at": min(report.opened_at or now, now),
            "updated_at": now,
            "source": report.source,
            "level": report.level,
            "description": report.description,
            "lon": report.lon,
            "lat": report.lat,
            "reported_class": report.reported_class,
        },
    )
    detail = {"source": report.source, "number": report.number, "reported_class": report.reported_class}
    line = Line(
        1, "open", None, State.DETECTED, "report",
        detail={key: value for key, value in detail.items() if value is not None},
    )  # fmt: skip
    await store.write_lines(connection, [(incident_id, line)], actor, now)
    await emit(connection, [("incident", str(incident_id))])
    return incident_id
