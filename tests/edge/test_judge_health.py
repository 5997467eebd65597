"""Health as conditions, without pictures: what lasts, what cannot be told, what a stream does."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import Change, ConditionState
from devices.site.model import HealthKind, PictureHealth
from edge.judge.health import (
    GOP_LASTS,
    HealthLedger,
    health_from_json,
    health_to_json,
    judge,
    stream_after,
)
from edge.see.health.lasting import Lasting
from tests.edge.views_for_tests import ids

BLACK = HealthKind.BLACK
ON = Lasting(on=True, since=5.0, told_at=20.0)


def opened() -> HealthLedger:
    return judge(HealthLedger(), {BLACK: ON}, 20.0, ids())[0]


def test_a_sign_is_believed_after_its_time_and_three_looks_and_given_up_the_same_way():
    one = Lasting()
    on = []
    for at, said in enumerate([True] * 14 + [False] * 14):
        one = one.after(said, float(at), enter=10, leave=5)
        on.append(one.on)
    assert on.index(True) == 10
    assert on[10:].index(False) == 14 + 5 - 10
    assert Lasting().after(True, 0.0, 0, 0).on is False


@given(st.lists(st.tuples(st.floats(0.1, 10), st.sampled_from([True, False, None])), max_size=60))
def test_nothing_is_believed_that_was_not_said_without_a_break_for_long_enough(looks):
    one, at, streak = Lasting(), 0.0, None
    for step, said in looks:
        at += step
        before = one.on
        if said is None or said is before:
            streak = None
        elif streak is None:
            streak = at
        one = one.after(said, at, enter=10, leave=10)
        if one.on is not before:
            assert streak is not None
            assert at - streak >= 10
            assert one.since == streak
            streak = None


def test_what_is_believed_opens_once_and_clears_when_it_is_over():
    ledger, (first,) = judge(HealthLedger(), {BLACK: ON}, 20.0, ids())
    assert (first.change, first.case.since, first.case.label) == (Change.OPENED, 5.0, "black")
    assert judge(ledger, {BLACK: replace(ON, told_at=21.0)}, 21.0, ids()) == (ledger, ())
    over = Lasting(on=False, since=40.0, told_at=50.0)
    after, (last,) = judge(ledger, {BLACK: over}, 50.0, ids())
    assert (last.change, last.case.id, last.case.rev) == (Change.CLEARED, first.case.id, 2)
    assert after.cases == {}


def test_what_cannot_be_told_for_a_while_is_held_and_resumed():
    ledger, (held,) = judge(opened(), {BLACK: ON}, 51.0, ids())
    assert held.case.state is ConditionState.HELD
    assert judge(ledger, {BLACK: ON}, 60.0, ids())[1] == ()
    _, (resumed,) = judge(ledger, {BLACK: replace(ON, told_at=61.0)}, 61.0, ids())
    assert resumed.change is Change.RESUMED


def test_what_nobody_has_looked_at_since_a_restart_stays_as_it_is():
    assert judge(opened(), {BLACK: Lasting()}, 500.0, ids())[1] == ()


def test_a_kind_that_is_no_longer_judged_is_cleared():
    assert [one.change for one in judge(opened(), {}, 30.0, ids())[1]] == [Change.CLEARED]


def test_a_ledger_survives_the_shelf():
    ledger, _ = judge(opened(), {BLACK: Lasting(told_at=50.0)}, 50.0, ids())
    ledger, _ = judge(ledger, {HealthKind.TURNED: replace(ON, since=30.0)}, 60.0, ids())
    assert health_from_json(json.loads(json.dumps(health_to_json(ledger, 100.0))), 100.0) == ledger


def glances(ages, interval=2.0, **settings):
    """What is believed after a glance a second with these ages of the last picture."""
    standing, seen = {}, []
    for at, age in enumerate(ages):
        standing = stream_after(standing, float(at), age, interval, 4.0, PictureHealth(**settings))
        seen.append({kind for kind, one in standing.items() if one.on})
    return standing, seen


def test_a_stream_is_stalled_from_its_time_on_and_since_its_last_picture():
    standing, seen = glances([float(age) for age in range(40)])
    first = next(at for at, kinds in enumerate(seen) if kinds)
    assert 30 <= first <= 33
    assert seen[first] == {HealthKind.STALLED}
    assert standing[HealthKind.STALLED].since == 0.0


def test_pictures_must_come_again_for_a_while_before_a_stall_is_over():
    ages = [float(age) for age in range(40)] + [0.5] * 4 + [31.0] + [0.5] * 15
    _, seen = glances(ages)
    assert all(HealthKind.STALLED in kinds for kinds in seen[35:45])
    assert seen[-1] == set()


def test_key_frames_are_too_far_apart_when_the_rules_cannot_bear_it():
    assert glances([1.0] * 70, interval=4.5)[1][-1] == {HealthKind.GOP_TOO_LONG}
    assert glances([1.0] * 70, interval=4.0)[1][-1] == set()
    assert glances([1.0] * 70, interval=None)[1][-1] == set()
    assert glances([1.0] * int(GOP_LASTS - 5), interval=9.0)[1][-1] == set()


@pytest.mark.parametrize("kind", [HealthKind.STALLED, HealthKind.GOP_TOO_LONG])
def test_a_kind_of_stream_trouble_can_be_switched_off(kind):
    standing, _ = glances([float(age) for age in range(80)], interval=9.0, off=(kind,))
    assert kind not in standing
