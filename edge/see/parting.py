"""What came to rest together need not be one thing: a fridge, a chair and a box put down in one moment, or
a bag and who brought it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.see.anchors import AROUND, OTHER_EDGES, Anchors, edge_likeness
from edge.see.background import Luma, Mask
from edge.see.blobs import SMALLEST, PixelBox, grown, inside, over, region_of, union

KNOWN = 0.3
"""Score from which a box that the detector drew is believed to be the whole of a thing."""
BEYOND = 0.35
"""Share of a part that may lie in that box: more, and it is a wheel or a shadow of the same thing."""
PART, PART_BEYOND = 0.08, 0.03
"""Of all the pixels, the least that make a thing of their own; where the detector has drawn another thing's
box, and they lie beyond it, fewer do.
"""
EMPTIED = 0.25
"""Share of a place that looks empty again while the rest is there, from which something of it has left."""
TOLD_APART = 0.8
"""Share of a place that must look either taken or empty: the rest is hidden, and nothing is said of it."""
CLUMP = 24, 0.03
"""Pixels, and share of a place, of the least piece that is more than noise: some pixels of somebody who stood
beside a thing are as grey as the street behind him, and where he was looks empty in pieces."""
ITSELF = 0.3
"""Of the threshold: how far what looks empty may be off in the mean for pieces so small to count. The ground
itself is off by its noise, a car that came to stand in front, and is as grey, by half of the threshold."""

ALONE, LARGE = 0.15, 0.002
"""The same where nothing but the shape tells them apart; or what covers as much of the picture."""
WHEELS, LEVEL = 1.6, 0.35
"""By how much one wheel of a bicycle may be larger than the other one, seen aslant, and how much lower it may
stand, of its height.
"""

Part = tuple[PixelBox, Mask]
"""A box and the pixels, both in the whole picture."""


def parts_of(mask: Mask, part: float = PART) -> tuple[Part, ...]:
    """The connected parts of `mask` (of the whole picture) that are large enough to be things.

    `part`: of all its pixels, the least.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(_closed(mask), connectivity=8)
    least = max(SMALLEST * mask.size, part * np.count_nonzero(mask))
    parts = []
    for index in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[index])
        if area >= least:
            parts.append(((x, y, x + w, y + h), np.asarray((labels == index) & mask)))
    return tuple(parts)


def things_in(mask: Mask) -> tuple[Part, ...]:
    """`mask` (of the whole picture) divided by its shape alone: parts with ground between them are things of
    their own, unless one may be the top of the other, or both the wheels of one bicycle.
    """
    things: list[Part] = []
    pixels = max(1, int(np.count_nonzero(mask)))
    alone = min(ALONE, LARGE * mask.size / pixels)
    for box, part in sorted(parts_of(mask, alone), key=lambda one: one[0]):
        for other in [one for one in things if _one_thing(one[0], box)]:
            things.remove(other)
            box, part = union(other[0], box), other[1] | part
        things.append((box, part))
    return tuple(sorted(things, key=lambda one: -int(np.count_nonzero(one[1]))))


def _one_thing(a: PixelBox, b: PixelBox) -> bool:
    heights, widths = sorted((a[3] - a[1], b[3] - b[1])), sorted((a[2] - a[0], b[2] - b[0]))
    level = heights[1] <= WHEELS * heights[0] and abs(a[3] - b[3]) <= LEVEL * heights[1]
    return (level and max(a[0], b[0]) - min(a[2], b[2]) <= widths[1]) or over(a, b)


def parts_beyond(mask: Mask, named: PixelBox, *, somebody: bool = False) -> tuple[Part, ...]:
    """Those parts that lie beyond the box `named`; shreds and what reaches into the box are left out.

    `somebody` is wholly in a box drawn around him: what touches him from outside is cut off there.
    """
    around = grown(named, 0.05, 3, mask.shape)
    if somebody:
        rest = mask.copy()
        rest[region_of(around)] = False
        outside = max(1, int(np.count_nonzero(rest)))
        return parts_of(rest, PART * int(np.count_nonzero(mask)) / outside)
    return tuple(one for one in parts_of(mask, PART_BEYOND) if inside(one[0], around) <= BEYOND)


def parts_in(mask: Mask, boxes: Sequence[PixelBox]) -> tuple[Part, ...]:
    """`mask` divided between the boxes that the detector drew around several things in it.

    Each pixel goes to the box whose middle is nearest, measured in sizes of the box.
    """
    ys, xs = np.nonzero(mask)
    apart = [
        np.hypot((xs - (x0 + x1) / 2) / (x1 - x0), (ys - (y0 + y1) / 2) / (y1 - y0))
        for x0, y0, x1, y1 in boxes
    ]
    nearest = np.argmin(np.stack(apart), axis=0)
    parts = []
    for index, box in enumerate(boxes):
        part = np.zeros_like(mask)
        part[ys[nearest == index], xs[nearest == index]] = True
        if np.count_nonzero(part) >= SMALLEST * mask.size:
            parts.append((box, part))
    return tuple(parts)


def remaining(look: Luma, anchors: Anchors, threshold: float) -> Mask | None:
    """The pixels of a place that are still taken when a whole part of it looks empty again.

    None while it is all there, all gone, or partly hidden. [height, width] of the anchors.
    """
    if anchors.empty is None:
        return None
    soft = cv2.GaussianBlur(look, (3, 3), 0)
    to_taken = cv2.absdiff(soft, cv2.GaussianBlur(anchors.taken, (3, 3), 0))
    to_empty = cv2.absdiff(soft, cv2.GaussianBlur(anchors.empty, (3, 3), 0))
    near_taken = (to_taken <= threshold) & (to_taken < to_empty) & anchors.mask
    near_empty = (to_empty <= threshold) & (to_empty <= to_taken) & anchors.mask
    total = max(1, int(np.count_nonzero(anchors.mask)))
    left, stays = int(np.count_nonzero(near_empty)), int(np.count_nonzero(near_taken))
    if left < EMPTIED * total or stays < PART * total or left + stays < TOLD_APART * total:
        return None
    # In one piece, or in pieces of some size where the ground itself is seen: single pixels look like either.
    itself = float(to_empty[near_empty].mean()) <= ITSELF * threshold
    least = max(CLUMP[0], CLUMP[1] * total) if itself else None
    if _in_pieces(near_empty, least) < 0.6 * left or _in_pieces(near_taken, least) < 0.6 * stays:
        return None
    own = _own(look, anchors, near_taken)
    return own if np.count_nonzero(own) >= PART * total else None


def _own(look: Luma, anchors: Anchors, near: Mask) -> Mask:
    """Those parts of `near` whose edges are the thing's own, not of what stood behind it and is as bright."""
    count, labels = cv2.connectedComponents(_closed(near), connectivity=8)
    own = np.zeros_like(near)
    for index in range(1, count):
        part = near & (labels == index)
        around = cv2.dilate(part.view(np.uint8), AROUND) > 0
        if edge_likeness(look, anchors.taken, around & anchors.mask) >= OTHER_EDGES:
            own |= part
    return own


def _in_pieces(mask: Mask, least: float | None) -> int:
    """Pixels of `mask` in its parts of at least that many, or in the largest; small gaps are bridged."""
    count, labels = cv2.connectedComponents(_closed(mask), connectivity=8)
    pixels = np.bincount(labels[mask], minlength=count)[1:]
    return int(pixels.max(initial=0) if least is None else pixels[pixels >= least].sum())


def _closed(mask: Mask) -> NDArray[np.uint8]:
    """`mask` with its small gaps bridged."""
    joined = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray(joined, np.uint8)
