"""What comes to stand in front of a thing is neither the thing nor its end."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import cv2
import numpy as np
import pytest

from edge.see.anchors import Anchors, Seen, decide, likeness, own_edges
from edge.see.background import Change
from edge.see.births import belongs, blown_out
from edge.see.blobs import Blob, jolted, over
from edge.see.parting import remaining, things_in
from edge.see.slots import BRIDGE, Phase, Slot, in_front, part_of, stands_before, step
from tests.edge.test_see_parting import filled
from tests.edge.views_for_tests import votes

THRESHOLD = 20.0


def rough(seed: int, low: int, high: int) -> np.ndarray:
    grains = np.random.default_rng(seed).integers(low, high, (20, 25, 1)).astype(np.uint8)
    return cv2.resize(grains, (200, 160), interpolation=cv2.INTER_CUBIC)


GROUND, CHEST = rough(1, 90, 130), rough(2, 160, 200)
CAR = np.full_like(CHEST, 181)
"""As bright as the chest in the mean, and plain."""


def chest() -> Anchors:
    taken, mask = GROUND.copy(), np.zeros(GROUND.shape, bool)
    taken[40:140, 50:150] = CHEST[40:140, 50:150]
    mask[40:140, 50:150] = True
    return Anchors(taken, GROUND, mask)


def seen(look: np.ndarray) -> tuple[Seen, bool]:
    kept = chest()
    like = likeness(look, kept, THRESHOLD)
    return decide(like), own_edges(look, kept, like, THRESHOLD)


def test_what_is_as_bright_as_a_thing_but_plain_has_not_its_edges():
    assert seen(CAR) == (Seen.PRESENT, False)


@pytest.mark.parametrize("gain", [0.97, 1.0, 1.03])
def test_the_thing_itself_has_its_edges_in_noise_and_other_light(gain):
    noise = np.random.default_rng(7).normal(0, 4, GROUND.shape)
    look = np.clip(chest().taken * gain + noise, 0, 255).astype(np.uint8)
    assert seen(look) == (Seen.PRESENT, True)


def test_who_stood_beside_the_thing_and_left_takes_none_of_its_edges():
    kept = chest()
    look = kept.taken.copy()
    look[40:140, 50:85] = GROUND[40:140, 50:85]
    assert own_edges(look, kept, likeness(look, kept, THRESHOLD), THRESHOLD)


def test_what_stood_behind_a_thing_and_is_as_bright_does_not_remain_of_it():
    kept = chest()
    behind = GROUND.copy()
    behind[60:120, 100:150] = 181
    assert remaining(behind, kept, THRESHOLD) is None
    part = GROUND.copy()
    part[60:120, 100:150] = kept.taken[60:120, 100:150]
    assert remaining(part, kept, THRESHOLD) is not None


def standing(number: int, box, since=0.0, last_present=100.0, label="bicycle") -> Slot:
    return Slot(
        UUID(int=number),
        box,
        since,
        at_least=False,
        stood=last_present - since,
        last_present=last_present,
        phase=Phase.STANDING,
        confirmed=True,
        presents=9,
        looks=9,
        votes=votes(label),
    )


BIKE, VAN = (100, 100, 160, 150), (60, 50, 260, 170)


def test_what_came_later_and_covers_a_place_stands_before_it():
    bike = standing(1, BIKE)
    assert stands_before(standing(2, VAN, since=100.0), bike)
    assert not stands_before(standing(2, VAN, since=40.0), bike)
    assert not stands_before(replace(standing(2, VAN, since=100.0), phase=Phase.LEAVING), bike)
    assert not stands_before(standing(2, (150, 50, 260, 170), since=100.0), bike)
    assert not stands_before(bike, bike)


def test_what_came_later_is_in_front_whenever_the_thing_was_last_seen():
    bike = standing(1, BIKE)
    assert in_front(standing(2, VAN, since=40.0), bike)
    assert not in_front(standing(2, VAN, since=3.0), bike), "parts of one thing come together"
    assert not in_front(standing(2, (150, 50, 260, 170), since=40.0), bike)
    assert not in_front(bike, standing(2, VAN, since=40.0))
    assert not in_front(bike, bike)


def test_a_car_that_comes_to_rest_beside_a_basket_is_no_part_of_it():
    nothing = np.zeros((360, 640), bool)
    change = Change(
        nothing.astype(np.uint8), nothing, nothing, np.zeros(nothing.shape, np.float32), 1.0, 20.0
    )
    basket = Slot(UUID(int=1), (400, 250, 440, 300), 0.0, at_least=False, stood=2.0, last_present=2.0)
    handle = Blob((410, 236, 430, 248), np.ones((12, 20), bool), 1.0)
    car = Blob((200, 140, 398, 290), np.ones((150, 198), bool), 1.0)
    assert belongs(handle, basket, change)
    assert not belongs(car, basket, change)


def test_the_time_behind_something_does_not_make_a_thing_less_steady():
    slot = standing(1, BIKE)
    for at in range(101, 400):
        slot = step(slot, Seen.HIDDEN, float(at), 5.0)
    assert slot.phase is Phase.HIDDEN
    assert slot.looks <= 9 + BRIDGE
    assert not slot.steady or slot.presents >= 0.8 * slot.looks
    back = step(slot, Seen.PRESENT, 400.0, 5.0)
    assert back.stood == slot.stood


def test_looks_at_what_is_known_to_stand_in_front_say_nothing_of_how_well_a_thing_is_seen():
    slot = known = standing(1, BIKE)
    for at in range(101, 112):
        slot = step(slot, Seen.HIDDEN, float(at), 5.0)
        known = step(known, Seen.HIDDEN, float(at), 5.0, behind=True)
    assert (slot.steady, known.steady) == (False, True)


def test_who_comes_to_stand_before_a_thing_takes_no_part_of_it():
    person = standing(2, VAN, since=5.0, label="person")
    person = replace(person, named_box=VAN, named_score=0.9)
    assert not part_of(standing(1, BIKE, since=0.0, label="unknown"), person)
    assert part_of(standing(1, BIKE, since=4.0, label="unknown"), person)


TOP, FRONT, ASIDE = (100, 100, 190, 124), (95, 150, 195, 230), (260, 150, 330, 230)


def test_unnamed_parts_over_each_other_are_one_thing_and_side_by_side_two():
    front = standing(1, FRONT, label="unknown")
    assert part_of(standing(2, TOP, label="unknown"), front)
    assert not part_of(standing(2, ASIDE, label="unknown"), front)
    assert not part_of(standing(2, TOP, since=30.0, label="unknown"), front)
    assert not part_of(standing(2, TOP, label="bicycle"), front)
    assert over(TOP, FRONT)
    assert not over((100, 20, 190, 44), FRONT)


def test_what_nobody_can_name_is_divided_by_its_shape():
    basket, cloth, bag = (40, 200, 80, 240), (150, 120, 240, 260), (320, 60, 350, 90)
    assert [box for box, _ in things_in(filled(basket, cloth, bag))] == [cloth, basket, bag]
    wheels = filled((100, 200, 140, 240), (170, 200, 210, 240))
    assert [box for box, _ in things_in(wheels)] == [(100, 200, 210, 240)]
    stacked = filled((100, 100, 190, 124), (95, 140, 195, 230))
    assert [box for box, _ in things_in(stacked)] == [(95, 100, 195, 230)]


def test_a_van_right_before_the_camera_is_no_knock():
    box = (30, 10, 620, 350)
    solid, edges = np.ones((340, 590), bool), np.zeros((340, 590), bool)
    edges[::12] = True
    assert not jolted([Blob(box, solid, 5.0)], (360, 640))
    assert jolted([Blob(box, edges, 5.0)], (360, 640))


def test_only_what_is_as_bright_as_the_brightest_is_blown_out():
    luma = np.full((360, 640), 60, np.uint8)
    luma[100:200, 100:300] = 172
    lit, wall = (
        Blob((120, 120, 220, 180), np.ones((60, 100), bool), 0.0),
        Blob((400, 120, 500, 180), np.ones((60, 100), bool), 0.0),
    )
    assert blown_out(luma, lit)
    assert not blown_out(luma, wall)
