"""What the detector is shown of a place, and what its answer says of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.see.detector import Colour, Detection, FakeDetector
from edge.see.naming import CONTEXTS, FLOOR, FLOOR_ANIMATE, SCAN_FLOOR, crop_box, name_place, scan

SHAPE = (360, 640)
COLOUR = np.zeros((720, 1280, 3), np.uint8)
PLACE = (300, 150, 340, 190)
boxes = st.tuples(st.integers(0, 600), st.integers(0, 330), st.integers(1, 400), st.integers(1, 300)).map(
    lambda made: (made[0], made[1], min(640, made[0] + made[2]), min(360, made[1] + made[3]))
)


class Seeing:
    """A detector that finds things at known places of the whole picture, in any part that shows half of them.

    The pixels of the picture tell where they are: blue and green hold x and y, in steps of 8 pixels.
    """

    def __init__(self, *things: tuple[str, float, tuple[int, int, int, int]]) -> None:
        self.things = things

    def detect(self, picture: Colour, floor: float) -> list[Detection]:
        left, top = 8.0 * picture[0, 0, 0], 8.0 * picture[0, 0, 1]
        height, width = picture.shape[:2]
        found = []
        for label, score, (x0, y0, x1, y1) in self.things:
            box = (max(0.0, x0 - left), max(0.0, y0 - top), min(width, x1 - left), min(height, y1 - top))
            shown = max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
            if shown >= 0.5 * (x1 - x0) * (y1 - y0) and score >= floor:
                found.append(Detection(label, score, box))
        return found


def mapped() -> Colour:
    """1280 by 720, for `Seeing`."""
    y, x = np.mgrid[0:720, 0:1280] // 8
    return np.stack((x, y, np.zeros_like(x)), 2).astype(np.uint8)


@given(box=boxes, context=st.sampled_from(CONTEXTS))
def test_the_crop_holds_the_place_lies_in_the_picture_and_is_nearly_square(box, context):
    x0, y0, x1, y1 = crop_box(box, context, SHAPE)
    assert 0 <= x0 <= box[0]
    assert 0 <= y0 <= box[1]
    assert box[2] <= x1 <= 640
    assert box[3] <= y1 <= 360
    width, height = x1 - x0, y1 - y0
    if x0 > 0 and x1 < 640 and y0 > 0 and y1 < 360:
        assert max(width, height) / min(width, height) <= 1.65


def test_both_contexts_are_shown_at_the_size_of_the_colour_picture():
    detector = FakeDetector([])
    assert name_place(detector, COLOUR, PLACE, SHAPE) is None
    sizes = [(y1 - y0, x1 - x0) for x0, y0, x1, y1 in (crop_box(PLACE, more, SHAPE) for more in CONTEXTS)]
    assert detector.shown == [(2 * height, 2 * width, 3) for height, width in sizes]


def test_a_thing_is_named_with_its_box_in_the_analysed_picture():
    name = name_place(Seeing(("bicycle", 0.8, (592, 296, 692, 388))), mapped(), PLACE, SHAPE)
    assert name is not None
    assert (name.label, name.score) == ("bicycle", 0.8)
    assert name.box == pytest.approx((296, 148, 346, 194), abs=4)


@pytest.mark.parametrize(
    ("what", "thing"),
    [
        ("too faint", ("bicycle", FLOOR - 0.01, (600, 300, 680, 380))),
        ("beside the place", ("bicycle", 0.9, (440, 300, 580, 380))),
        ("hardly on it", ("bicycle", 0.9, (560, 300, 620, 380))),
        ("what it lies in front of", ("truck", 0.9, (532, 232, 748, 448))),
        ("no thing of the street", ("cell phone", 0.9, (600, 300, 680, 380))),
        ("a faint person", ("person", FLOOR_ANIMATE - 0.01, (600, 300, 680, 380))),
    ],
)
def test_a_place_gets_no_name_from(what, thing):
    assert name_place(Seeing(thing), mapped(), PLACE, SHAPE) is None, what


def test_a_person_is_believed_sooner_than_a_thing_and_may_be_larger_than_the_still_part():
    somebody = ("person", FLOOR_ANIMATE + 0.01, (580, 120, 720, 400))
    name = name_place(Seeing(somebody), mapped(), PLACE, SHAPE)
    assert name is not None
    assert name.label == "person"


def test_of_two_answers_the_one_that_covers_the_place_better_wins():
    half, whole = ("car", 0.8, (600, 300, 640, 380)), ("bicycle", 0.6, (600, 300, 680, 380))
    name = name_place(Seeing(half, whole), mapped(), PLACE, SHAPE)
    assert name is not None
    assert name.label == "bicycle"


@given(box=boxes)
def test_any_place_can_be_asked_about_in_any_size_of_picture(box):
    for size in ((720, 1280), (90, 160), (360, 640)):
        detector = FakeDetector([[Detection("bicycle", 0.9, (0.0, 0.0, 5.0, 5.0))]])
        name = name_place(detector, np.zeros((*size, 3), np.uint8), box, SHAPE)
        assert all(min(shown[:2]) >= 1 for shown in detector.shown)
        assert name is None or name.label == "bicycle"


def found(*things, labels=frozenset({"bicycle", "car"})):
    return scan(Seeing(*things), mapped(), SHAPE, labels)


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
    ],
)
def test_the_scan_leaves_out_what_is(what, thing):
    assert found(thing) == [], what


def test_the_best_of_several_boxes_around_one_thing_is_kept():
    boxes_of_one = [("bicycle", 0.6, (200, 200, 300, 300)), ("car", 0.9, (204, 200, 300, 296))]
    ((kept, _),) = found(*boxes_of_one)
    assert kept.label == "car"


def test_the_scan_looks_at_the_whole_and_at_six_parts():
    detector = FakeDetector([])
    assert scan(detector, COLOUR, SHAPE, frozenset({"bicycle"})) == []
    assert len(detector.shown) == 7
    assert detector.shown[0] == (720, 1280, 3)


def covers() -> Callable[[int, int], bool]:
    """Which pixels of the picture any part of the scan shows."""
    seen = np.zeros((720, 1280), bool)

    class Marks:
        def detect(self, picture: Colour, floor: float) -> list[Detection]:
            if picture.shape[:2] != (720, 1280):
                left, top = 8 * int(picture[0, 0, 0]), 8 * int(picture[0, 0, 1])
                seen[top : top + picture.shape[0] + 8, left : left + picture.shape[1] + 8] = True
            return []

    scan(Marks(), mapped(), SHAPE, frozenset())
    return lambda x, y: bool(seen[y, x])


def test_the_parts_leave_no_corner_unseen():
    seen = covers()
    assert all(seen(x, y) for x in range(0, 1280, 40) for y in range(0, 720, 40))
    assert all(seen(x, y) for x in (0, 1279) for y in (0, 719))
