"""What came to rest together, told apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.see.anchors import Anchors
from edge.see.parting import parts_beyond, parts_in, parts_of, remaining

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


def test_nothing_remains_of_what_is_all_gone_and_all_of_what_is_all_there():
    kept, taken, empty = anchors()
    assert remaining(empty, kept, 20.0) is None
    assert remaining(taken, kept, 20.0) is None


def test_nothing_is_said_while_somebody_hides_a_part():
    kept, taken, _ = anchors()
    look = taken.copy()
    look[10:90, 120:180] = 140
    assert remaining(look, kept, 20.0) is None
