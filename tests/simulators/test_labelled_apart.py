"""Labelled scenes with a truth of their own: rows and heaps that are counted, and rules about people."""

import math
from collections import Counter

import numpy as np
import pytest

from simulators.quality.match import Reckoned, reckonings
from simulators.scenes.labelled import APART, TURNS, labelled_scene
from simulators.scenes.labelled.actors import shown_share
from simulators.scenes.labelled.presence import present, terms_of
from simulators.scenes.labelled.rows import FEWEST, LEAST_SHOWN, MOST


@pytest.fixture(scope="module")
def heaps():
    return [labelled_scene(seed, None, "rows") for seed in range(6)]


@pytest.fixture(scope="module")
def meetings():
    return [labelled_scene(seed, None, "people_rules") for seed in range(8)]


def test_no_seed_has_them_unless_they_are_asked_for():
    assert not set(APART) & set(TURNS)
    assert labelled_scene(14).condition == TURNS[0]


def test_counts_follow_who_stands_and_each_of_them_shows(heaps):
    for scene in heaps:
        plan, dwell = scene.pictures.args[0], scene.zones[0].rules[0].dwell
        assert FEWEST <= len(plan.things) <= MOST
        for one in scene.tallies:
            standing = [thing for thing in plan.things if thing.rest + dwell <= one.at < thing.leave]
            assert one.count == len(standing)
            assert (one.share > 0) is bool(standing)
        for thing in plan.things:
            front = [
                (other.actor.sprite, other.spot) for other in plan.things if other.spot[1] > thing.spot[1]
            ]
            assert shown_share(thing.actor.sprite, thing.spot, front) >= LEAST_SHOWN


def test_a_zones_one_issue_is_due_when_there_is_enough_and_gone_when_there_is_little(heaps):
    owed = 0
    for scene in heaps:
        rule = scene.zones[0].rules[0]

        def enough(one, rule=rule):
            return (rule.enough is not None and one.count >= rule.enough) or (
                rule.share is not None and one.share >= rule.share
            )

        issues = [issue for issue in scene.issues if not issue.optional]
        assert len(issues) <= 1
        owed += len(issues)
        assert bool(issues) is any(enough(one) for one in scene.tallies)
        for issue in issues:
            at = {one.at: one for one in scene.tallies}
            assert enough(at[issue.due])
            assert not any(enough(one) for one in scene.tallies if one.at < issue.due)
            assert issue.gone is None or not enough(at[issue.gone])
    assert owed


def test_a_statement_about_a_count_is_held_against_the_truth_once_that_is_steady(heaps):
    scene = next(one for one in heaps if max(t.count for t in one.tallies) >= 5)
    ends = [*(one.at for one in scene.tallies[1:]), scene.seconds]
    true, end = max(zip(scene.tallies, ends, strict=True), key=lambda pair: pair[1] - pair[0].at)
    assert end - true.at > 22
    said = Reckoned(end - 1, true.count + 2, 2, true.share + 0.1)
    (one,) = reckonings(scene, [Reckoned(true.at + 1, 99, 0, 1.0), said])
    assert (one.off, one.within) == (2 / true.count, True)
    assert one.share_off == pytest.approx(0.1)


def test_rules_about_people_have_issues_only_where_enough_are_there_for_long_enough(meetings):
    kinds = Counter()
    for scene in meetings:
        plan, zone = scene.pictures.args[0], scene.zones[0]
        rule = zone.rules[0]
        kinds[rule.kind] += 1
        terms = terms_of(rule, scene.every)
        for issue in scene.issues:
            assert issue.due >= issue.since + terms.dwell
            looks = [t for t in plan.times() if issue.since <= t < (issue.gone or math.inf)]
            many = [len(present(plan.actors, zone.polygon, t, terms.label)) for t in looks]
            assert np.mean([n >= terms.enough for n in many]) >= 0.9
            if issue.gone is not None:
                assert len(present(plan.actors, zone.polygon, issue.gone, terms.label)) < terms.least
    assert len(kinds) >= 2


def test_some_meetings_are_to_be_reported_and_some_are_not(meetings):
    assert {bool(scene.issues) for scene in meetings} == {True, False}
