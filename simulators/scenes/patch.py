"""Filling places of a still from its own texture: shifted, or folded along the lines of a wall."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from simulators.scenes.still import Field

Dot = tuple[float, float]
Shape = Sequence[Dot]
"""A polygon in pixels."""
Edge = Callable[[Field], Field]
"""A straight edge in the picture: y over x."""


def edge(a: Dot, b: Dot) -> Edge:
    """The line through two dots."""
    slope = (b[1] - a[1]) / (b[0] - a[0])
    return lambda x: (a[1] + (x - a[0]) * slope).astype(np.float32)


def band(left: float, right: float, top: Edge, bottom: Edge, more: float = 0.0) -> Shape:
    """The quadrilateral between two edges, `more` pixels wider above and below."""
    x = np.array([left, right, right, left], dtype=np.float32)
    y = np.concatenate([top(x[:2]) - more, bottom(x[2:]) + more])
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def mask(shape: tuple[int, ...], polygons: Sequence[Shape], feather: float) -> Field:
    """1 inside the polygons, 0 outside, soft over about `feather` pixels; height x width x 1."""
    inside = np.zeros(shape[:2], dtype=np.float32)
    for polygon in polygons:
        cv2.fillPoly(inside, [np.round(np.array(polygon)).astype(np.int32)], 1.0, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(inside, (0, 0), feather), dtype=np.float32)[..., None]


def grid(shape: tuple[int, ...]) -> tuple[Field, Field]:
    """The x and the y of every pixel."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    return x, y


def shifted(picture: Field, place: Shape, by: Dot, feather: float = 4.0) -> Field:
    """Fill `place` with what stands `by` pixels to its right and below."""
    x, y = grid(picture.shape)
    other = cv2.remap(picture, x + by[0], y + by[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    inside = mask(picture.shape, [place], feather)
    return np.asarray(picture * (1 - inside) + other * inside, dtype=np.float32)


def folded(
    picture: Field,
    place: Shape,
    columns: tuple[int, int],
    edges: tuple[Edge, Edge],
    *,
    at: float,
    repeat: bool = False,
    period: float | None = None,
    feather: float = 2.0,
) -> Field:
    """Fill `place` with the texture of some columns, laid out between two edges of the wall.

    Args:
        picture: what to mend; not changed.
        place: where.
        columns: first and last column of the texture.
        edges: upper and lower edge; texture keeps its height between them.
        at: the column at which a copy begins.
        repeat: copies follow one another (bars); otherwise every second one is mirrored (stone).
        period: width of one copy, if it is to be stretched.
        feather: softness of the rim, pixels.
    """
    x, y = grid(picture.shape)
    width = float(columns[1] - columns[0])
    along = (x - at) * (width / (period or width))
    if repeat:
        along = np.mod(along, width)
    else:
        along = np.mod(along, 2 * width)
        along = np.where(along > width, 2 * width - along, along)
    source = (columns[0] + along).astype(np.float32)
    top, bottom = edges
    part = (y - top(x)) / (bottom(x) - top(x))
    rows = (top(source) + part * (bottom(source) - top(source))).astype(np.float32)
    other = cv2.remap(picture, source, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    inside = mask(picture.shape, [place], feather)
    return np.asarray(picture * (1 - inside) + other * inside, dtype=np.float32)
