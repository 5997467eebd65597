"""Labelled scenes: every condition does to the pixels what it says."""

import random
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.scenes.labelled import TURNS, labelled_scene
from simulators.scenes.labelled.actors import covered_share
from simulators.scenes.labelled.light import Light, level
from simulators.scenes.labelled.paint import Painter
from simulators.scenes.labelled.weather import MOST_SWAY, make_sway


def of(condition, number=0):
    """A scene of a condition, and its plan."""
    scene = labelled_scene(TURNS.index(condition) + number * len(TURNS))
    return scene, scene.pictures.args[0]


def means(plan):
    painter = Painter(replace(plan, things=(), others=(), quality=None))
    return np.array([painter.luma(t).mean() for t in plan.times()])


def test_a_clean_scene_keeps_its_light():
    light = means(of("clean")[1])
    assert light.max() / light.min() < 1.12


@pytest.mark.parametrize("number", range(3))
def test_gain_steps_change_the_whole_picture_within_a_few_looks(number):
    _, plan = of("gain_step", number)
    light = means(plan)
    assert light.max() / light.min() > 1.12
    assert all(0.6 <= plan.light.gain.at(t) <= 1.6 for t in plan.times())


def test_dusk_ends_in_another_light_with_more_noise():
    for number in range(4):
        _, plan = of("dusk", number)
        gains = [plan.light.gain.at(t) for t in (0, plan.seconds)]
        noise = [plan.light.noise.at(t) for t in (0, plan.seconds)]
        darker = int(gains[1] < gains[0])
        assert max(gains) / min(gains) > 1.5
        assert noise[darker] > noise[1 - darker]
        colour = Painter(plan).colour(plan.seconds * darker).reshape(-1, 3).mean(0)
        other = Painter(plan).colour(plan.seconds * (1 - darker)).reshape(-1, 3).mean(0)
        assert colour[2] / colour[0] > 1.1 * other[2] / other[0]  # lamps are warmer than the sky


def test_rain_makes_two_looks_differ_more_and_takes_contrast():
    for number in range(2):
        _, plan = of("rain", number)
        bare = replace(plan, things=(), others=(), sway=None, quality=None)
        wet, dry = Painter(bare), Painter(replace(bare, rain=None, light=Light()))
        change = [float(cv2.absdiff(one.luma(20.0), one.luma(22.0)).mean()) for one in (wet, dry)]
        assert change[0] > 1.3 * change[1]
        soft = [cv2.GaussianBlur(one.luma(20.0), (0, 0), 8).std() for one in (wet, dry)]
        assert soft[0] < soft[1]


@given(st.integers(0, 1 << 30), st.floats(0, 1e5), st.floats(0.1, 9))
def test_no_pole_swings_farther_than_three_pixels(seed, t, most):
    x, y = make_sway(random.Random(seed), most).shift(t)
    assert np.hypot(x, y) <= MOST_SWAY + 1e-9


def test_sway_moves_the_picture_as_far_as_it_says():
    _, plan = of("sway")
    assert plan.sway is not None
    plan = replace(plan, things=(), others=(), quality=None, light=Light(noise=level(0)))
    still = Painter(replace(plan, sway=None))
    moved = 0.0
    for t in list(plan.times())[:60:6]:
        a, b = (one.luma(t).astype(np.float32) for one in (still, Painter(plan)))
        (dx, dy), _ = cv2.phaseCorrelate(a, b, cv2.createHanningWindow((640, 360), cv2.CV_32F))
        assert (dx, dy) == pytest.approx(plan.sway.shift(t), abs=0.35)
        moved = max(moved, float(np.hypot(dx, dy)))
    assert moved > 0.5


def test_a_crowd_is_many_people_of_whom_some_stand():
    _, plan = of("crowd")
    assert len(plan.others) / (plan.seconds / 60) > 6
    assert any(len(one.times) == 4 and one.times[2] - one.times[1] > 15 for one in plan.others)


def test_what_is_there_at_start_up_is_an_issue_since_at_least_then():
    for number in range(3):
        scene, plan = of("start_up", number)
        there = [issue for issue in scene.issues if issue.at_least]
        assert there
        assert all(issue.since == 0 for issue in there)
        assert all(thing.actor.sprite.source.kind in ("two_wheeler", "vehicle") for thing in plan.things)


def test_what_is_removed_was_in_the_first_picture_and_is_no_issue():
    for number in range(3):
        scene, plan = of("removal", number)
        gone = [thing for thing in plan.things if thing.rest < 0]
        assert len(gone) == 1
        assert gone[0].leave <= 0.7 * scene.zones[0].rules[0].dwell
        assert gone[0].box not in [issue.box for issue in scene.issues]
        first, later = (Painter(replace(plan, quality=None)).luma(t) for t in (0.0, plan.seconds))
        x0, y0, x1, y1 = gone[0].pixel_box
        assert cv2.absdiff(first[y0:y1, x0:x1], later[y0:y1, x0:x1]).mean() > 6


def test_a_restart_has_a_gap_without_pictures_while_something_stands():
    for number in range(3):
        scene, plan = of("restart", number)
        assert scene.restart_at == plan.gap[0]
        assert 5 <= plan.gap[1] - plan.gap[0] <= 60
        assert not [t for t in plan.times() if plan.gap[0] <= t < plan.gap[1]]
        assert any(thing.rest < plan.gap[0] < thing.leave for thing in plan.things)


def test_infrared_is_grey_and_switches_from_one_look_to_the_next():
    _, plan = of("infrared")
    switch = plan.light.infrared[0][0]
    painter = Painter(plan)
    before, after = (painter.colour(t).astype(int) for t in (switch - 1, switch + 5))
    assert np.abs(before[..., 0] - before[..., 2]).mean() > 3
    assert np.abs(after[..., 0] - after[..., 2]).mean() < 1
    # Nothing but its gain: the two pictures are not one picture in two lights.
    flat = [
        cv2.cvtColor(one.astype(np.uint8), cv2.COLOR_BGR2GRAY)[::8, ::8].ravel() for one in (before, after)
    ]
    assert np.corrcoef(*flat)[0, 1] < 0.97


def test_headlights_are_bright_and_pass():
    _, plan = of("headlights")
    painter = Painter(replace(plan, things=(), others=(), quality=None))
    beam = plan.light.beams[0]
    halfway = beam.at + beam.over / 2
    lit, dark = painter.luma(halfway), painter.luma(beam.at - 1)
    assert int(lit.max()) - int(dark.max()) > 40 or np.mean(cv2.absdiff(lit, dark) > 40) > 0.001
    assert all(beam.x(t) is None for t in (beam.at - 0.1, beam.at + beam.over + beam.waits + 0.1))


def test_shadows_darken_a_part_and_creep():
    for number in range(2):
        _, plan = of("shadow", number)
        spread = [plan.light.spread(t) for t in (0.0, plan.seconds)]
        assert all(one is not None and one.min() < 110 and one.max() == 128 for one in spread)
        assert np.count_nonzero(cv2.absdiff(*spread) > 10) > 50


def test_something_hides_a_thing_for_longer_than_anybody_passes():
    for number in range(3):
        scene, plan = of("occlusion", number)
        hidden = [
            sum(covered_share(thing, plan.actors, t) > 0.5 for t in plan.times()) * scene.every
            for thing in plan.things
        ]
        assert max(hidden) > 10


def test_an_empty_scene_holds_people_at_most():
    for number in range(2):
        scene, plan = of("empty", number)
        assert not plan.things
        assert not scene.issues
