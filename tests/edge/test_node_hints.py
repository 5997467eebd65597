"""What a camera's own word changes on a node, and what it never does."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import Change, HintKind
from devices.onvif.notices import Notice
from devices.site.model import HealthKind
from edge.judge.health import HealthLedger, judge
from edge.node.hints import SAID_LATELY, WAKE_EVERY, Said, Wish, evidence, gone, heard
from edge.see.health.lasting import Lasting
from tests.edge.points_for_tests import NOON

LOOK = Wish(look=True)
CLOSELY = Wish(look=True, health=True)
NOTHING = Wish()


def notice(kind: HintKind, on: bool = True) -> Notice:
    return Notice(kind, on, NOON)


def after(*told: tuple[float, HintKind, bool], said: Said = Said()) -> tuple[Said, list[Wish]]:  # noqa: B008
    wishes = []
    for now, kind, on in told:
        said, wish = heard(said, notice(kind, on), now)
        wishes.append(wish)
    return said, wishes


def test_motion_asks_for_a_look_and_for_another_only_after_a_while():
    on, off = (HintKind.MOTION, True), (HintKind.MOTION, False)
    _, wishes = after((0.0, *on), (1.0, *off), (2.0, *on), (WAKE_EVERY - 0.1, *on), (WAKE_EVERY, *on))
    assert wishes == [LOOK, NOTHING, NOTHING, NOTHING, LOOK]


@pytest.mark.parametrize("kind", [kind for kind in HintKind if kind is not HintKind.MOTION])
def test_a_camera_that_says_its_picture_is_bad_is_looked_at_closely_once_for_each_time(kind):
    _, wishes = after((0.0, kind, True), (1.0, kind, True), (2.0, kind, False), (3.0, kind, True))
    assert wishes == [CLOSELY, NOTHING, NOTHING, CLOSELY]


def test_what_is_said_and_what_was_said_lately_is_evidence_for_the_ill_health_that_it_fits():
    said, _ = after((0.0, HintKind.TAMPER, True), (1.0, HintKind.BLURRY, True), (2.0, HintKind.BLURRY, False))
    assert evidence(said, HealthKind.DEFOCUSED, 10.0) == (HintKind.TAMPER, HintKind.BLURRY)
    assert evidence(said, HealthKind.TURNED, 10.0) == (HintKind.TAMPER,)
    assert evidence(said, HealthKind.DEFOCUSED, 2.0 + SAID_LATELY) == (HintKind.TAMPER, HintKind.BLURRY)
    assert evidence(said, HealthKind.DEFOCUSED, 2.1 + SAID_LATELY) == (HintKind.TAMPER,)
    assert evidence(said, HealthKind.FROZEN, 10.0) == evidence(said, HealthKind.STALLED, 10.0) == ()
    assert evidence(after((0.0, HintKind.MOTION, True))[0], HealthKind.COVERED, 1.0) == ()


def test_of_a_camera_that_is_not_heard_any_more_nothing_holds_and_what_held_was_said_lately():
    said = gone(after((0.0, HintKind.TAMPER, True))[0], 50.0)
    assert said.on == frozenset()
    assert evidence(said, HealthKind.COVERED, 50.0 + SAID_LATELY) == (HintKind.TAMPER,)
    assert evidence(said, HealthKind.COVERED, 51.0 + SAID_LATELY) == ()


def counted(number: int = 0):
    def new_id() -> UUID:
        nonlocal number
        number += 1
        return UUID(int=number)

    return new_id


BELIEF = st.builds(Lasting, st.booleans(), st.just(5.0), st.none(), st.just(0), st.none() | st.floats(0, 100))
STANDING = st.dictionaries(st.sampled_from(HealthKind), BELIEF)
HINTS = st.dictionaries(st.sampled_from(HealthKind), st.sets(st.sampled_from(HintKind)).map(tuple))


@given(st.lists(st.tuples(STANDING, HINTS), max_size=8))
def test_whatever_a_camera_says_its_health_opens_is_held_and_clears_as_if_it_said_nothing(story):
    plain, hinted = HealthLedger(), HealthLedger()
    new, same = counted(), counted()
    for number, (standing, hints) in enumerate(story):
        at = 40.0 * number
        plain, turns = judge(plain, standing, at, new)
        hinted, more = judge(hinted, standing, at, same, lambda kind, hints=hints: hints.get(kind, ()))
        real = [one for one in more if one.change is not Change.UPDATED]
        assert [bare(one) for one in real] == [bare(one) for one in turns]
        for one in more:
            said = hints.get(HealthKind(one.case.label), ())
            assert set(said) <= set(one.case.hints)
            if one.change is Change.UPDATED:
                assert said
        assert {kind: one.state for kind, one in plain.cases.items()} == {
            kind: one.state for kind, one in hinted.cases.items()
        }
        for kind, case in hinted.cases.items():
            assert set(hints.get(kind, ())) <= set(case.hints)


def bare(one):
    return one.change, one.at, replace(one.case, rev=0, hints=())
