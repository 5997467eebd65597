"""The pavement without its bicycle, without the bollard, and with more pavement below.

The camera of that shot moves sideways, so that the bollard uncovers most of the wall behind it; the rest
is filled from the wall's own stone, bars and mesh. All numbers are pixels of the still (two to one of the
film), read off it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from simulators.scenes.footage import Image
from simulators.scenes.patch import Edge, band, edge, folded, mask, shifted
from simulators.scenes.still import Field, align, median, sharpen, warp

REFERENCE = 230
CLEAR = range(218, 242, 2)
"""Frames without the man."""
WHOLE = range(206, 242, 2)
"""Frames in which the man, if there, is right of the bollard's places."""
HEIGHT, WIDTH, BELOW = 544, 1280, 176
"""Rows and columns of the still, and rows of pavement added below: a picture of 1280x720."""

_BOLLARD = [
    (405, 205),
    (435, 194),
    (465, 205),
    (487, 240),
    (488, 262),
    (474, 286),
    (474, 296),
    (508, 304),
    (508, 322),
]
_BOLLARD += [
    (494, 332),
    (497, 544),
    (380, 544),
    (380, 332),
    (356, 322),
    (356, 306),
    (392, 296),
    (392, 284),
    (378, 260),
]
_DRIFT = -2.6
"""Pixels a frame that the bollard moves against the wall."""
_GROUND = [
    (0, 338),
    (110, 338),
    (330, 362),
    (420, 364),
    (584, 380),
    (1150, 430),
    (1280, 440),
    (1280, 560),
    (0, 560),
]

_PLINTH = (edge((330, 180), (535, 166)), edge((330, 350), (584, 377)))
_LEDGE = (edge((600, 107), (1240, 54)), edge((755, 142), (1235, 112)))
_BARS = edge((590, 54), (1050, 1))
_GRATING = (edge((584, 234), (1150, 232)), edge((584, 377), (1150, 427)))
_ROOF = edge((0, 0), (WIDTH, 0))


@dataclass(frozen=True, slots=True, eq=False)
class Pavement:
    """The still as filmed, and the street made empty."""

    filmed: Field
    """544x1280: wall, bicycle and bollard."""
    empty: Image
    """720x1280: nothing stands there."""


def pavement(film: Sequence[Image]) -> Pavement:
    """Derive both from the film; the same film gives the same pixels."""
    planes = np.zeros((2, 272, 640), dtype=np.uint8)
    planes[0, :200, 300:] = planes[0, :150, :170] = 255
    planes[1, 205:, 275:] = planes[1, 185:, :160] = 255
    on_wall = align(film, REFERENCE, WHOLE, planes[0])
    on_ground = align(film, REFERENCE, CLEAR, planes[1])
    filmed = median(film, on_wall, CLEAR)
    ground = median(film, on_ground, CLEAR)
    wall = _behind_bollard(film, on_wall, filmed)
    for picture in (wall, ground):
        _trim(picture)
    wall, ground = _mend_wall(wall), _mend_ground(ground)
    inside = mask(wall.shape, [_GROUND], 2.0)
    street = sharpen(wall * (1 - inside) + ground * inside)
    return Pavement(sharpen(filmed), np.round(_lengthen(street)).astype(np.uint8))


def _trim(picture: Field) -> None:
    """The film's rim is black over a pixel or two: repeat what is beside it."""
    picture[:4], picture[-4:] = picture[4], picture[-5]
    picture[:, :4], picture[:, -6:] = picture[:, 4:5], picture[:, -7:-6]


