"""Which triangle is seen at which pixel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulators.scenes.stock.mesh import Reals, Whole

_AT_ONCE = 2_000_000
"""Pixels looked at together; bounds the memory."""
NONE = -1


Keep = Callable[[Whole, Reals], NDArray[np.bool_]]
"""Of triangles and places in them (by corners' weights): whether there is anything there."""


def nearest(
    screen: Reals, nearness: Reals, width: int, height: int, keep: Keep | None = None
) -> tuple[Whole, Reals]:
    """The nearest triangle at each pixel's centre.

    Triangles are taken in groups of like size, each with a square of pixels around it, so that numpy and
    not Python goes through the pixels.

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
    low = np.ceil(screen.min(1) - 0.5).astype(np.int64)
    side = (np.floor(screen.max(1) - 0.5).astype(np.int64) - low + 1).max(1)
    touched = (np.floor(screen.max(1) - 0.5).astype(np.int64) >= low).all(1)
    inside = touched & (low < (width, height)).all(1) & (low + side[:, None] > 0).all(1)
    step = np.ceil(np.log2(np.maximum(side, 1))).astype(int)
    for power in np.unique(step[inside]):
        span = 1 << int(power)
        members = np.flatnonzero(inside & (step == power))
        many = max(1, _AT_ONCE // (span * span))
        for start in range(0, len(members), many):
            _stamp(
                members[start : start + many],
                span,
                (screen, nearness, low),
                (width, height),
                (best, seen),
                keep,
            )
    return seen.reshape(height, width), best.reshape(height, width)


def _stamp(
    which: Whole,
    span: int,
    what: tuple[Reals, Reals, Whole],
    size: tuple[int, int],
    into: tuple[Reals, Whole],
    keep: Keep | None,
) -> None:
    (screen, nearness, low), (best, seen) = what, into
    y, x = np.mgrid[0:span, 0:span].reshape(2, 1, -1)
    px, py = low[which, :1] + x, low[which, 1:] + y
    u, v, w = _weights(screen[which][:, None], px.astype(np.float64) + 0.5, py.astype(np.float64) + 0.5)
    near = nearness[which].T[..., None]
    depth = u * near[0] + v * near[1] + w * near[2]
    take = (np.minimum(np.minimum(u, v), w) >= -1e-9) & (depth > 0)
    take &= (px >= 0) & (py >= 0) & (px < size[0]) & (py < size[1])
    at, there = (py * size[0] + px)[take], depth[take]
    owner = np.broadcast_to(which[:, None], take.shape)[take]
    if keep is not None:
        kept = keep(owner, np.stack([u[take], v[take], w[take]], -1))
        at, there, owner = at[kept], there[kept], owner[kept]
    np.maximum.at(best, at, there)
    won = there >= best[at]
    seen[at[won]] = owner[won]


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
