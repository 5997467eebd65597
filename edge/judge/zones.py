"""Which places lie in a zone."""

from __future__ import annotations

from collections.abc import Sequence

from edge.judge.case import Box

Polygon = Sequence[tuple[float, float]]
"""In parts of the picture."""


def contains(polygon: Polygon, x: float, y: float) -> bool:
    """Even-odd rule; points on the left and top edges are inside."""
    inside = False
    x1, y1 = polygon[-1]
    for x0, y0 in polygon:
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
        x1, y1 = x0, y0
    return inside


def stands_in(polygon: Polygon, box: Box) -> bool:
    """True when what fills `box` stands in the zone: the middle of its foot does, or its centre."""
    x0, y0, x1, y1 = box
    middle = (x0 + x1) / 2
    foot = y1 - 0.1 * (y1 - y0)
    return contains(polygon, middle, foot) or contains(polygon, middle, (y0 + y1) / 2)