def _behind_bollard(film: Sequence[Image], on_wall: dict[int, Field], filmed: Field) -> Field:
    """The wall where the bollard stands in the reference, from the frames in which it stands elsewhere."""
    total = np.zeros_like(filmed)
    weight = np.zeros((HEIGHT, WIDTH, 1), dtype=np.float32)
    for number in WHOLE:
        covered = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        place = np.array(_BOLLARD) + np.array([(number - REFERENCE) * _DRIFT, 0])
        cv2.fillPoly(covered, [place.astype(np.int32)], 1)
        free = (cv2.dilate(covered, np.ones((9, 9), np.uint8)) == 0)[..., None].astype(np.float32)
        total += warp(film[number], on_wall[number]) * free
        weight += free
    inside = mask(filmed.shape, [[(345, 185), (560, 185), (560, 544), (345, 544)]], 3.0)
    mended = filmed * (1 - inside) + total / np.maximum(weight, 1) * inside
    return np.asarray(mended, dtype=np.float32)


def _mend_wall(wall: Field) -> Field:
    """Remove the bicycle from the wall, from left to right and from the top down."""
    window: tuple[Edge, Edge] = (_BARS, _LEDGE[0])
    panel = (_LEDGE[1], _GRATING[0])
    hole = [(386, 190), (494, 186), (494, 380), (386, 372)]
    wall = folded(wall, hole, (494, 514), _PLINTH, at=494, feather=5)
    wall = folded(
        wall, [(516, 166), (584, 162), (584, 384), (516, 378)], (494, 514), _PLINTH, at=514, feather=4
    )
    saddle, lamp = band(676, 786, _ROOF, _LEDGE[0]), band(858, 1012, _ROOF, _LEDGE[0])
    wall = folded(wall, saddle, (788, 833), window, at=788, repeat=True, feather=1.5)
    wall = folded(wall, lamp, (812, 858), window, at=858, repeat=True, period=55, feather=1.5)
    for left, right, at in ((532, 790, 790), (915, 1050, 915)):
        wall = folded(wall, band(left, right, *_LEDGE, more=-2), (790, 915), _LEDGE, at=at)
    wall = folded(wall, band(584, 768, *panel), (768, 797), panel, at=768)
    wall = folded(wall, band(797, 1050, *panel), (680, 797), panel, at=797, feather=3)
    return folded(wall, band(584, 1030, *_GRATING, more=2), (1030, 1146), _GRATING, at=1030, feather=1.5)


def _mend_ground(ground: Field) -> Field:
    """Remove the bollard, the rear wheel's foot and the mudguard's end from the pavement."""
    ground = shifted(ground, [(355, 345), (515, 345), (515, 560), (355, 560)], (-152, -10))
    ground = shifted(ground, [(540, 372), (730, 376), (730, 408), (540, 406)], (0, 34))
    return shifted(ground, [(818, 396), (858, 396), (858, 440), (818, 440)], (45, 4), 3.0)


def _lengthen(street: Field) -> Field:
    """Add pavement below: the nearest stones again, half as large again, joined at the least visible seam."""
    overlap = 40
    near = street[424 : HEIGHT - 8, 140:994]
    more = cv2.resize(near, (WIDTH, BELOW + overlap), interpolation=cv2.INTER_CUBIC)[:, ::-1]
    cost = np.abs(street[HEIGHT - overlap :] - more[:overlap]).sum(axis=2)
    total = cost.copy()
    for column in range(1, WIDTH):
        before = np.pad(total[:, column - 1], 1, constant_values=np.inf)
        total[:, column] += np.minimum(np.minimum(before[:-2], before[1:-1]), before[2:])
    row = int(total[:, -1].argmin())
    seam = np.zeros(WIDTH, dtype=np.float32)
    for column in range(WIDTH - 1, -1, -1):
        low = max(row - 1, 0)
        row = low + int(total[low : row + 2, column].argmin())
        seam[column] = row
    below = np.clip((np.arange(overlap, dtype=np.float32)[:, None] - seam) / 3 + 0.5, 0, 1)[..., None]
    joined = street[HEIGHT - overlap :] * (1 - below) + more[:overlap] * below
    whole = np.vstack([street[: HEIGHT - overlap], joined, more[overlap:]])
    return np.asarray(np.clip(whole, 0, 255), dtype=np.float32)
