"""Draws the map of an invented street: communities and grids that share their corners exactly.

A convex outline is cut by straight lines until there is one piece a grid; every boundary is then
divided, shaken and bent by one smooth field, corner by corner, so that neighbours stay neighbours.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from devices.site.areas import EARTH_RADIUS
from devices.site.planar import Corner, area, contains

LON, LAT = 120.0, 30.0
"""South-west corner of the map: fields and hills."""
OUTLINE: tuple[Corner, ...] = (
    *((90, 60), (620, 0), (1240, 70), (1660, 260), (1740, 700)),
    *((1500, 1080), (980, 1210), (400, 1120), (0, 640)),
)
"""Metres, counter-clockwise and convex."""
STEP = 55.0
"""Metres between the corners of a drawn boundary, about."""

Piece = list[Corner]
Ring = tuple[Corner, ...]


@dataclass(frozen=True, slots=True)
class StreetMap:
    """Closed rings of (lon, lat), and the households of each grid."""

    street: Ring
    communities: tuple[Ring, ...]
    grids: tuple[Ring, ...]
    households: tuple[int, ...]

    def position(self, grid: int, number: int) -> Corner:
        """A place beside a boundary of `grid`, inside it; `number` tells several apart."""
        ring = self.grids[grid][:-1]
        middle = tuple(sum(corner[axis] for corner in ring) / len(ring) for axis in (0, 1))
        for shift in range(len(ring)):
            edge = ring[(3 + 5 * number + shift) % len(ring)]
            spot = tuple(round(edge[axis] + 0.3 * (middle[axis] - edge[axis]), 6) for axis in (0, 1))
            if contains([ring], (spot[0], spot[1])):
                return spot[0], spot[1]
        raise ValueError(f"grid {grid} holds no place beside its boundary")


def draw(sizes: Sequence[int], seed: int, step: float = STEP) -> StreetMap:
    """A street of `len(sizes)` communities with that many grids each; a corner every `step` metres."""
    chance = random.Random(seed)
    communities = _divided(list(OUTLINE), [float(size) for size in sizes], chance)
    pieces: list[Piece] = []
    for community, size in zip(communities, sizes, strict=True):
        pieces += _divided(community, [1.0] * size, chance)
    pieces = _with_all_corners(pieces)
    between = _shaken(pieces, chance, step)
    grids = [_ring(piece, between) for piece in pieces]
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    groups = [grids[end - size : end] for end, size in zip(ends, sizes, strict=True)]
    households = tuple(300 + chance.randint(-18, 18) for _ in grids)
    return StreetMap(_outline(grids), tuple(_outline(group) for group in groups), tuple(grids), households)


def _divided(piece: Piece, weights: Sequence[float], chance: random.Random) -> list[Piece]:
    """`piece` cut into one part a weight, with areas in proportion to the weights."""
    if len(weights) == 1:
        return [piece]
    half = len(weights) // 2
    share = sum(weights[:half]) / sum(weights)
    low, high = _cut(piece, share, _long_way(piece) + chance.uniform(-0.22, 0.22))
    return _divided(low, weights[:half], chance) + _divided(high, weights[half:], chance)


def _long_way(piece: Piece) -> float:
    """Direction (radians) of the longer side of the smallest rectangle around `piece`."""
    best = math.inf, 0.0
    for a, b in pairwise([*piece, piece[0]]):
        direction = math.atan2(b[1] - a[1], b[0] - a[0])
        wide, high = (_extent(piece, direction + turn) for turn in (0, math.pi / 2))
        best = min(best, (wide * high, direction if wide > high else direction + math.pi / 2))
    return best[1]


def _extent(piece: Piece, direction: float) -> float:
    along = [x * math.cos(direction) + y * math.sin(direction) for x, y in piece]
    return max(along) - min(along)


def _cut(piece: Piece, share: float, direction: float) -> tuple[Piece, Piece]:
    """`piece` cut across `direction` so that the first part has `share` of its area."""
    c, s = math.cos(direction), math.sin(direction)
    along = [x * c + y * s for x, y in piece]
    low, high = min(along), max(along)
    for _ in range(60):
        at = (low + high) / 2
        if area(_side(piece, c, s, at, 1)) < share * area(piece):
            low = at
        else:
            high = at
    return _side(piece, c, s, low, 1), _side(piece, c, s, low, -1)


def _side(piece: Piece, c: float, s: float, at: float, sign: int) -> Piece:
    """The part of convex `piece` before (sign 1) or behind (-1) the line x c + y s = at."""
    part: Piece = []
    for a, b in pairwise([*piece, piece[0]]):
        da, db = (sign * (at - x * c - y * s) for x, y in (a, b))
        if da >= 0:
            part.append(a)
        if da * db < 0:
            # Whichever side asks, the same edge gives the same corner.
            (p, dp), (q, dq) = sorted(((a, da), (b, db)))
            part.append((p[0] + (q[0] - p[0]) * dp / (dp - dq), p[1] + (q[1] - p[1]) * dp / (dp - dq)))
    return [(round(x, 6), round(y, 6)) for x, y in part]


def _with_all_corners(pieces: list[Piece]) -> list[Piece]:
    """Each piece with its neighbours' corners on its own sides, so that shared sides are the same sides."""
    every = sorted({corner for piece in pieces for corner in piece})
    filled = []
    for piece in pieces:
        corners: Piece = []
        for a, b in pairwise([*piece, piece[0]]):
            length = math.dist(a, b)
            on = []
            for p in every:
                t = ((p[0] - a[0]) * (b[0] - a[0]) + (p[1] - a[1]) * (b[1] - a[1])) / length**2
                off = abs((p[0] - a[0]) * (b[1] - a[1]) - (p[1] - a[1]) * (b[0] - a[0])) / length
                if 0 < t < 1 and off < 1e-3 and p not in (a, b):
                    on.append((t, p))
            corners += [a, *(p for _, p in sorted(on))]
        filled.append(corners)
    return filled


