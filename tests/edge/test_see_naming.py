"""What the detector is shown of a place, and what its answer says of it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ids import uuid7
from edge.see.detector import FLOOR, FLOOR_ANIMATE, Colour, Detection, FakeDetector
from edge.see.eye import Eye
from edge.see.naming import CROPS, MAX_LOOKS, WIDE, crop_box, name_place
from edge.see.view import Watch
from tests.edge.pictures_for_tests import GROUND, Film, thing
from tests.edge.seeing_for_tests import Seeing, mapped

SHAPE = (360, 640)
COLOUR = np.zeros((720, 1280, 3), np.uint8)
PLACE = (300, 150, 340, 190)
boxes = st.tuples(st.integers(0, 600), st.integers(0, 330), st.integers(1, 400), st.integers(1, 300)).map(
    lambda made: (made[0], made[1], min(640, made[0] + made[2]), min(360, made[1] + made[3]))
)


class Cropped(Seeing):
    """The same, but it sees whatever part of a thing it is shown."""

    def detect(self, picture: Colour, floor: float) -> list[Detection]:
        left, top = 8.0 * picture[0, 0, 0], 8.0 * picture[0, 0, 1]
        height, width = picture.shape[:2]
        boxes = [
            (
                label,
                score,
                (max(0.0, x0 - left), max(0.0, y0 - top), min(width, x1 - left), min(height, y1 - top)),
            )
            for label, score, (x0, y0, x1, y1) in self.things
        ]
        return [Detection(label, score, box) for label, score, box in boxes if score >= floor]


@given(box=boxes, context=st.sampled_from([context for context, _ in CROPS]))
def test_the_crop_holds_the_place_lies_in_the_picture_and_is_nearly_square(box, context):
    x0, y0, x1, y1 = crop_box(box, context, SHAPE)
    assert 0 <= x0 <= box[0]
    assert 0 <= y0 <= box[1]
    assert box[2] <= x1 <= 640
    assert box[3] <= y1 <= 360
    width, height = x1 - x0, y1 - y0
    if x0 > 0 and x1 < 640 and y0 > 0 and y1 < 360:
        # A side is rounded to whole pixels, which tells in the smallest crops.
        assert max(width, height) - 1 <= 1.65 * min(width, height)


def test_each_look_shows_another_crop_and_where_that_tells_nothing_a_wide_one():
    detector = FakeDetector([])
    for look in range(len(CROPS) + 1):
        assert name_place(detector, COLOUR, PLACE, SHAPE, look) is None
    contexts = [one for context, _ in (*CROPS, CROPS[0]) for one in (context, WIDE)]
    boxes_shown = [crop_box(PLACE, context, SHAPE) for context in contexts]
    assert detector.shown == [(2 * (y1 - y0), 2 * (x1 - x0), 3) for x0, y0, x1, y1 in boxes_shown]


class Corner:
    """Finds a bicycle where blue is full."""

    def detect(self, picture: Colour, floor: float) -> list[Detection]:
        rows, columns = np.nonzero(picture[..., 0] == 255)
        box = (float(columns.min()), float(rows.min()), columns.max() + 1.0, rows.max() + 1.0)
        return [Detection("bicycle", 0.9, box)]


@pytest.mark.parametrize("look", range(len(CROPS)))
def test_the_box_is_where_the_thing_is_though_the_model_was_shown_a_mirror(look):
    picture = COLOUR.copy()
    picture[302:360, 604:650, 0] = 255
    name = name_place(Corner(), picture, PLACE, SHAPE, look)
    assert name is not None
    assert name.box == pytest.approx((302, 151, 325, 180), abs=1)


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


@pytest.mark.parametrize(
    ("what", "thing", "named"),
    [
        ("goes on to the left and right", ("truck", 0.9, (500, 300, 780, 380)), False),
        ("goes on above only", ("bicycle", 0.9, (604, 200, 676, 376)), True),
        ("is somebody, of whom only the legs are still", ("person", 0.9, (500, 100, 780, 600)), True),
    ],
)
def test_what_goes_on_beyond_the_crop_is_no_name_for_the_place_when_it(what, thing, named):
    for look in (0, 2):
        name = name_place(Cropped(thing), mapped(), PLACE, SHAPE, look)
        assert (name is not None) is named, what


def test_at_the_rim_of_the_picture_nobody_knows_whether_it_goes_on():
    corner = Cropped(("car", 0.9, (0, 600, 110, 720)))
    name = name_place(corner, mapped(), (0, 300, 50, 360), SHAPE)
    assert name is not None
    assert name.label == "car"


def test_a_place_that_was_recognised_close_up_costs_one_look():
    detector = FakeDetector([[Detection("bicycle", 0.9, (10.0, 10.0, 110.0, 110.0))]])
    assert name_place(detector, COLOUR, PLACE, SHAPE) is not None
    assert len(detector.shown) == 1


def test_a_thing_that_only_the_wide_crop_shows_is_none_of_this_place():
    around = FakeDetector([[], [Detection("car", 0.9, (90.0, 90.0, 150.0, 150.0))]])
    assert name_place(around, COLOUR, PLACE, SHAPE) is None
    assert len(around.shown) == 2


class Overlooked:
    """Sees somebody in whatever it is shown, but in two looks in a row."""

    def __init__(self) -> None:
        self.looks = 0

    def detect(self, picture: Colour, floor: float) -> list[Detection]:
        self.looks += 1
        size = (0.0, 0.0, float(picture.shape[1]), float(picture.shape[0]))
        # A look that finds nothing close up is shown a wider crop.
        return [] if 4 <= self.looks <= 7 else [Detection("person", 0.6, size)]


def test_who_is_overlooked_twice_stays_who_he_was_and_is_not_asked_about_at_every_look():
    detector, film = Overlooked(), Film(datetime(2026, 5, 11, tzinfo=UTC))
    eye = Eye(Watch(10.0, 4.0, frozenset()), detector, uuid7)
    votes = [slot.votes for picture in film((GROUND, 8), (thing(), 50)) for slot in eye.look(picture).slots]
    looks = [one.looks for one in votes]
    assert looks == sorted(looks), "nothing is asked anew"
    assert looks.index(5) - looks.index(3) <= 3, "whether he has gone is not left open for long"
    assert 2 < votes[-1].sightings == votes[-1].looks - 2 <= MAX_LOOKS


def test_who_shifts_his_weight_is_no_thing_though_the_detector_knows_nobody():
    still, moved = thing(box=(300, 150, 340, 250)), thing(box=(302, 150, 342, 250))
    for other, lively in ((still, False), (moved, True)):
        eye, film = Eye(Watch(10.0, 4.0, frozenset()), FakeDetector([]), uuid7), Film(datetime.now(UTC))
        for picture in film((GROUND, 8), (still, 6), *[(other, 1), (still, 1)] * 10):
            view = eye.look(picture)
        assert [slot.lively for slot in view.slots] == [lively]
