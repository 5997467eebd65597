"""The versions of the area tree: which was in force when, each kept whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, Field
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.succession import Change, succession
from cloud.database.schema import area_then, area_version
from cloud.incidents.store import Actor
from devices.site.model import Area
from devices.site.planar import contains

_TICK = timedelta(microseconds=1)


class Version(BaseModel):
    """One version of the tree."""

    version: int
    valid_from: datetime
    valid_to: datetime | None = Field(description="When the next one took over; null: in force.")
    site_version: int = Field(description="The version of the site that brought it.")
    actor_kind: str
    actor_name: str
    changes: list[Change] = Field(description="Against the version before; empty for the first.")


@dataclass(frozen=True, slots=True)
class Tree:
    """The areas of one version, in the file's order."""

    version: Version
    areas: tuple[Area, ...]

    def grid_at(self, lon: float, lat: float) -> Area | None:
        """The grid that held a position (WGS-84, degrees)."""
        spot = (lon, lat)
        return next((one for one in self.areas if one.level == "grid" and contains(one.rings, spot)), None)


async def keep(
    connection: AsyncConnection, areas: Sequence[Area], site_version: int, who: Actor, now: datetime
) -> int | None:
    """These areas hold from `now` on; their version, or None when they are those that hold already.

    The caller holds the lock of the site (`cloud.areas.importer.lock`).
    """
    last = await tree_at(connection)
    if list(areas) == list(last.areas if last else ()):
        return None
    begins = now if last is None else max(now, last.version.valid_from + _TICK)
    number = 1 if last is None else last.version.version + 1
    changes = succession(last.areas, areas) if last else []
    if last is not None:
        ended = update(area_version).where(area_version.c.version == last.version.version)
        await connection.execute(ended.values(valid_to=begins))
    await connection.execute(
        insert(area_version),
        {
            "version": number, "valid_from": begins, "valid_to": None, "site_version": site_version,
            "actor_kind": who.kind, "actor_name": who.name,
            "changes": [change.model_dump() for change in changes],
        },
    )  # fmt: skip
    if areas:
        rows = [
            area.model_dump(mode="json") | {"version": number, "position": at}
            for at, area in enumerate(areas)
        ]
        await connection.execute(insert(area_then), rows)
    return number


async def history(connection: AsyncConnection, limit: int) -> list[Version]:
    """Newest first."""
    statement = select(area_version).order_by(area_version.c.version.desc()).limit(limit)
    return [Version.model_validate(dict(row)) for row in (await connection.execute(statement)).mappings()]


async def number_in_force(connection: AsyncConnection) -> int | None:
    """The version that holds now; None before there was one."""
    return await connection.scalar(select(area_version.c.version).where(area_version.c.valid_to.is_(None)))


async def tree_at(connection: AsyncConnection, at: datetime | None = None) -> Tree | None:
    """The tree that held at a time (`valid_from <= at < valid_to`), or holds now; None before the first."""
    columns = area_version.c
    statement = select(area_version)
    if at is None:
        statement = statement.where(columns.valid_to.is_(None))
    else:
        later = columns.valid_to.is_(None) | (columns.valid_to > at)
        statement = statement.where(columns.valid_from <= at, later)
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        return None
    version = Version.model_validate(dict(row))
    parts = select(area_then).where(area_then.c.version == version.version).order_by(area_then.c.position)
    found = (await connection.execute(parts)).mappings()
    areas = tuple(Area(**{name: part[name] for name in Area.model_fields}) for part in found)
    return Tree(version, areas)
