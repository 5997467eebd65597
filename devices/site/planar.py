"""Plane geometry of simple polygons, in plain Python.

A ring is a sequence of corners, closed or not (a last corner equal to the first is dropped).
A shape is one or more rings read by the even-odd rule: outlines and their holes, in any order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Corner = tuple[float, float]
Ring = Sequence[Corner]
Shape = Sequence[Ring]


def corners(ring: Ring) -> list[Corner]:
    """The corners of `ring`, each once."""
    return list(ring[:-1]) if len(ring) > 1 and ring[0] == ring[-1] else list(ring)


def area(ring: Ring) -> float:
    """Signed area (Gauss's formula), positive when the ring runs counter-clockwise."""
    points = corners(ring)
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in _edges(points)) / 2


def contains(shape: Shape, point: Corner) -> bool:
    """Whether `point` lies in `shape`; of two shapes that share an edge exactly one holds a point on it."""
    x, y = point
    inside = False
    for ring in shape:
        for (x0, y0), (x1, y1) in _edges(corners(ring)):
            if (y0 > y) != (y1 > y):
                # The same edge gives the same number whichever way it is walked.
                (xa, ya), (xb, yb) = sorted(((x0, y0), (x1, y1)))
                if x < xa + (y - ya) * (xb - xa) / (yb - ya):
                    inside = not inside
    return inside


