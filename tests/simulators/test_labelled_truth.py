"""Labelled scenes: what the truth says is what the pixels show."""

import math
import random
from dataclasses import replace

import cv2
import numpy as np
import pytest

from simulators.scenes.labelled import TURNS, labelled_scene
from simulators.scenes.labelled.actors import Actor, Thing, covered_share
from simulators.scenes.labelled.cast import Cast
from simulators.scenes.labelled.drawn import drawn_stock
from simulators.scenes.labelled.light import Light
from simulators.scenes.labelled.paint import Painter, Plan
from simulators.scenes.labelled.sprites import Sprite
from simulators.scenes.labelled.stage import choose_stage
from simulators.scenes.labelled.truth import BRIDGE, issues, life


@pytest.mark.parametrize("condition", [c for c in TURNS if c != "empty"])
def test_inside_an_issues_box_the_picture_differs_while_it_stands_and_not_before_or_after(condition):
    scene = labelled_scene(TURNS.index(condition) + 28)
    plan = replace(scene.pictures.args[0], quality=None, sway=None, blur=0.0)
    told = [thing for thing in plan.things if thing.box in [issue.box for issue in scene.issues]]
    for thing in told:
        issue = next(issue for issue in scene.issues if issue.box == thing.box)
        others = tuple(one for one in plan.things if one is not thing)
        full, without = Painter(plan), Painter(replace(plan, things=others))
        x0, y0, x1, y1 = thing.pixel_box

        def share(t, full=full, without=without, part=np.s_[y0:y1, x0:x1]):
            return float(np.mean(cv2.absdiff(full.luma(t)[part], without.luma(t)[part]) > 5))

        assert share(issue.due) > 0.08
        times = list(plan.times())
        for t in times[:: max(1, len(times) // 25)]:
            if t < thing.actor.times[0] or t >= thing.actor.times[-1]:
                assert share(t) == 0
            elif issue.since <= t < thing.leave and covered_share(thing, plan.actors, t) < 0.2:
                assert share(t) > 0.06
        if issue.gone is not None:
            assert share(issue.gone) < share(issue.due)
            assert share(min(issue.gone + 15, plan.seconds)) == 0


def stage_with(front_from=None, front_to=None, leave=math.inf, gap=None):
    """A plan with one bicycle that comes to rest at 10 s, and a van in front of it for a while."""
    dice = random.Random(5)
    stock = drawn_stock()
    stage = next(one for one in (choose_stage(b, dice) for b in stock.backgrounds) if one is not None)
    cast = Cast(stage, stock, dice)
    sprite, spot = cast.place(stock.of("two_wheeler"), stage.ground)
    actor = Actor(sprite, (10.0, leave, leave + 5), (spot, spot, (spot[0] + 900, spot[1])))
    if math.isinf(leave):
        actor = Actor(sprite, (10.0, math.inf), (spot, spot))
    thing = Thing(actor, spot, 10.0, leave)
    others = ()
    if front_from is not None:
        van = Sprite(stock.of("vehicle")[0], 3 * sprite.height)
        others = (Actor(van, (front_from, front_to), ((spot[0], spot[1] + 20), (spot[0], spot[1] + 20))),)
    return Plan(1, "clean", stage, (thing,), others, Light(), 200.0, 1.0, gap=gap), thing


def test_a_thing_in_full_view_is_due_a_dwell_after_it_came():
    found = life(*stage_with(), 30)
    assert (found.since, found.due, found.gone, found.unseen) == (10.0, 40.0, None, ())


def test_who_passes_does_not_stop_the_clock():
    found = life(*stage_with(20, 20 + BRIDGE - 2), 30)
    assert found.due == 40.0


def test_what_stands_in_front_for_longer_stops_it():
    found = life(*stage_with(20, 60), 30)
    # Last seen at 19, seen again at 60: 41 seconds are left out.
    assert found.due == 81.0
    assert found.unseen == ((19.0, 60.0),)


def test_the_clock_stands_still_where_there_are_no_pictures():
    assert life(*stage_with(gap=(25.0, 55.0)), 30).due == 71.0
    assert life(*stage_with(gap=(25.0, 33.0)), 30).due == 40.0


def test_what_comes_behind_something_is_there_since_it_was_first_seen():
    assert life(*stage_with(5, 50), 30).since == 50.0
    assert life(*stage_with(5, 14), 30).since == 10.0


def test_what_goes_behind_something_is_gone_when_the_place_is_seen_empty():
    assert life(*stage_with(70, 130, leave=100.0), 30).gone == 130.0
    assert 100 < life(*stage_with(leave=100.0), 30).gone < 105


def test_what_is_never_seen_at_rest_has_no_life():
    assert life(*stage_with(0, 300), 30) is None


def test_what_is_half_covered_for_long_is_doubtful():
    plan, thing = stage_with(20, 60)
    (van,) = plan.others
    aside = van.sprite.width / 2  # its edge is at the thing's middle
    half = replace(van, spots=tuple((x + aside, y) for x, y in van.spots))
    assert 0.3 < covered_share(thing, [half], 30.0) < 0.75
    assert life(replace(plan, others=(half,)), thing, 30).doubtful
    assert not life(plan, thing, 30).doubtful


@pytest.mark.parametrize(("clear_count", "left"), [(None, 1), (1, 0)])
def test_a_zone_that_counts_to_three_is_over_by_its_rules_own_way_back(clear_count, left):
    scene = labelled_scene(546)
    plan, (zone,) = scene.pictures.args[0], scene.zones
    (rule,) = zone.rules
    assert rule.count == 3
    ends = sorted(life(plan, thing, rule.dwell).gone or math.inf for thing in plan.things if thing.counts)
    zone = zone.model_copy(update={"rules": (rule.model_copy(update={"clear_count": clear_count}),)})
    (issue,) = issues(plan, zone)
    assert issue.gone == ends[-1 - left]
    assert ends[-1] > ends[-2], "else both say the same"
