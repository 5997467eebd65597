"""Which triangle is seen at which pixel, beside a slow and simple way to find out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.scenes.stock.raster import NONE, nearest

SIDE = 12
quarters = st.integers(-24, 4 * SIDE + 24).map(lambda n: n / 4)
places = st.tuples(quarters, quarters)
triangles = st.lists(st.tuples(places, places, places), max_size=6)


def inside(corners: np.ndarray, x: float, y: float) -> bool:
    sides = [
        (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
        for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)
    ]
    return min(sides) > 1e-6 or max(sides) < -1e-6


@given(triangles)
def test_every_pixel_shows_the_nearest_triangle_that_its_centre_lies_in(shapes: list) -> None:
    screen = np.array(shapes, dtype=np.float64).reshape(-1, 3, 2)
    nearness = np.repeat(np.arange(1.0, len(screen) + 1)[:, None], 3, axis=1)
    seen, near = nearest(screen, nearness, SIDE, SIDE)
    for y in range(SIDE):
        for x in range(SIDE):
            hits = [n for n, one in enumerate(screen) if inside(one, x + 0.5, y + 0.5)]
            # A centre that lies on an edge may be counted or not.
            assert seen[y, x] >= max(hits, default=NONE)
            assert near[y, x] == pytest.approx(seen[y, x] + 1 if seen[y, x] != NONE else 0)
            assert seen[y, x] == NONE or close(screen[seen[y, x]], x + 0.5, y + 0.5)


def close(corners: np.ndarray, x: float, y: float) -> bool:
    """Whether a place lies in a triangle or a hair beside it."""
    low, high = corners.min(0), corners.max(0)
    if not (low[0] - 1e-3 <= x <= high[0] + 1e-3 and low[1] - 1e-3 <= y <= high[1] + 1e-3):
        return False
    middle = corners.mean(0)
    return inside(middle + (corners - middle) * 1.01, x, y) or inside(corners, x, y)


def test_nothing_at_all_is_an_empty_picture() -> None:
    seen, near = nearest(np.empty((0, 3, 2)), np.empty((0, 3)), 5, 4)
    assert seen.shape == near.shape == (4, 5)
    assert (seen == NONE).all()


def test_what_lies_outside_the_picture_is_not_seen() -> None:
    seen, _ = nearest(
        np.array([[[20.0, 1], [30, 1], [20, 9]], [[1, -9], [9, -9], [5, -1]]]), np.ones((2, 3)), 9, 9
    )
    assert (seen == NONE).all()


def test_where_a_triangle_has_a_hole_one_sees_what_is_behind() -> None:
    flat = np.array([[[0.0, 0], [16, 0], [0, 16]]] * 2)
    seen, _ = nearest(flat, np.array([[0.5] * 3, [0.9] * 3]), 8, 8, lambda triangle, weights: triangle == 0)
    assert (seen[:6, :6] == 0).all()