def ring_fault(ring: Ring, least: float = 0.0) -> str | None:
    """What is wrong with `ring` as an outline: too few corners, meeting itself, an area not over `least`."""
    points = corners(ring)
    if len(set(points)) < 3:
        return "has fewer than three different corners"
    edges = list(_edges(points))
    for i, (a, b) in enumerate(edges):
        if a == b:
            return f"names corner {i + 1} twice in a row"
        for j in range(i + 1, len(edges)):
            if _touch(edges[i], edges[j], adjacent=j == i + 1 or (i == 0 and j == len(edges) - 1)):
                return f"crosses or touches itself: its side {i + 1} meets its side {j + 1}"
    if abs(area(points)) <= least:
        return "encloses no area"
    return None


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of the plane between two edges, one slab wide."""

    left: float
    right: float
    low: Corner
    """Height of the lower edge at `left` and at `right`."""
    high: Corner
    inside: frozenset[int]
    """Numbers of the shapes that hold it."""
    below: int
    """Number of the shape whose edge bounds it from below."""
    above: int

    @property
    def area(self) -> float:
        """Its area (a trapezium's)."""
        return (self.right - self.left) * (self.high[0] - self.low[0] + self.high[1] - self.low[1]) / 2

    @property
    def middle(self) -> Corner:
        """A place within it."""
        return (self.left + self.right) / 2, (sum(self.low) + sum(self.high)) / 4


def slabs(shapes: Sequence[Shape], thinnest: float = 1e-6) -> Iterator[list[Cell]]:
    """Cut the plane at every corner and every crossing, and give the bounded cells slab by slab.

    `thinnest` (in units of the plane): slabs and cells narrower than this are left out, they are
    rounding. Edges along the slabs bound no cell.
    """
    edges = sorted(
        (*min(a, b), *max(a, b), owner)
        for owner, shape in enumerate(shapes)
        for ring in shape
        for a, b in _edges(corners(ring))
        if a[0] != b[0]
    )
    cuts = sorted({x for edge in edges for x in (edge[0], edge[2])} | set(_crossings(edges)))
    buckets: list[list[tuple[float, float, int]]] = [[] for _ in cuts]
    for x0, y0, x1, y1, owner in edges:
        slope = (y1 - y0) / (x1 - x0)
        first, last = bisect_left(cuts, x0), bisect_left(cuts, x1)
        for number in range(first, last):
            at = y0 + slope * (cuts[number] - x0), y0 + slope * (cuts[number + 1] - x0)
            buckets[number].append((*at, owner))
    for number, bucket in enumerate(buckets[:-1]):
        left, right = cuts[number], cuts[number + 1]
        if right - left < thinnest:
            continue
        bucket.sort(key=lambda edge: edge[0] + edge[1])
        inside: set[int] = set()
        row = []
        for (a0, b0, below), (a1, b1, above) in pairwise(bucket):
            inside ^= {below}
            if a1 - a0 + b1 - b0 > thinnest:
                row.append(Cell(left, right, (a0, b0), (a1, b1), frozenset(inside), below, above))
        yield row


def rings_fault(rings: Shape) -> str | None:
    """What is wrong between sound rings of one shape: two of them cross or cover the same ground."""
    sizes, shared = _shared(rings)
    for (one, other), ground in sorted(shared.items()):
        least = min(sizes[one], sizes[other])
        if _SAME * max(sizes[one], sizes[other]) < ground or 1 - _SAME < ground / least < _SAME:
            return f"its rings {one + 1} and {other + 1} cross or cover the same ground"
    return None


def polygons(rings: Shape) -> tuple[Shape, ...]:
    """The polygons of a shape without fault: each an outline, then the holes in it."""
    if len(rings) == 1:
        return (rings,)
    sizes, shared = _shared(rings)
    around: dict[int, list[int]] = {at: [] for at in range(len(rings))}
    for one, other in shared:
        inner, outer = sorted((one, other), key=sizes.__getitem__)
        around[inner].append(outer)
    holes: dict[int, list[int]] = {at: [] for at, those in around.items() if len(those) % 2 == 0}
    for at, those in around.items():
        if at not in holes:
            holes[min(those, key=sizes.__getitem__)].append(at)
    return tuple((rings[outer], *(rings[hole] for hole in inner)) for outer, inner in holes.items())


_SAME = 1 - 1e-6
"""Parts of the area from which on two pieces of ground are the same: what is left is rounding."""


def _shared(rings: Shape) -> tuple[list[float], dict[tuple[int, int], float]]:
    """The area of each ring, and what each two have in common, where that is not rounding."""
    # About their first corner: far from the origin the products of coordinates would eat the digits.
    x0, y0 = rings[0][0]
    near = [[(x - x0, y - y0) for x, y in ring] for ring in rings]
    sizes = [abs(area(ring)) for ring in near]
    shared: dict[tuple[int, int], float] = {}
    for row in slabs([[ring] for ring in near], thinnest=0.0) if len(near) > 1 else ():
        for cell in row:
            held = sorted(cell.inside)
            for i, one in enumerate(held):
                for other in held[i + 1 :]:
                    shared[one, other] = shared.get((one, other), 0.0) + cell.area
    least = {pair: (1 - _SAME) * min(sizes[pair[0]], sizes[pair[1]]) for pair in shared}
    return sizes, {pair: ground for pair, ground in shared.items() if ground > least[pair]}


def _edges(points: Sequence[Corner]) -> Iterator[tuple[Corner, Corner]]:
    return zip(points, [*points[1:], points[0]], strict=True)


def _turn(a: Corner, b: Corner, c: Corner) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _within(a: Corner, b: Corner, c: Corner) -> bool:
    """Whether `c`, known to lie on the line of a and b, lies between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def _touch(one: tuple[Corner, Corner], other: tuple[Corner, Corner], *, adjacent: bool) -> bool:
    """Whether two sides share a point, beyond the corner that neighbours share anyway."""
    (a, b), (c, d) = one, other
    if max(a[0], b[0]) < min(c[0], d[0]) or max(c[0], d[0]) < min(a[0], b[0]):
        return False
    if max(a[1], b[1]) < min(c[1], d[1]) or max(c[1], d[1]) < min(a[1], b[1]):
        return False
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if adjacent:
        shared = b if b in (c, d) else a
        far_one, far_other = (a if shared == b else b), (d if shared == c else c)
        backwards = (far_one[0] - shared[0]) * (far_other[0] - shared[0]) + (far_one[1] - shared[1]) * (
            far_other[1] - shared[1]
        )
        return _turn(far_one, shared, far_other) == 0 and backwards > 0
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    spots = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(turn == 0 and _within(*spot) for turn, spot in zip(turns, spots, strict=True))


def _crossings(edges: Sequence[tuple[float, float, float, float, int]]) -> Iterator[float]:
    """Where (x) edges sorted by their left ends cross each other's insides."""
    for i, (ax0, ay0, ax1, ay1, _) in enumerate(edges):
        low, high = min(ay0, ay1), max(ay0, ay1)
        for bx0, by0, bx1, by1, _ in edges[i + 1 :]:
            if bx0 >= ax1:
                break
            if (by0 < low and by1 < low) or (by0 > high and by1 > high):
                continue
            across = (ax1 - ax0) * (by1 - by0) - (ay1 - ay0) * (bx1 - bx0)
            if across == 0:
                continue
            along = ((bx0 - ax0) * (by1 - by0) - (by0 - ay0) * (bx1 - bx0)) / across
            x = ax0 + along * (ax1 - ax0)
            if max(ax0, bx0) < x < min(ax1, bx1):
                yield x
