"""From still pixels to things: connected regions of the picture that stay and are not usual."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge.see.background import Change, Mask

PixelBox = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the analysed picture; x1 and y1 are one past the end."""

SMALLEST = 0.0005
"""Of the picture's area. The left bag of a real pavement clip covers 0.0018."""
THINNEST = 6
"""Pixels; thinner things are edges that moved."""


REACH = 11
"""Pixels within which spokes and tubes are joined to one thing."""
RIM, RIM_FACTOR = 2, 4
"""Pixels from the picture's border, and how much larger a thing must be that reaches it: what sways in
and out of the picture there was never seen whole."""
MOMENT = 2.2
"""Looks (seconds, with several a second) within which the parts of one thing come to rest."""
RAREST = 5.0
"""Seconds between two looks beyond which parts are told by their place alone no more loosely."""
APART = 6
"""Pixels around each of two parts within which they may still be one thing."""
NEAR = 0.15
"""The same, of the smaller part's size: the wheels of a bicycle lie half a wheel apart, and two bicycles
that were left side by side often a whole one."""
JOLT_SPREAD = 0.8
"""Share of the picture over which things came to rest at once: nobody leaves things like that."""
SOLID = 0.4
"""Share of that spread which only a large thing covers (a van right before the camera): a picture that jumped
differs at its edges."""

UPON, OVER = 0.85, 0.25
"""Share of the narrower one's width by which two parts of a thing stand over each other, and of both heights
that may lie between them."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One thing that stays: its box, the pixels of it inside the box, since when it is still."""

    box: PixelBox
    mask: Mask
    since: float


def still_blobs(change: Change, at: float, settle: float, ignore: Mask | None = None) -> tuple[Blob, ...]:
    """The things that differ from usual and have held still for at least `settle` seconds.

    `ignore` pixels never belong to one (overlays, masked parts of the picture).
    """
    still = change.different & change.jumped & (at - change.still_since >= settle)
    if ignore is not None:
        still &= ~ignore
    if not still.any():
        return ()
    # Only the part of the picture that holds anything: labelling costs as much for an empty one.
    around = grown(_bounds(still), 0.0, REACH, still.shape)
    raw = np.ascontiguousarray(still[region_of(around)]).view(np.uint8)
    since_when = change.still_since[region_of(around)]
    # Single pixels are noise; an opening would also take the spokes.
    crowd = cv2.boxFilter(raw, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    opened = raw & (crowd >= 4).view(np.uint8)
    # A bicycle is spokes and tubes: join what lies within a few pixels.
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (REACH, REACH))
    joined = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, reach)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    height, width = still.shape
    blobs = []
    for index in range(1, count):
        left, top, w, h, area = (int(v) for v in stats[index])
        x, y = left + around[0], top + around[1]
        rim = x <= RIM or y <= RIM or x + w >= width - RIM or y + h >= height - RIM
        least = SMALLEST * width * height * (RIM_FACTOR if rim else 1)
        if area < least or min(w, h) < THINNEST:
            continue
        region = (slice(top, top + h), slice(left, left + w))
        mask = labels[region] == index
        core = mask & (opened[region] > 0)
        if np.count_nonzero(core) < 0.25 * area:
            continue
        since = float(np.median(since_when[region][core]))
        blobs.append(Blob((x, y, x + w, y + h), mask, since))
    return tuple(_gathered(blobs, still.shape, moment(change)))


def _bounds(mask: Mask) -> PixelBox:
    x, y, w, h = cv2.boundingRect(mask.view(np.uint8))
    return x, y, x + w, y + h


def moment(change: Change) -> float:
    """Seconds within which the parts of one thing come to rest, as seldom as it is looked."""
    return MOMENT * min(max(1.0, change.step), RAREST)


def _gathered(blobs: list[Blob], shape: tuple[int, ...], within: float) -> list[Blob]:
    """Parts that came to rest in one moment, close together, as one thing."""
    whole: list[Blob] = []
    for blob in sorted(blobs, key=lambda one: one.since):
        near = [
            one
            for one in whole
            if adjacent(one.box, blob.box, shape) and abs(one.since - blob.since) <= within
        ]
        for one in near:
            whole.remove(one)
            blob = _united(one, blob)
        whole.append(blob)
    return whole


def _united(a: Blob, b: Blob) -> Blob:
    box = union(a.box, b.box)
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), bool)
    for one in (a, b):
        top, left = one.box[1] - box[1], one.box[0] - box[0]
        mask[top : top + one.mask.shape[0], left : left + one.mask.shape[1]] |= one.mask
    return Blob(box, mask, min(a.since, b.since))


def adjacent(a: PixelBox, b: PixelBox, shape: tuple[int, ...]) -> bool:
    """So close together that they may be parts of one thing: by the size of the smaller one."""
    reach = APART + round(NEAR * min(max(a[2] - a[0], a[3] - a[1]), max(b[2] - b[0], b[3] - b[1])))
    return overlap(grown(a, 0.0, reach, shape), grown(b, 0.0, reach, shape)) > 0


def union(a: PixelBox, b: PixelBox) -> PixelBox:
    """The smallest box around both."""
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def jolted(blobs: Sequence[Blob], shape: tuple[int, ...]) -> bool:
    """Several things that came to rest in the same instant, all over the picture, are the picture
    itself: the camera was knocked, or it jumped to another exposure.
    """
    for blob in blobs:
        same = [one for one in blobs if abs(one.since - blob.since) <= 1.0]
        spread = area_of(functools.reduce(union, (one.box for one in same)))
        if spread < JOLT_SPREAD * shape[0] * shape[1]:
            continue
        if sum(np.count_nonzero(one.mask) for one in same) < SOLID * spread:
            return True
    return False


def area_of(box: PixelBox) -> int:
    """Pixels in the box."""
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])


def overlap(a: PixelBox, b: PixelBox) -> int:
    """Pixels that two boxes share."""
    return area_of((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def iou(a: PixelBox, b: PixelBox) -> float:
    """Intersection over union of two boxes."""
    shared = overlap(a, b)
    return shared / max(1, area_of(a) + area_of(b) - shared)


def inside(a: PixelBox, b: PixelBox) -> float:
    """Share of `a` that lies in `b`."""
    return overlap(a, b) / max(1, area_of(a))


def grown(box: PixelBox, by: float, at_least: int, shape: tuple[int, ...]) -> PixelBox:
    """The box enlarged by `by` of its size on each side (at least `at_least` pixels), cut at the picture."""
    height, width = shape[:2]
    dx = max(at_least, round((box[2] - box[0]) * by))
    dy = max(at_least, round((box[3] - box[1]) * by))
    return max(0, box[0] - dx), max(0, box[1] - dy), min(width, box[2] + dx), min(height, box[3] + dy)


def region_of(box: PixelBox) -> tuple[slice, slice]:
    """The box as slices of a picture."""
    return slice(box[1], box[3]), slice(box[0], box[2])


def over(one: PixelBox, other: PixelBox) -> bool:
    """So far over each other, and so close, that one bears the other: nothing hovers."""
    (a, b, c, d), (x0, y0, x1, y1) = one, other
    columns, gap = min(c, x1) - max(a, x0), max(b, y0) - min(d, y1)
    return columns >= UPON * min(c - a, x1 - x0) and gap <= OVER * (d - b + y1 - y0)
