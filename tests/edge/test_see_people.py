"""Looks for people: when they are due, what is shown, what becomes of what was found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.see.detector import Detection
from edge.see.people import (
    ANYHOW,
    BLIND_START,
    CLOSE_UPS,
    DIFFERS,
    LONG,
    LooksDue,
    areas_of,
    look_for,
    parts_of,
    with_headroom,
)

SHAPE = (360, 640)


def blank():
    return np.zeros(SHAPE, bool)


def with_boxes(*boxes):
    mask = blank()
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    return mask


def holds(area, box) -> bool:
    return area[0] <= box[0] and area[1] <= box[1] and area[2] >= box[2] and area[3] >= box[3]


def test_looks_are_due_at_the_start_then_when_something_differs_or_somebody_is_watched_or_now_and_then():
    due = LooksDue()
    assert due.due(100.0, 0.0, busy=False)
    due = due.looked(100.0)
    assert due.early(100.5)
    assert not due.early(101.0)
    assert due.due(110.0, 0.0, busy=False)
    late = 100.0 + BLIND_START + 1
    due = due.looked(late)
    assert not due.due(late + 2, 0.9 * DIFFERS, busy=False)
    assert due.due(late + 2, DIFFERS, busy=False)
    assert due.due(late + 2, 0.0, busy=True)
    assert due.due(late + ANYHOW, 0.0, busy=False)


@given(st.tuples(*[st.integers(0, 300)] * 2, st.integers(20, 340), st.integers(20, 340)))
def test_an_area_is_shown_in_parts_that_are_nearly_square_and_cover_it(given_box):
    x0, y0, wide, high = given_box
    area = (x0, y0, x0 + wide, y0 + high)
    parts = parts_of(area)
    covered = np.zeros((700, 700), bool)
    for left, top, right, bottom in parts:
        assert x0 <= left < right <= x0 + wide
        assert y0 <= top < bottom <= y0 + high
        covered[top:bottom, left:right] = True
        assert max((right - left) / (bottom - top), (bottom - top) / (right - left)) <= LONG + 0.3
    assert covered[y0 : y0 + high, x0 : x0 + wide].all()


def test_what_differs_is_shown_close_up_and_each_body_once():
    left, right = (100, 100, 130, 190), (500, 120, 530, 200)
    areas = areas_of(with_boxes(left, right), ~blank())
    assert len(areas) == 2
    for body in (left, right):
        assert sum(holds(area, body) for area in areas) == 1
    assert all(area[2] - area[0] < 200 for area in areas)


def test_the_parts_of_one_body_are_shown_together():
    head, legs = (300, 60, 330, 100), (295, 130, 335, 220)
    (area,) = areas_of(with_boxes(head, legs), ~blank())
    assert holds(area, head)
    assert holds(area, legs)


def test_specks_and_slivers_are_nobody_and_many_bodies_are_shown_together():
    specks = with_boxes((10, 10, 12, 40), (50, 50, 90, 53), (400, 300, 403, 303))
    watched = with_boxes((200, 100, 500, 300))
    assert areas_of(specks, watched) == parts_of((200, 100, 500, 300))
    crowd = [(60 * n, 150, 60 * n + 20, 220) for n in range(CLOSE_UPS + 4)]
    areas = areas_of(with_boxes(*crowd), ~blank())
    assert all(any(holds(area, body) for area in areas) for body in crowd)
    assert len(areas) <= CLOSE_UPS


def test_a_zone_is_watched_with_room_above_it_for_heads():
    zone = with_boxes((200, 200, 400, 300))
    tall = with_headroom(zone)
    assert tall[200:300, 200:400].all()
    assert tall[110:200, 200:400].all()
    assert not tall[:109].any()
    assert not tall[300:].any()
    assert not tall[:, :200].any()


class Scripted:
    """Sees one person wherever the part it is shown holds the middle of the picture."""

    def __init__(self, label="person", score=0.9) -> None:
        self.label, self.score, self.shown = label, score, []

    def detect(self, picture, floor):
        self.shown.append(picture.shape)
        rows, columns = np.nonzero(picture[..., 0] == 255)
        if not rows.size or self.score < floor:
            return []
        box = (float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
        return [Detection(self.label, self.score, box)]


def street():
    """1280 wide; somebody at x 600 to 640, y 300 to 460."""
    picture = np.zeros((720, 1280, 3), np.uint8)
    picture[300:460, 600:640, 0] = 255
    return picture


def test_somebody_seen_in_two_parts_is_one_and_lies_where_the_whole_picture_has_them():
    detector = Scripted()
    areas = [(250, 100, 450, 300), (280, 120, 400, 280)]
    (found,) = look_for(detector, street(), areas, SHAPE, frozenset({"person"}))
    assert detector.shown == [(400, 400, 3), (320, 240, 3)]
    assert found.label == "person"
    assert found.box == pytest.approx((600 / 1280, 300 / 720, 640 / 1280, 460 / 720))


def test_only_the_labels_asked_for_and_believable_scores_count():
    areas = [(250, 100, 450, 300)]
    assert look_for(Scripted(), street(), areas, SHAPE, frozenset({"dog"})) == ()
    assert look_for(Scripted(score=0.39), street(), areas, SHAPE, frozenset({"person"})) == ()
    assert look_for(Scripted("dog"), street(), areas, SHAPE, frozenset({"dog", "person"}))[0].label == "dog"