def _shaken(pieces: list[Piece], chance: random.Random, step: float) -> dict[tuple[Corner, Corner], Piece]:
    """For each side (lesser corner first) the corners to draw between its ends."""
    sides = sorted({(min(a, b), max(a, b)) for piece in pieces for a, b in pairwise([*piece, piece[0]])})
    between = {}
    for a, b in sides:
        length = math.dist(a, b)
        count = max(1, round(length / step))
        normal = ((a[1] - b[1]) / length, (b[0] - a[0]) / length)
        drawn: Piece = []
        for n in range(1, count):
            off = chance.uniform(-0.07, 0.07) * min(step, length)
            t = (n + chance.uniform(-0.2, 0.2)) / count
            drawn.append(
                (a[0] + (b[0] - a[0]) * t + off * normal[0], a[1] + (b[1] - a[1]) * t + off * normal[1])
            )
        between[a, b] = drawn
    return between


def _ring(piece: Piece, between: dict[tuple[Corner, Corner], Piece]) -> Ring:
    drawn: Piece = []
    for a, b in pairwise([*piece, piece[0]]):
        inner = between[min(a, b), max(a, b)]
        drawn += [a, *(inner if a < b else reversed(inner))]
    return tuple(_on_earth(corner) for corner in [*drawn, drawn[0]])


def _on_earth(corner: Corner) -> Corner:
    """Metres, bent so that long straight cuts read as streets and a river, in degrees to 0.1 m."""
    x, y = corner
    bent_x = x + 42 * math.sin(y / 260 + 0.7) + 14 * math.sin(x / 130 + y / 170)
    bent_y = y + 38 * math.sin(x / 290 + 1.9) + 12 * math.sin(y / 120 - x / 210)
    lon = LON + math.degrees(bent_x / EARTH_RADIUS / math.cos(math.radians(LAT)))
    return round(lon, 6), round(LAT + math.degrees(bent_y / EARTH_RADIUS), 6)


def _outline(rings: Sequence[Ring]) -> Ring:
    """The boundary around `rings`: those sides that no neighbour walks the other way."""
    walked = {side for ring in rings for side in pairwise(ring)}
    onward = {a: b for a, b in sorted(walked) if (b, a) not in walked}
    start = min(onward)
    ring = [start]
    while (corner := onward[ring[-1]]) != start:
        ring.append(corner)
    return (*ring, start)
