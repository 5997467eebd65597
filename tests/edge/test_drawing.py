"""The photo that goes with a condition."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.keep.drawing import BOX, ZONE, annotated, jpeg

GREY = np.full((360, 640, 3), 120, np.uint8)
parts = st.floats(0.0, 1.0)
outlines = st.lists(st.tuples(parts, parts), min_size=3, max_size=8)
boxes = st.tuples(parts, parts, parts, parts)


@given(outline=st.none() | outlines, box=st.none() | boxes)
def test_any_zone_and_box_can_be_drawn_and_the_picture_itself_is_left_alone(outline, box):
    before = GREY.copy()
    drawn = annotated(GREY, outline, box)
    assert np.array_equal(before, GREY)
    assert drawn.shape == GREY.shape
    assert drawn.dtype == np.uint8
    assert (outline is None and box is None) == np.array_equal(drawn, GREY)


def test_the_box_is_drawn_around_the_thing_and_not_over_it():
    drawn = annotated(GREY, None, (0.25, 0.25, 0.75, 0.75))
    assert tuple(drawn[90, 320]) == BOX
    assert tuple(drawn[180, 160]) == BOX
    assert np.array_equal(drawn[100:260, 180:460], GREY[100:260, 180:460])
    assert np.array_equal(drawn[:80], GREY[:80])
    for beside in (158, 162):  # a dark line under the bright one, for snow
        assert drawn[180, beside].max() < 60


def test_the_zone_is_outlined_and_tinted_but_what_lies_in_it_stays_visible():
    picture = np.random.default_rng(1).integers(0, 256, GREY.shape, np.uint8)
    drawn = annotated(picture, [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)], None)
    assert tuple(drawn[72, 320]) == ZONE
    inside = (slice(100, 260), slice(160, 480))
    assert np.abs(drawn[inside].astype(int) - picture[inside]).max() <= 26
    assert not np.array_equal(drawn[inside], picture[inside])
    assert np.array_equal(drawn[:60], picture[:60])


def test_a_zone_over_the_whole_picture_keeps_its_outline_within_it():
    drawn = annotated(GREY, [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)], None)
    for y, x in ((0, 320), (359, 320), (180, 0), (180, 639)):
        assert tuple(drawn[y, x]) == ZONE


@pytest.mark.parametrize("width", [160, 640, 1920])
def test_lines_grow_with_the_picture(width):
    grey = np.full((width * 9 // 16, width, 3), 120, np.uint8)
    column = annotated(grey, None, (0.2, 0.2, 0.8, 0.8))[grey.shape[0] // 2, : width // 2]
    thick = int((np.abs(column.astype(int) - BOX).sum(axis=1) < 10).sum())
    assert max(2, width // 400) <= thick <= max(2, width // 400) + 1


def test_the_photo_is_a_jpeg_that_shows_the_same():
    drawn = annotated(GREY, [(0.1, 0.1), (0.9, 0.1), (0.5, 0.9)], (0.4, 0.4, 0.6, 0.6))
    data = jpeg(drawn)
    assert data.startswith(b"\xff\xd8")
    assert data.endswith(b"\xff\xd9")
    back = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert back.shape == drawn.shape
    assert np.abs(back.astype(int) - drawn).mean() < 3
