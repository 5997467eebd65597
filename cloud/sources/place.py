"""Where a report is: a point, a position or an area, resolved by the areas that are in force. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cloud.areas.registry import Registry
from devices.site.model import Area
from devices.site.planar import contains

EARTH = 6_371_008.8
"""Mean radius in metres (IUGG)."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place, as far as it is known. Positions are WGS-84 degrees."""

    point: str | None = None
    grid: str | None = None
    community: str | None = None
    lon: float | None = None
    lat: float | None = None


class UnknownPlace(ValueError):
    """The site has no such place; `field` is what named it."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(what)
        self.field = field
        self.what = what


def at_point(registry: Registry, point: str) -> Where:
    """A monitored point.

    Raises:
        UnknownPlace: the site has no such point.
    """
    known = registry.points.get(point)
    if known is None or ("point", point) not in registry.active:
        raise UnknownPlace("point", f"{point!r} is no point of this site; name one, or give lon and lat")
    grid = registry.grid_of(point)
    return Where(known.id, known.grid, grid.parent if grid else None, known.lon, known.lat)


def at_position(registry: Registry, lon: float, lat: float) -> Where:
    """A position, with the grid whose polygon holds it.

    Raises:
        UnknownPlace: it lies in no grid.
    """
    for area in registry.areas.values():
        if area.level == "grid" and _is_active(registry, area) and contains(area.rings, (lon, lat)):
            return Where(None, area.id, area.parent, lon, lat)
    raise UnknownPlace("lon", f"{lon}, {lat} lies in no grid of this site; write WGS-84 degrees")


def in_area(registry: Registry, text: str, level: str, community: str = "") -> Where:
    """A grid or community by id, code or name; of grids of one name that of the community called `community`.

    Raises:
        UnknownPlace: none is called so, or several are.
    """
    every = [one for one in registry.areas.values() if one.level == level and _is_active(registry, one)]
    found = [one for one in every if text in (one.id, one.code)] or [
        one for one in every if text in (one.name.zh, one.name.en)
    ]
    if len(found) > 1:
        parents = {one.id: registry.areas.get(one.parent or "") for one in found}
        found = [one for one in found if _called(parents[one.id], community)] or found
    if not found:
        raise UnknownPlace(level, f"{text!r} is no {level} of this site; write its id, code or name")
    if len(found) > 1:
        those = ", ".join(one.id for one in found)
        raise UnknownPlace(level, f"{text!r} is what {those} are called; write the id or code of one")
    area = found[0]
    return Where(grid=area.id, community=area.parent) if level == "grid" else Where(community=area.id)


def _called(area: Area | None, text: str) -> bool:
    return area is not None and text in (area.id, area.code, area.name.zh, area.name.en)


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The distance of two positions (longitude, latitude) on the sphere: the haversine formula."""
    (lon_a, lat_a), (lon_b, lat_b) = ((math.radians(x), math.radians(y)) for x, y in (a, b))
    h = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * EARTH * math.asin(min(1.0, math.sqrt(h)))


def _is_active(registry: Registry, area: Area) -> bool:
    return ("area", area.id) in registry.active
