"""Which triangle is seen at which pixel."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from simulators.scenes.stock.mesh import Reals, Whole

_AT_ONCE = 500_000
"""Pixels looked at together; bounds the memory."""
_SLACK = 1e-3
"""Pixels by which a row of a triangle is taken longer, so that rounding loses none; the weights decide."""
NONE = -1


Keep = Callable[[Whole, Reals], NDArray[np.bool_]]
"""Of triangles and places in them (by corners' weights): whether there is anything there."""


def nearest(
    screen: Reals, nearness: Reals, width: int, height: int, keep: Keep | None = None
) -> tuple[Whole, Reals]:
    """The nearest triangle at each pixel's centre.

    All rows of all triangles are worked out together, then the pixels of many rows, so that numpy and not
    Python goes through them.

    Args:
        screen: n x 3 corners x 2, pixels.
        nearness: n x 3 corners; larger is nearer, and linear on the screen (1 / distance in perspective).
        width: of the picture.
        height: of the picture.
        keep: asked for each pixel of each triangle; where it says no, one sees what is behind.

    Returns:
        height x width: the triangle's index or -1, and its nearness (0 where none is).
    """
    best, seen = np.zeros(height * width), np.full(height * width, NONE, dtype=np.int64)
    for which, x, y in _pixels(screen, width, height):
        u, v, w = _weights(screen[which], x.astype(np.float64) + 0.5, y.astype(np.float64) + 0.5)
        near = nearness[which]
        depth = u * near[:, 0] + v * near[:, 1] + w * near[:, 2]
        take = (np.minimum(np.minimum(u, v), w) >= -1e-9) & (depth > 0)
        if keep is not None:
            inside = np.flatnonzero(take)
            take[inside] = keep(which[inside], np.stack([u[inside], v[inside], w[inside]], -1))
        which, at, depth = which[take], (y * width + x)[take], depth[take]
        np.maximum.at(best, at, depth)
        won = depth >= best[at]
        seen[at[won]] = which[won]
    return seen.reshape(height, width), best.reshape(height, width)


def _pixels(screen: Reals, width: int, height: int) -> Iterator[tuple[Whole, Whole, Whole]]:
    """Triangle, column and row of every pixel whose centre can lie in a triangle."""
    low = np.clip(np.ceil(screen[..., 1].min(1) - 0.5), 0, height).astype(np.int64)
    high = np.clip(np.floor(screen[..., 1].max(1) - 0.5), -1, height - 1).astype(np.int64)
    which, y = _each(low, high)
    left, right = _span(screen[which], y.astype(np.float64) + 0.5)
    first = np.clip(np.ceil(left - 0.5 - _SLACK), 0, width).astype(np.int64)
    last = np.clip(np.floor(right - 0.5 + _SLACK), -1, width - 1).astype(np.int64)
    total = np.cumsum(np.maximum(last - first + 1, 0))
    cuts = np.searchsorted(total, np.arange(_AT_ONCE, total[-1] if len(total) else 0, _AT_ONCE))
    for rows in np.split(np.arange(len(which)), cuts):
        row, x = _each(first[rows], last[rows])
        yield which[rows][row], x, y[rows][row]


def _each(first: Whole, last: Whole) -> tuple[Whole, Whole]:
    """Every whole number from `first` to `last` of each pair, and which pair it is of."""
    count = np.maximum(last - first + 1, 0)
    which = np.repeat(np.arange(len(first)), count)
    begin = np.cumsum(count) - count
    return which, np.arange(len(which)) - begin[which] + first[which]


def _span(corners: Reals, y: Reals) -> tuple[Reals, Reals]:
    """From where to where a triangle lies on the line at `y`."""
    left, right = np.full(len(y), np.inf), np.full(len(y), -np.inf)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        (ax, ay), (bx, by) = corners[:, one].T, corners[:, other].T
        crossed = (np.minimum(ay, by) <= y) & (y <= np.maximum(ay, by)) & (ay != by)
        x = ax + (y - ay) * (bx - ax) / np.where(crossed, by - ay, 1.0)
        left = np.where(crossed, np.minimum(left, x), left)
        right = np.where(crossed, np.maximum(right, x), right)
    return np.where(left <= right, left, 0.0), np.where(left <= right, right, -2.0)


def barycentric(corners: Reals, at: Reals) -> Reals:
    """How much of each corner there is at a place; a triangle without area gives -1."""
    return np.stack(_weights(corners, at[..., 0], at[..., 1]), -1)


def _weights(corners: Reals, x: Reals, y: Reals) -> tuple[Reals, Reals, Reals]:
    (ax, ay), (bx, by), (cx, cy) = ((corners[..., k, 0], corners[..., k, 1]) for k in range(3))
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    flat = np.abs(area) < 1e-12
    part = 1 / np.where(flat, 1.0, area)
    u = ((cx - bx) * (y - by) - (cy - by) * (x - bx)) * part
    v = ((ax - cx) * (y - cy) - (ay - cy) * (x - cx)) * part
    u = np.where(flat, -1.0, u)
    return u, v, 1 - u - v
