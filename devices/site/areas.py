"""Do the areas form one street: a tree whose children cover their parent without gap or overlap?

Positions are laid on a plane that touches the street (equirectangular about its middle latitude, on a
sphere of the Earth's mean radius); over the few kilometres of a street that is true to one part in a
thousand, and shared boundaries stay exactly shared.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from devices.site.model import Area, Point
from devices.site.planar import Cell, Corner, contains, polygons, slabs
from devices.site.planar import area as ring_area
from devices.site.source import Finding

TOLERANCE = 1.0
"""Square metres; a gap or overlap up to this is rounding of coordinates, not a mistake. A site may say
another (`area_tolerance`)."""
EARTH_RADIUS = 6_371_008.8
"""Mean radius in metres (IUGG)."""
_TURN = 0.6180339887
"""Radians by which the plane is turned: no real boundary then runs along the cuts of `slabs`,
which would name the wrong neighbours of a gap."""
_PARENT = {"community": "street", "grid": "community"}

Metric = tuple[tuple[Corner, ...], ...]


@dataclass(slots=True)
class _Patch:
    """A connected region where something is wrong."""

    area: float = 0.0
    middle: Corner = (0.0, 0.0)
    biggest: float = 0.0
    sides: dict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))

    def add(self, cell: Cell) -> None:
        self.area += cell.area
        self.sides[cell.below, cell.above] += cell.right - cell.left
        if cell.area > self.biggest:
            self.biggest, self.middle = cell.area, cell.middle

    def join(self, other: _Patch) -> None:
        self.area += other.area
        for pair, length in other.sides.items():
            self.sides[pair] += length
        if other.biggest > self.biggest:
            self.biggest, self.middle = other.biggest, other.middle


@dataclass(frozen=True, slots=True)
class Plane:
    """The turned plane in metres about one position."""

    lon: float
    lat: float

    def of(self, position: Corner) -> Corner:
        """A position (degrees) on the plane (metres)."""
        x = math.radians(position[0] - self.lon) * EARTH_RADIUS * math.cos(math.radians(self.lat))
        y = math.radians(position[1] - self.lat) * EARTH_RADIUS
        return x * math.cos(_TURN) - y * math.sin(_TURN), x * math.sin(_TURN) + y * math.cos(_TURN)

    def metric(self, area: Area) -> Metric:
        """The rings of `area` on the plane."""
        return tuple(tuple(self.of(position) for position in ring) for ring in area.rings)

    def back(self, spot: Corner) -> str:
        """A place on the plane as people look it up: `longitude, latitude`."""
        x = spot[0] * math.cos(_TURN) + spot[1] * math.sin(_TURN)
        y = spot[1] * math.cos(_TURN) - spot[0] * math.sin(_TURN)
        lon = self.lon + math.degrees(x / EARTH_RADIUS / math.cos(math.radians(self.lat)))
        return f"{lon:.5f}, {self.lat + math.degrees(y / EARTH_RADIUS):.5f}"


def square_metres(area: Area) -> float:
    """The size of `area`."""
    plane = plane_of([area])
    total = 0.0
    for rings in polygons(area.rings):
        outer, *holes = (abs(ring_area([plane.of(p) for p in ring])) for ring in rings)
        total += outer - sum(holes)
    return total


def area_findings(areas: Sequence[Area], tolerance: float = TOLERANCE) -> Iterator[Finding]:
    """What is wrong with the tree of areas and with their boundaries.

    `tolerance`: square metres of a gap, an overlap or a spill that are let pass.
    """
    known = {area.id: area for area in areas}
    streets = [area for area in areas if area.level == "street"]
    if len(streets) != 1:
        yield Finding(
            ("areas",), f"there are {len(streets)} streets", "a site has exactly one area of level street"
        )
    sound = True
    for at, area in enumerate(areas):
        parent = known.get(area.parent or "")
        if area.parent is not None and (parent is None or parent.level != _PARENT.get(area.level)):
            sound = False
            yield Finding(
                ("areas", at, "parent"),
                f"{area.parent} is no {_PARENT.get(area.level, 'area')}",
                f"name the {_PARENT.get(area.level, 'area')} that {area.id} belongs to",
            )
    if not sound or not areas:
        return
    plane = plane_of(areas)
    metric = {area.id: plane.metric(area) for area in areas}
    for at, area in enumerate(areas):
        children = [child for child in areas if child.parent == area.id]
        if children:
            yield from _cover(("areas", at), area, children, metric, plane, tolerance)
        elif area.level != "grid":
            below = "communities" if area.level == "street" else "grids"
            yield Finding(("areas", at), f"{area.id} has no {below}", f"add areas with `parent: {area.id}`")


def point_findings(points: Sequence[tuple[int, Point]], areas: Sequence[Area]) -> Iterator[Finding]:
    """Which of `points` (with their places in the file) do not lie in the grid they name."""
    grids = [area for area in areas if area.level == "grid"]
    for at, point in points:
        spot = (point.position.lon, point.position.lat)
        holders = [grid.id for grid in grids if contains(grid.rings, spot)]
        if point.grid in {grid.id for grid in grids} and holders != [point.grid]:
            where = f"in {' and '.join(holders)}" if holders else "outside every grid"
            fix = f"set `grid: {holders[0]}` or mend the position" if holders else "mend the position"
            yield Finding(
                ("points", at, "position"), f"{point.id} names grid {point.grid} but lies {where}", fix
            )


def plane_of(areas: Sequence[Area]) -> Plane:
    """The plane about the middle of `areas`, of which there is at least one."""
    positions = [position for area in areas for ring in area.rings for position in ring]
    return Plane(
        (min(p[0] for p in positions) + max(p[0] for p in positions)) / 2,
        (min(p[1] for p in positions) + max(p[1] for p in positions)) / 2,
    )


def _cover(
    trail: tuple[str, int],
    parent: Area,
    children: Sequence[Area],
    metric: dict[str, Metric],
    plane: Plane,
    tolerance: float,
) -> Iterator[Finding]:
    gaps: list[_Patch] = []
    overlaps: dict[tuple[int, int], _Patch] = {}
    spills: dict[int, _Patch] = {}
    front: list[tuple[Cell, _Patch]] = []
    for row in slabs([metric[parent.id], *(metric[child.id] for child in children)]):
        before, front = front, []
        for cell in row:
            held = sorted(cell.inside - {0})
            if 0 in cell.inside and not held:
                front.append((cell, _grown(gaps, before, cell)))
            for i, one in enumerate(held):
                for other in held[i + 1 :]:
                    overlaps.setdefault((one, other), _Patch()).add(cell)
                if 0 not in cell.inside:
                    spills.setdefault(one, _Patch()).add(cell)
    names = [f"the edge of {parent.id}", *(child.id for child in children)]
    for gap in (gap for gap in gaps if gap.area > tolerance):
        pair = _named(gap.sides, names)
        yield _finding(trail, f"between {pair} nothing covers {gap.area:.0f} m²", gap, plane)
    for (one, other), patch in sorted(overlaps.items()):
        if patch.area > tolerance:
            what = f"{names[one]} and {names[other]} overlap by {patch.area:.0f} m²"
            yield _finding(trail, what, patch, plane)
    for one, patch in sorted(spills.items()):
        if patch.area > tolerance:
            what = f"{names[one]} reaches {patch.area:.0f} m² outside {parent.id}"
            yield _finding(trail, what, patch, plane)


def _grown(gaps: list[_Patch], before: list[tuple[Cell, _Patch]], cell: Cell) -> _Patch:
    """The gap that `cell` continues from the slab before (joining those it connects), or a new one."""
    touching: list[_Patch] = []
    for old, patch in before:
        meet = abs(old.right - cell.left) < 1e-3 and (
            min(old.high[1], cell.high[0]) > max(old.low[1], cell.low[0]) - 1e-6
        )
        if meet and not any(patch is known for known in touching):
            touching.append(patch)
    patch = touching[0] if touching else _Patch()
    if not touching:
        gaps.append(patch)
    patch.add(cell)
    for other in touching[1:]:
        patch.join(other)
        gaps[:] = [gap for gap in gaps if gap is not other]
        before[:] = [(old, patch if known is other else known) for old, known in before]
    return patch


def _named(sides: Mapping[tuple[int, int], float], names: Sequence[str]) -> str:
    """The two that a gap lies between: those whose edges face each other over most of its length."""
    facing: dict[tuple[int, int], float] = defaultdict(float)
    for (one, other), length in sides.items():
        facing[min(one, other), max(one, other)] += length
    apart = [(pair, length) for pair, length in facing.items() if pair[0] != pair[1]]
    (one, other), _ = max(apart or list(facing.items()), key=lambda item: item[1])
    return f"{names[other]} and {names[one]}" if one == 0 else f"{names[one]} and {names[other]}"


def _finding(trail: tuple[str, int], what: str, patch: _Patch, plane: Plane) -> Finding:
    return Finding(
        (*trail, "rings"), f"{what} near {plane.back(patch.middle)}", "let neighbours share their corners"
    )
