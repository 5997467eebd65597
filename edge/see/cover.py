"""How much ground the things that stand in a zone cover.

What tells a thing from its empty place is only a part of it: of a bicycle, its tubes and tyres. A pixel is
covered when the thing shows both left and right of it and both above and below it; wheels and frames are
filled that way, the ground beside a row that runs askew is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import cv2
import numpy as np

from edge.see.background import Mask
from edge.see.blobs import region_of
from edge.see.places import Places
from edge.see.slots import Phase, Slot

BOX_FILL = 0.47
"""Share of its box that a bicycle covers, filled as above: what counts for a thing of which only the
detector's box is known. Measured on the bicycle of `simulators/scenes`: 0.49 upright, 0.44 to 0.45 askew."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What one thing covers: `area` in parts of the picture, `share` in parts of the zone."""

    area: float
    share: float


def zone_mask(polygon: Iterable[tuple[float, float]], shape: tuple[int, ...]) -> Mask:
    """The pixels of a zone, [height, width]."""
    height, width = shape[:2]
    corners = np.array([(x * width, y * height) for x, y in polygon])
    drawn = cv2.fillPoly(np.zeros((height, width), np.uint8), [np.round(corners).astype(np.int32)], 1)
    return np.asarray(drawn > 0)


def filled(mask: Mask) -> Mask:
    """The mask with what lies between its pixels, along both the row and the column."""
    sides = []
    for axis in (0, 1):
        before = np.logical_or.accumulate(mask, axis=axis)
        after = np.flip(np.logical_or.accumulate(np.flip(mask, axis), axis=axis), axis)
        sides.append(before & after)
    return np.asarray(sides[0] & sides[1])


def covers_of(places: Places, slots: Iterable[Slot], zone: Mask) -> dict[UUID, Cover]:
    """What each thing covers, by slot; a pixel of two things counts for the first of them.

    Things that are gone are left out: their places are forgotten.
    """
    spoken = np.zeros(zone.shape, bool)
    ground = max(1, int(np.count_nonzero(zone)))
    covers = {}
    for slot in slots:
        if slot.phase is Phase.GONE:
            continue
        place = places[slot.id]
        region = region_of(place.box)
        known = place.anchors.empty is not None
        own = (filled(place.anchors.mask) if known else place.anchors.mask) & ~spoken[region]
        spoken[region] |= own
        fill = 1.0 if known else BOX_FILL
        inside = int(np.count_nonzero(own & zone[region]))
        area = int(np.count_nonzero(own))
        covers[slot.id] = Cover(fill * area / zone.size, fill * inside / ground)
    return covers
