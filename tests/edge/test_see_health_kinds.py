"""Each kind of ill health on real pictures degraded in known ways: from which level on it is found.

The levels are those of docs/design/health.md; all hold for each of six cameras.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from devices.site.model import HealthKind, PictureHealth
from edge.see.health import Sight
from tests.edge.health_for_tests import (
    EACH,
    Watched,
    as_is,
    blur,
    cover,
    disc,
    light,
    luma,
    spray,
    standing,
    street,
    turn,
)

WARM = 40
"""Seconds of the healthy street before."""
LONG = {HealthKind.SPRAYED: 130, HealthKind.TURNED: 85, HealthKind.DEFOCUSED: 50, HealthKind.FROZEN: 75}
"""Seconds after which each must be found; the others within 20."""


def found(index: int, change, kind: HealthKind) -> set[HealthKind]:
    watched = Watched(street(index))
    watched.show(WARM)
    return standing(watched.show(LONG.get(kind, 20), change))


@EACH
@pytest.mark.parametrize("change", [cover(1, 60), cover(1, 128), cover(1, 200), cover(1, 90, slope=60)])
def test_a_hand_or_a_bag_before_the_lens_is_found(index, change):
    assert found(index, change, HealthKind.COVERED) == {HealthKind.COVERED}


@EACH
@pytest.mark.parametrize("change", [cover(0.5, 60), cover(0.5, 128), cover(0.5, 200), cover(0.7, 128)])
def test_a_cover_of_half_the_picture_is_found(index, change):
    assert found(index, change, HealthKind.SPRAYED) == {HealthKind.SPRAYED}


@EACH
@pytest.mark.parametrize("change", [spray(0.5, 40), spray(0.6, 128), spray(0.6, 200, seed=5)])
def test_paint_on_half_the_picture_is_found(index, change):
    assert found(index, change, HealthKind.SPRAYED) == {HealthKind.SPRAYED}


@EACH
@pytest.mark.parametrize("change", [light(0.05), lambda picture, number: np.full_like(picture, 3)])
def test_a_black_picture_is_found(index, change):
    assert found(index, change, HealthKind.BLACK) == {HealthKind.BLACK}


@EACH
@pytest.mark.parametrize("change", [light(4.0, 60), light(1.0, 200)])
def test_a_washed_out_picture_is_found(index, change):
    assert found(index, change, HealthKind.WASHED_OUT) == {HealthKind.WASHED_OUT}


@EACH
@pytest.mark.parametrize("change", [blur(3), blur(5), blur(8), blur(12), disc(4), disc(8)])
def test_a_picture_out_of_focus_is_found(index, change):
    assert found(index, change, HealthKind.DEFOCUSED) == {HealthKind.DEFOCUSED}


@EACH
@pytest.mark.parametrize(
    "change",
    [
        turn(0.03), turn(-0.06), turn(0.2), turn(0, 0.06), turn(0.5, 0.1), turn(angle=10), turn(angle=-15),
        turn(zoom=1.15), turn(zoom=1.6),
    ],
)  # fmt: skip
def test_a_turned_rolled_or_zoomed_camera_is_found(index, change):
    assert found(index, change, HealthKind.TURNED) == {HealthKind.TURNED}


@EACH
def test_another_street_is_a_turned_camera(index):
    other = street(9 if index != 9 else 0)
    assert found(index, lambda picture, number: other, HealthKind.TURNED) == {HealthKind.TURNED}


def frozen(index: int, clock: int | None) -> Watched:
    """A street whose picture stands still, with a clock written into it that goes on, so many rows down."""
    watched = Watched(street(index))
    watched.show(WARM)
    still = luma(street(index), 1)
    for second in range(0, LONG[HealthKind.FROZEN], 2):
        picture = still.copy()
        if clock is not None:
            cv2.putText(picture, f"12:00:{second:02d}", (20, clock), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
        watched.see(picture)
    return watched


@EACH
@pytest.mark.parametrize("clock", [None, 25, 350])
def test_a_picture_that_stands_still_is_frozen_even_if_its_clock_goes_on(index, clock):
    assert frozen(index, clock).ever == {HealthKind.FROZEN}


def test_a_still_picture_in_which_something_moves_is_not_frozen():
    assert frozen(0, 180).ever == set()


@EACH
def test_a_picture_with_hardly_any_noise_is_not_frozen(index):
    watched = Watched(street(index))
    watched.show(WARM)
    watched.show(120, as_is, noise=0.8)
    assert watched.ever == set()


@EACH
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (cover(1, 60), HealthKind.COVERED),
        (spray(0.6, 128), HealthKind.SPRAYED),
        (blur(5), HealthKind.DEFOCUSED),
        (turn(0.2), HealthKind.TURNED),
        (light(0.05), HealthKind.BLACK),
        (light(4.0, 60), HealthKind.WASHED_OUT),
    ],
)
def test_once_it_is_over_the_camera_is_well_again(index, change, kind):
    watched = Watched(street(index))
    watched.show(WARM)
    assert standing(watched.show(LONG.get(kind, 20), change)) == {kind}
    checkup = watched.show(20)
    assert standing(checkup) == set()
    assert checkup.sight is Sight.CLEAR


def test_what_lasts_a_moment_is_held_but_not_believed():
    watched = Watched(street(0))
    watched.show(WARM)
    assert watched.show(6, cover(1, 60)).sight is Sight.COVERED
    assert watched.show(2).sight is Sight.CLEAR
    assert watched.ever == set()


def test_a_view_that_stays_is_the_usual_one_from_then_on():
    watched = Watched(street(0), settings=PictureHealth(new_view_after=100))
    watched.show(WARM)
    seen = [watched.show(2, turn(0.3)) for _ in range(60)]
    assert [checkup.renewed for checkup in seen].count(True) == 1
    assert standing(seen[-1]) == set()
    watched.show(WARM, turn(0.3))
    assert standing(watched.show(85)) == {HealthKind.TURNED}


def test_a_kind_that_is_off_is_not_judged():
    watched = Watched(street(0), settings=PictureHealth(off=(HealthKind.BLACK,)))
    watched.show(WARM)
    checkup = watched.show(30, light(0.05))
    assert HealthKind.BLACK not in checkup.standing
    assert checkup.sight is Sight.DARK
