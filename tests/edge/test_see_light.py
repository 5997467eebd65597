"""Light that changes in one part of the picture, told from things by the ground's own texture."""

import cv2
import numpy as np
import pytest

from edge.see.background import Backgrounds
from edge.see.light import light_field

DICE = np.random.default_rng(5)
GROUND = np.clip(cv2.GaussianBlur(DICE.normal(120, 60, (360, 640)), (5, 5), 0) * 1.0 + 0, 20, 230).astype(
    np.uint8
)


def lit(gain, box=(150, 250, 200, 400), soft=15):
    field = np.ones(GROUND.shape, np.float32)
    field[box[0] : box[1], box[2] : box[3]] = gain
    field = cv2.GaussianBlur(field, (0, 0), soft)
    return np.clip(GROUND * field, 0, 255).astype(np.uint8)


def noisy(picture, seed):
    return np.clip(picture + np.random.default_rng(seed).normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


def test_a_picture_as_usual_has_no_light_of_its_own():
    assert light_field(noisy(GROUND, 1), GROUND.astype(np.float32), 1.0) is None


@pytest.mark.parametrize("gain", [0.55, 0.7, 1.4, 1.7])
def test_a_lamp_or_a_shadow_is_found_where_it_lies(gain):
    field = light_field(noisy(lit(gain), 1), GROUND.astype(np.float32), 1.0)
    assert field is not None
    # Differences under 8 % are left to things, so the field stays that much nearer to 1.
    assert field[190:210, 280:320].mean() == pytest.approx(gain, rel=0.15)
    assert field[:60].mean() == pytest.approx(1.0, abs=0.02)


def test_a_thing_on_the_ground_is_not_taken_for_light():
    with_thing = GROUND.copy()
    with_thing[180:260, 260:340] = 60
    field = light_field(noisy(with_thing, 1), GROUND.astype(np.float32), 1.0)
    assert field is None or field[200:240, 280:320].mean() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("gain", [0.6, 1.5])
def test_a_thing_is_seen_as_well_under_a_lamp_that_was_not_there_before(gain):
    grounds = Backgrounds(GROUND, 0.0)
    for at in range(1, 12):
        grounds.see(noisy(GROUND, at), float(at))
    picture = lit(gain)
    picture[190:230, 290:330] = 40
    change = grounds.see(noisy(picture, 99), 12.0)
    assert change.different[195:225, 295:325].mean() > 0.9
    assert change.different[160:185, 220:280].mean() < 0.1
