"""What came to rest together, told apart."""

from datetime import UTC, datetime

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from devices.ids import uuid7
from edge.see.anchors import Anchors
from edge.see.detector import Detection
from edge.see.eye import Eye
from edge.see.parting import parts_beyond, parts_in, parts_of, remaining
from edge.see.view import Watch
from tests.edge.pictures_for_tests import GROUND, Film, thing

SHAPE = (360, 640)


def filled(*boxes):
    mask = np.zeros(SHAPE, bool)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    return mask


FRIDGE, CHAIR, SPECK = (100, 100, 180, 240), (200, 160, 250, 220), (300, 300, 306, 304)


def test_parts_are_what_hangs_together_without_specks():
    parts = parts_of(filled(FRIDGE, CHAIR, SPECK))
    assert sorted(box for box, _ in parts) == [FRIDGE, CHAIR]


def test_what_lies_beyond_the_named_thing_is_another_one():
    ((box, part),) = parts_beyond(filled(FRIDGE, CHAIR), FRIDGE)
    assert box == CHAIR
    assert part.sum() == 50 * 60


def test_a_wheel_inside_the_named_box_is_no_thing_of_its_own():
    wheels = filled((100, 200, 140, 240), (170, 200, 210, 240))
    assert parts_beyond(wheels, (95, 150, 215, 245)) == ()


def test_what_touches_somebody_is_cut_off_at_the_box_around_him():
    person, heap = (100, 60, 140, 240), (140, 190, 200, 240)
    beside = filled(person, heap)
    assert parts_beyond(beside, person) == (), "of a thing, what touches it is a part"
    ((box, part),) = parts_beyond(beside, person, somebody=True)
    assert box == (143, 190, 200, 240)
    assert part.sum() == 57 * 50
    arm = filled(person, (140, 120, 152, 130))
    assert parts_beyond(arm, person, somebody=True) == ()


boxes = st.tuples(st.integers(0, 500), st.integers(0, 250)).map(lambda c: (c[0], c[1], c[0] + 60, c[1] + 80))


@given(st.lists(boxes, min_size=2, max_size=4, unique=True))
def test_a_row_is_divided_without_losing_or_doubling_a_pixel(several):
    mask = filled(*several)
    parts = parts_in(mask, several)
    together = sum(part.astype(int) for _, part in parts)
    assert together.max() <= 1
    assert not (together.astype(bool) & ~mask).any()
    # Only what is too small for a thing is left out.
    assert mask.sum() - together.sum() < len(several) * 0.0005 * mask.size


def anchors():
    empty = np.full((100, 200), 90, np.uint8)
    taken = empty.copy()
    taken[20:80, 20:80] = 200
    taken[10:90, 120:180] = 30
    mask = taken != empty
    return Anchors(taken, empty, mask), taken, empty


def test_when_one_of_two_goes_the_other_remains():
    kept, taken, _ = anchors()
    look = taken.copy()
    look[10:90, 120:180] = 90
    stays = remaining(look, kept, 20.0)
    assert stays is not None
    assert stays[40, 50]
    assert not stays[:, 110:].any()


def test_when_two_of_three_go_the_third_remains():
    _, taken, empty = anchors()
    taken[30:70, 90:110] = 250
    taken[30:70, 185:198] = 250
    look = taken.copy()
    look[20:80, 20:80] = 90
    look[30:70, 185:198] = 90
    stays = remaining(look, Anchors(taken, empty, taken != empty), 20.0)
    assert stays is not None
    assert stays[20:80, 130].all()
    assert not stays[:, :85].any()


def test_nothing_remains_of_what_is_all_gone_and_all_of_what_is_all_there():
    kept, taken, empty = anchors()
    assert remaining(empty, kept, 20.0) is None
    assert remaining(taken, kept, 20.0) is None


def beside_a_box(level):
    """Somebody stood beside a box, half of him as grey as the street: his place at that level, in strips."""
    empty = np.full((100, 200), 90, np.uint8)
    taken = empty.copy()
    taken[40:90, 10:90] = 200
    look = taken.copy()
    for x in range(110, 190, 16):
        taken[5:95, x : x + 8] = 30
        look[5:95, x : x + 8] = level
    return look, Anchors(taken, empty, taken != empty)


def test_who_stood_beside_a_thing_is_gone_in_pieces_where_the_ground_itself_shows():
    stays = remaining(*beside_a_box(92), 20.0)
    assert stays is not None
    assert stays[40:90, 10:90].all()
    assert not stays[:, 100:].any()


def test_pieces_only_about_as_grey_as_the_ground_say_nothing():
    assert remaining(*beside_a_box(104), 20.0) is None


def test_nothing_is_said_while_somebody_hides_a_part():
    kept, taken, _ = anchors()
    look = taken.copy()
    look[10:90, 120:180] = 140
    assert remaining(look, kept, 20.0) is None


class LargestBlue:
    """Sees one bicycle in whatever it is shown: the largest blue patch."""

    def detect(self, picture, floor):
        blue = ((picture[..., 0] > 200) & (picture[..., 2] < 100)).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(blue)
        if len(stats) < 2:
            return []
        x, y, w, h, area = (float(v) for v in max(stats[1:], key=lambda one: one[cv2.CC_STAT_AREA]))
        return [Detection("bicycle", 0.9, (x, y, x + w, y + h))] if area >= 200 else []


class Grows:
    """Sees a bicycle in what is about as large as one, as `LargestBlue` does, and counts its looks."""

    def __init__(self) -> None:
        self.looks = 0

    def detect(self, picture, floor):
        self.looks += 1
        return LargestBlue().detect(picture, floor) if picture.shape[1] <= 150 else []


def test_a_bicycle_above_a_heap_that_came_with_it_is_parted_from_it_once():
    bike, heap = (320, 146, 380, 186), (300, 200, 420, 290)
    both = thing(thing(box=heap), box=bike)
    both[200:290, 300:420] = both[200:290, 300:420, ::-1]
    detector = Grows()
    film = Film(datetime(2026, 5, 11, tzinfo=UTC))
    eye = Eye(Watch(10.0, 4.0, frozenset()), detector, uuid7)
    seen = [eye.look(picture).slots for picture in film((GROUND, 8), (both, 16))]
    assert sorted(slot.votes.verdict()[0] for slot in seen[-1]) == ["bicycle", "unknown"]
    assert len({slot.id for slots in seen for slot in slots}) <= 3
    assert detector.looks < 30


def test_two_bicycles_left_together_are_two_though_one_look_finds_one_of_them():
    far, near = (320, 146, 360, 186), (280, 200, 400, 300)
    both = thing(thing(box=near), box=far)
    eye, film = (
        Eye(Watch(10.0, 4.0, frozenset()), LargestBlue(), uuid7),
        Film(datetime(2026, 5, 11, tzinfo=UTC)),
    )
    for picture in film((GROUND, 8), (both, 14)):
        view = eye.look(picture)
    assert [slot.votes.verdict()[0] for slot in view.slots] == ["bicycle", "bicycle"]
    boxes = sorted((slot.box for slot in view.slots), key=lambda box: box[1])
    assert all(
        max(abs(a - b) for a, b in zip(*pair, strict=True)) <= 6
        for pair in zip(boxes, (far, near), strict=True)
    )
