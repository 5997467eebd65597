"""Where things are: boxes in parts of the picture, and which of them stand in a zone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge.judge.case import Box
from edge.see.slots import Slot
from edge.see.view import View
from edge.see.votes import UNKNOWN

Polygon = Sequence[tuple[float, float]]
"""In parts of the picture."""
FOOT = 0.4
"""Of a thing's foot, the part that must lie in the zone."""
RIM, BELOW = 0.1, 0.01
"""How far off its box may end, of its height; downwards no more than that part of the picture's: what stands
behind the zone is not in it.
"""


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
    """True when what fills `box` stands in the zone: its centre does, or enough of its foot.

    A box is seldom all of a thing: at the foot, a little above and below it count as well.
    """
    x0, y0, x1, y1 = box
    if contains(polygon, (x0 + x1) / 2, (y0 + y1) / 2):
        return True
    across = [x0 + part * (x1 - x0) for part in (0.1, 0.3, 0.5, 0.7, 0.9)]
    rim = RIM * (y1 - y0)
    rows = (y1 - rim, y1 + min(rim, BELOW))
    return any(sum(contains(polygon, x, y) for x in across) >= FOOT * len(across) for y in rows)


def relative(slot: Slot, view: View) -> Box:
    """The slot's box in parts of the picture as it is now."""
    height, width = view.shape
    dx, dy = view.shift
    x0, y0, x1, y1 = (
        slot.box if slot.named_box is None or slot.votes.verdict()[0] == UNKNOWN else slot.named_box
    )
    return _part(x0 + dx, width), _part(y0 + dy, height), _part(x1 + dx, width), _part(y1 + dy, height)


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around all of them (at least one)."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def touch(a: Box, b: Box | None) -> bool:
    """They share some of the picture."""
    return b is not None and common(a, b) > 0


def same_place(a: Box, b: Box | None) -> bool:
    """Half of the smaller one lies in the other."""
    return b is not None and common(a, b) >= 0.5 * min(common(a, a), common(b, b)) > 0


def common(a: Box, b: Box) -> float:
    """The area of what two boxes share, in parts of the picture."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _part(pixels: float, of: int) -> float:
    return min(1.0, max(0.0, pixels / of))
