"""Random streets for tests: a lattice whose corners are shaken, shared by all who meet there."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

from devices.site.areas import EARTH_RADIUS
from devices.site.model import Area, Names

METRE = math.degrees(1 / EARTH_RADIUS)
EAST = METRE / math.cos(math.radians(30))
CELL = 100.0
"""Metres between the corners of the lattice before they are shaken."""
Spot = tuple[float, float]


def on_earth(x: float, y: float) -> Spot:
    """Metres from 120 east, 30 north, to 0.1 m."""
    return round(120 + x * EAST, 6), round(30 + y * METRE, 6)


def tiling(columns: int, rows: Sequence[int], seed: int) -> list[Area]:
    """A street of `len(rows)` communities, each so many rows of `columns` grids."""
    chance = random.Random(seed)

    def shaken(x: float, y: float) -> Spot:
        return on_earth(CELL * (x + chance.uniform(-0.2, 0.2)), CELL * (y + chance.uniform(-0.2, 0.2)))

    height = sum(rows)
    # Every second place of the lattice is a corner of cells, those between are corners of their sides.
    at = {
        (x, y): shaken(x / 2, y / 2)
        for x in range(2 * columns + 1)
        for y in range(2 * height + 1)
        if x % 2 == 0 or y % 2 == 0
    }

    def around(x0: int, y0: int, x1: int, y1: int) -> tuple[Spot, ...]:
        west, south, east, north = 2 * x0, 2 * y0, 2 * x1, 2 * y1
        ring = [at[x, south] for x in range(west, east)] + [at[east, y] for y in range(south, north)]
        ring += [at[x, north] for x in range(east, west, -1)] + [at[west, y] for y in range(north, south, -1)]
        return (*ring, ring[0])

    def areas() -> Iterator[Area]:
        yield part("S", "street", None, "990101001", around(0, 0, columns, height))
        low = 0
        for number, count in enumerate(rows, 1):
            code = f"990101001{number:03d}"
            yield part(f"C{number}", "community", "S", code, around(0, low, columns, low + count))
            for n in range(count * columns):
                x, y = n % columns, low + n // columns
                ring = around(x, y, x + 1, y + 1)
                yield part(f"G{number}-{n + 1}", "grid", f"C{number}", f"{code}{n + 1:03d}", ring)
            low += count

    return list(areas())


def part(identity: str, level: str, parent: str | None, code: str | None, *rings: Sequence[Spot]) -> Area:
    """An area by its rings."""
    values = {"id": identity, "level": level, "parent": parent, "code": code}
    return Area.model_validate(values | {"name": Names(zh=identity, en=identity), "rings": rings})
