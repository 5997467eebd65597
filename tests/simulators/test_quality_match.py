"""What was told of a scene, held against its truth."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from devices.site.model import LeftRule, Names, ParkedRule, Zone
from simulators.quality.match import Fault, Told, verdict
from simulators.quality.score import figures, interval
from simulators.scenes.labelled.model import Issue, LabelledScene

ZONE = Zone(
    id="Z",
    name=Names(zh="区", en="zone"),
    polygon=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),
    rules=(
        LeftRule(kind="left", id="stays", event_class="05-06", dwell=20.0),
        ParkedRule(kind="parked", id="bikes", event_class="05-06", dwell=20.0, labels=("bicycle",)),
    ),
)
BIKE = Issue("Z", "stays", frozenset({"bicycle"}), (0.2, 0.2, 0.4, 0.4), since=10.0, due=30.0, gone=60.0)
TOLD = Told("Z", "stays", "bicycle", (0.21, 0.2, 0.41, 0.4), opened=32.0, cleared=70.0)


def scene(*issues, seconds=200.0):
    return LabelledScene(1, "clean", seconds, 2.0, (ZONE,), issues, lambda: iter(()))


def faults(found):
    return [miss.fault for miss in found.misses]


def test_one_condition_for_one_issue_is_right_and_its_delays_are_kept():
    found = verdict(scene(BIKE), [TOLD])
    assert (found.owed, found.found, found.told, found.right, found.named) == (1, 1, 1, 1, 1)
    assert (found.alarm_delays, found.clear_delays, faults(found)) == ((2.0,), (10.0,), [])


def test_nothing_told_of_an_issue_is_a_miss():
    found = verdict(scene(BIKE), [])
    assert (found.owed, found.found, faults(found)) == (1, 0, [Fault.MISSED])


def test_a_condition_elsewhere_is_a_false_alarm_and_the_issue_is_missed():
    found = verdict(scene(BIKE), [replace(TOLD, box=(0.7, 0.7, 0.9, 0.9))])
    assert (found.told, found.right, faults(found)) == (1, 0, [Fault.FALSE, Fault.MISSED])


def test_a_condition_after_the_thing_has_gone_is_a_false_alarm():
    found = verdict(scene(BIKE), [TOLD, replace(TOLD, opened=90.0, cleared=None)])
    assert faults(found) == [Fault.FALSE]


def test_an_alarm_before_the_dwell_is_over_is_wrong():
    found = verdict(scene(BIKE), [replace(TOLD, opened=20.0)])
    assert (found.found, found.right, faults(found)) == (0, 0, [Fault.EARLY, Fault.MISSED])


def test_a_second_condition_for_the_same_issue_is_a_double():
    found = verdict(scene(BIKE), [replace(TOLD, cleared=None), replace(TOLD, opened=40.0)])
    assert faults(found) == [Fault.DOUBLE, Fault.NOT_CLEARED]
    assert figures([found]).incidents_per_issue == 2.0


def test_a_clear_while_the_thing_is_there_is_a_false_clear():
    found = verdict(scene(BIKE), [replace(TOLD, cleared=50.0)])
    assert found.false_clears == 1
    assert Fault.FALSE_CLEAR in faults(found)


def test_a_clear_that_never_comes_is_missing_only_when_there_was_time_for_it():
    never = replace(TOLD, cleared=None)
    assert verdict(scene(BIKE), [never]).clears_missing == 1
    assert verdict(scene(BIKE, seconds=100.0), [never]).clears_owed == 0


def test_a_wrong_name_is_told_apart_from_a_miss():
    found = verdict(scene(BIKE), [replace(TOLD, label="truck")])
    assert (found.found, found.named, faults(found)) == (1, 0, [Fault.MISNAMED])


def test_what_goes_just_after_its_dwell_may_be_told_and_need_not():
    brief = replace(BIKE, gone=33.0)
    assert verdict(scene(brief), []).owed == 0
    assert faults(verdict(scene(brief), [TOLD])) == []
    assert verdict(scene(brief), [TOLD]).told == 0


def test_a_parked_rule_speaks_of_its_whole_zone():
    row = replace(BIKE, rule="bikes")
    found = verdict(scene(row), [replace(TOLD, rule="bikes", box=(0.8, 0.8, 0.9, 0.9))])
    assert faults(found) == []


@given(st.integers(0, 400), st.integers(1, 400))
def test_an_interval_holds_its_share(hits, more):
    of = hits + more
    low, high = interval(hits, of)
    assert 0.0 <= low <= hits / of + 5e-5
    assert hits / of - 5e-5 <= high <= 1.0


@given(
    st.lists(
        st.builds(
            Told,
            st.just("Z"),
            st.sampled_from(["stays", "bikes"]),
            st.sampled_from(["bicycle", "unknown"]),
            st.just((0.2, 0.2, 0.4, 0.4)),
            st.floats(0, 150),
            st.none() | st.floats(150, 200),
        ),
        max_size=6,
    )
)
def test_counts_always_fit_together(told):
    found = verdict(scene(BIKE), told)
    assert found.named <= found.found <= found.owed
    assert found.right <= found.told <= len(told)
    assert found.clears_missing <= found.clears_owed <= found.found
