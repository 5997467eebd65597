"""Which grid each asset lies in, by the polygons of the version of the areas that is in force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.assets import changes
from cloud.assets.tables import asset
from cloud.incidents.store import Actor
from devices.site.model import Area
from devices.site.planar import contains

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Layer:
    """The grids of one version of the areas."""

    version: int | None = None
    grids: tuple[tuple[Box, Area], ...] = field(default=())

    def grid_at(self, lon: float, lat: float) -> Area | None:
        """The grid that holds a position (WGS-84, degrees)."""
        for (west, south, east, north), grid in self.grids:
            if west <= lon <= east and south <= lat <= north and contains(grid.rings, (lon, lat)):
                return grid
        return None


def layer_of(version: int | None, areas: Iterable[Area]) -> Layer:
    """The grids among `areas`, each with the box around it: most are told apart by that alone."""
    return Layer(version, tuple((_box(one), one) for one in areas if one.level == "grid"))


def _box(area: Area) -> Box:
    lons, lats = ([corner[at] for ring in area.rings for corner in ring] for at in (0, 1))
    return min(lons), min(lats), max(lons), max(lats)


async def relay(connection: AsyncConnection, layer: Layer, who: Actor, now: datetime) -> int:
    """Lay every asset into the grids of a new version; how many lie in another one than before."""
    await changes.lock(connection)
    moved = []
    for row in await connection.execute(select(asset)):
        grid = layer.grid_at(row.lon, row.lat)
        there = (grid.id, grid.parent) if grid else (None, None)
        if there != (row.grid, row.community):
            moved.append((row, {"grid": there[0], "community": there[1]}))
    await connection.execute(update(asset).values(area_version=layer.version))
    for row, values in moved:
        await changes.change(connection, row, "moved", values, who, now)
    return len(moved)
