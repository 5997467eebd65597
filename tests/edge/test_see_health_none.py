"""What streets do all day must not be taken for ill health."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.site.model import HealthKind
from tests.edge.health_for_tests import (
    EACH,
    Watched,
    as_is,
    crowd,
    hour,
    infrared,
    light,
    luma,
    rain,
    shadow,
    stand,
    standing,
    street,
    sway,
)

ROOT = Path(__file__).parents[2]
FOOTAGE = Path(os.environ.get("GRIDWATCH_FOOTAGE", ROOT.parent / "shared" / "data")) / "clips"
CLIPS = sorted(FOOTAGE.glob("*.[am][vp][i4]")) if FOOTAGE.is_dir() else []


@EACH
@pytest.mark.parametrize(
    "change",
    [as_is, sway, rain(150), rain(500), crowd(6), crowd(15), shadow, light(0.5), light(0.25), light(1.4)],
)
def test_wind_rain_crowds_shade_and_light_are_no_ill_health(index, change):
    watched = Watched(street(index))
    watched.show(40)
    watched.show(140, change)
    assert watched.ever == set()


@EACH
def test_an_even_ground_at_dusk_is_not_covered_and_a_bag_before_it_is(index):
    grey = cv2.cvtColor(street(index), cv2.COLOR_BGR2GRAY).astype(np.float32)
    low, high = np.percentile(grey, (2, 98))
    watched = Watched((110 + 24 * (grey - grey.mean()) / (high - low)).clip(0, 255).astype(np.uint8))
    watched.show(40)
    assert standing(watched.show(60, light(0.4))) == set()
    assert watched.ever == set()
    assert standing(watched.show(20, lambda picture, number: np.full_like(picture, 60))) == {
        HealthKind.COVERED
    }


@EACH
def test_a_bus_close_in_front_for_a_minute_is_no_ill_health(index):
    watched = Watched(street(index))
    watched.show(40)
    for where in ((0.2, 0.3, 0.8, 0.9), (0.1, 0.2, 0.9, 0.9), (0.05, 0.1, 0.95, 1.0)):
        watched.show(60, stand(*where))
        watched.show(20)
    assert watched.ever == set()


@EACH
def test_a_bus_in_front_for_ten_minutes_is_no_ill_health(index):
    watched = Watched(street(index))
    watched.show(40)
    watched.show(600, stand(0.0, 0.2, 1.0, 0.95))
    watched.show(40)
    assert watched.ever == set()


@EACH
def test_switching_over_to_infrared_and_back_is_no_ill_health(index):
    watched = Watched(street(index))
    watched.show(40)
    for number in range(100):
        watched.see(luma(infrared(street(index)), number, 5))
    watched.show(100)
    assert watched.ever == set()


@EACH
def test_a_day_and_a_night_with_infrared_are_no_ill_health(index):
    """Twenty-four hours in 1440 looks that are told to be 2 s apart: every change comes 30 times too fast."""
    watched = Watched(street(index))
    for minute in range(0, 1440, 2):
        watched.see(hour((12 + minute / 60) % 24, minute, street(index)))
    assert watched.ever == set()


@EACH
def test_a_night_without_any_lamp_is_black_and_nothing_else(index):
    watched = Watched(street(index))
    levels = [1 - 0.95 * step / 100 for step in range(100)] + [0.05] * 30
    for number, level in enumerate([*levels, *reversed(levels)]):
        checkup = watched.see(luma(light(level)(street(index), number), number, 2 + 4 * (1 - level)))
    assert watched.ever == {HealthKind.BLACK}
    assert standing(checkup) == set()


@pytest.mark.skipif(not CLIPS, reason="real clips are not part of the repository")
@pytest.mark.parametrize("clip", CLIPS, ids=lambda path: path.stem)
def test_real_clips_are_well(clip):
    film = cv2.VideoCapture(str(clip))
    every = max(1, round(film.get(cv2.CAP_PROP_FPS)))
    watched, number = Watched(street(0), step=1.0), 0
    while film.grab():
        if number % every == 0:
            grey = cv2.cvtColor(film.retrieve()[1], cv2.COLOR_BGR2GRAY)
            watched.see(cv2.resize(grey, (640, 360), interpolation=cv2.INTER_AREA))
        number += 1
    film.release()
    assert number > 0
    assert watched.ever == set()
