"""The scan of a picture for what was there before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.see.blobs import inside, overlap
from edge.see.detector import FakeDetector
from edge.see.scanning import SCAN_FLOOR, look_at, scan, tiles, without_repeats
from tests.edge.seeing_for_tests import Seeing, mapped

SHAPE = (360, 640)
COLOUR = np.zeros((720, 1280, 3), np.uint8)


def found(*things, labels=frozenset({"bicycle", "car"})):
    return scan(Seeing(*things), mapped(), SHAPE, labels, tiles(SHAPE))


def test_the_scan_finds_each_thing_once_in_the_analysed_pictures_pixels():
    two = found(("bicycle", 0.8, (200, 200, 280, 260)), ("car", 0.7, (900, 400, 1100, 500)))
    assert [one.label for one, _ in two] == ["bicycle", "car"]
    assert two[0][1] == pytest.approx((100, 100, 140, 130), abs=4)
    assert two[1][1] == pytest.approx((450, 200, 550, 250), abs=4)


@pytest.mark.parametrize(
    ("what", "thing"),
    [
        ("not asked for", ("person", 0.9, (200, 200, 280, 260))),
        ("too faint", ("bicycle", SCAN_FLOOR - 0.01, (200, 200, 280, 260))),
        ("too small", ("bicycle", 0.9, (200, 200, 212, 260))),
        ("nearly the whole picture", ("car", 0.9, (0, 0, 1270, 700))),
    ],
)
def test_the_scan_leaves_out_what_is(what, thing):
    assert found(thing) == [], what


def test_the_best_of_several_boxes_around_one_thing_is_kept():
    boxes_of_one = [("bicycle", 0.6, (200, 200, 300, 300)), ("car", 0.9, (204, 200, 300, 296))]
    ((kept, _),) = found(*boxes_of_one)
    assert kept.label == "car"


def test_without_areas_the_scan_looks_at_the_whole_and_at_six_parts():
    detector = FakeDetector([])
    assert scan(detector, COLOUR, SHAPE, frozenset({"bicycle"}), tiles(SHAPE)) == []
    assert len(detector.shown) == 7
    assert detector.shown[0] == (720, 1280, 3)


areas = st.tuples(st.integers(0, 560), st.integers(0, 300), st.integers(40, 400), st.integers(40, 300)).map(
    lambda made: (made[0], made[1], min(640, made[0] + made[2]), min(360, made[1] + made[3]))
)


@given(area=areas)
def test_every_pixel_of_an_area_is_shown_and_no_tile_lies_elsewhere(area):
    shown = np.zeros(SHAPE, bool)
    for tile in tiles(SHAPE, [area]):
        x0, y0, x1, y1 = tile
        assert 0 <= x0 < x1 <= 640
        assert 0 <= y0 < y1 <= 360
        assert overlap(tile, area) > 0
        shown[y0:y1, x0:x1] = True
    assert shown[area[1] : area[3], area[0] : area[2]].all()


@given(area=areas)
def test_whatever_lies_in_an_area_is_wholly_in_some_tile_of_its_size(area):
    x, y = (area[0] + area[2]) // 2, (area[1] + area[3]) // 2
    thing = (max(0, x - 20), max(0, y - 15), min(640, x + 20), min(360, y + 15))
    assert max(inside(thing, tile) for tile in tiles(SHAPE, [area])) == 1.0


def test_a_small_zone_costs_a_fraction_of_the_looks_of_the_whole_picture():
    everywhere = tiles(SHAPE, [(0, 0, 640, 360)])
    assert len(tiles(SHAPE, [(200, 150, 360, 260)])) < len(everywhere) / 2
    assert set(tiles(SHAPE, [(200, 150, 360, 260)])) < set(everywhere)


def test_tile_by_tile_finds_what_the_scan_at_once_finds():
    seeing, labels = Seeing(("bicycle", 0.8, (200, 200, 280, 260))), frozenset({"bicycle"})
    area = (60, 60, 260, 260)
    one_by_one = [
        found for tile in tiles(SHAPE, [area]) for found in look_at(seeing, mapped(), SHAPE, labels, tile)
    ]
    assert len(one_by_one) > 1
    assert without_repeats(one_by_one) == scan(seeing, mapped(), SHAPE, labels, tiles(SHAPE, [area]))
    assert len(without_repeats(one_by_one)) == 1
