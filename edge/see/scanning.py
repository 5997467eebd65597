"""The scan of a picture for things that were there before anybody looked: tile by tile, where zones are.

The model recognises a two-wheeler well when it fills 40 % of what it is shown, and hardly below 20 %, so
tiles come in sizes. A scan is a list of tiles, one look each; whoever must spread it over several pictures
takes a few of them at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from edge.see.blobs import PixelBox, area_of, inside, iou, overlap
from edge.see.detector import Colour, Detection, Detector

SCAN_FLOOR = 0.5
"""For the scan of a whole picture, where nothing else points at a place."""
HINT = 0.08
"""Score from which something in a large tile is worth a closer look. Of 97 things that all tiles together
found in pictures shrunk to a half, tiles chosen by such hints found 92, and 106 of 118 in ones shrunk to a
third, in a fifth of the looks; of 119 in pictures as they are, all."""
SMALLEST = 8
"""Pixels of the analysed picture; nothing can be said of less."""
LARGEST = 0.5
"""Of the picture: what fills more of it is no thing in a street, but the street: bare roads pass for cars."""
SCALES = ((0.45, 0.65), (0.3, 0.4), (0.2, 0.27))
"""Width and height of tiles in parts of the picture. Of 46 bicycles of 48 to 240 pixels in a picture of 1280,
the seven large tiles found 14, with the second size 25, with the third 37."""
TOUCHES = 0.1
"""Share of a tile's core, or of an area, that the two must have in common."""
SHARED = 0.38
"""Share of a tile's width, or height, that the next tile shows as well, at least."""
CUT = 0.03
"""Part of a tile, at its border, within which a thing ends that goes on beyond it."""
Found = tuple[Detection, PixelBox]
"""A detection, and its box in pixels of the analysed picture."""


def tiles(shape: tuple[int, ...], areas: Sequence[PixelBox] = ()) -> tuple[PixelBox, ...]:
    """What to look at, in pixels of the analysed picture, the largest first.

    Args:
        shape: of the analysed picture.
        areas: boxes in which things matter: the whole picture, and of all sizes the tiles that show things
            in the middle of one best.
            Without any, the picture and six overlapping parts of it, which find large things only but cost
            only seven looks.
    """
    height, width = shape[:2]
    whole = (0, 0, width, height)
    if not areas:
        return whole, *(tile for tile, _ in _grid(width, height, *SCALES[0]))
    every = [*_grid(width, height, *SCALES[0]), *closer(shape).items()]
    return whole, *(tile for tile, core in every if any(_shows(core, area) for area in areas))


def closer(shape: tuple[int, ...]) -> dict[PixelBox, PixelBox]:
    """The tiles for a closer look, all but the largest, and the core of each.

    That is the part of the picture that is nearer to its middle than to that of any other of its size.
    """
    return {tile: core for scale in SCALES[1:] for tile, core in _grid(shape[1], shape[0], *scale)}


def _grid(width: int, height: int, wide: float, high: float) -> list[tuple[PixelBox, PixelBox]]:
    """Tiles of that part of the picture, each overlapping its neighbours by some 40 %, and their cores."""
    tile = round(wide * width), round(high * height)
    return [
        ((x, y, x + tile[0], y + tile[1]), (left, top, right, bottom))
        for y, top, bottom in _starts(height, tile[1])
        for x, left, right in _starts(width, tile[0])
    ]


def _starts(length: int, tile: int) -> list[tuple[int, int, int]]:
    """Where tiles begin, and where their cores begin and end."""
    many = max(2, math.ceil((length - tile) / (0.62 * tile)) + 1)
    starts = [round(index * (length - tile) / (many - 1)) for index in range(many)]
    between = [0, *((before + after + tile) // 2 for before, after in pairwise(starts)), length]
    return list(zip(starts, between, between[1:], strict=False))


def _shows(core: PixelBox, area: PixelBox) -> bool:
    return overlap(core, area) >= TOUCHES * max(1, min(area_of(core), area_of(area)))


def look_at(
    detector: Detector,
    colour: Colour,
    shape: tuple[int, ...],
    labels: frozenset[str],
    tile: PixelBox,
    floor: float = SCAN_FLOOR,
) -> list[Found]:
    """The things of `labels` in one tile of the picture (`colour` of any size), scored at least `floor`.

    What the tile's border cuts off is left out where another tile shows all of it, be it a larger one.
    """
    height, width = colour.shape[:2]
    across, down = width / shape[1], height / shape[0]
    most = LARGEST * shape[0] * shape[1]
    left, top = round(tile[0] * across), round(tile[1] * down)
    part = np.ascontiguousarray(colour[top : round(tile[3] * down), left : round(tile[2] * across)])
    found = []
    for one in detector.detect(part, floor):
        x0, y0, x1, y1 = one.box
        box: PixelBox = (
            round((left + x0) / across),
            round((top + y0) / down),
            round((left + x1) / across),
            round((top + y1) / down),
        )
        fits = min(box[2] - box[0], box[3] - box[1]) >= SMALLEST and area_of(box) <= most
        if one.label not in labels or not fits:
            continue
        if not any(_cut(box, tile, shape, axis) for axis in (0, 1)):
            found.append((one, box))
    return found


def _cut(box: PixelBox, tile: PixelBox, shape: tuple[int, ...], axis: int) -> bool:
    """Whether the box ends at the tile's left or right (axis 0), top or bottom (1), and another has more."""
    end, long = (shape[1], shape[0])[axis], tile[axis + 2] - tile[axis]
    low = tile[axis] > 0 and box[axis] <= tile[axis] + CUT * long
    high = tile[axis + 2] < end and box[axis + 2] >= tile[axis + 2] - CUT * long
    largest = long >= round(SCALES[0][axis] * end)
    return (low or high) and not (largest and box[axis + 2] - box[axis] >= SHARED * long)


def without_repeats(found: Iterable[Found]) -> list[Found]:
    """The best of the boxes around each thing, best first."""
    kept: list[Found] = []
    for one, box in sorted(found, key=lambda pair: -pair[0].score):
        if all(
            iou(box, other) < 0.4 and max(inside(box, other), inside(other, box)) < 0.7 for _, other in kept
        ):
            kept.append((one, box))
    return kept


def scan(
    detector: Detector,
    colour: Colour,
    shape: tuple[int, ...],
    labels: frozenset[str],
    shown: Iterable[PixelBox],
    floor: float = SCAN_FLOOR,
) -> list[Found]:
    """The things of `labels` in the tiles `shown`, by scores from `floor`, best first; each thing once."""
    return without_repeats(
        one for tile in shown for one in look_at(detector, colour, shape, labels, tile, floor)
    )
