"""Scripted incidents, near misses and the truth that is told of them; a day of readings in files."""

import itertools
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import Reading, Severity
from devices.sensors.quantities import QUANTITIES
from devices.site.load import load_site
from devices.site.model import Sensor
from devices.site.sensor_rules import (
    CountRule,
    LevelsRule,
    RateRule,
    Rung,
    StateRule,
    StuckRule,
    ThresholdRule,
    WindowRule,
)
from gridwatch import main
from simulators.sensors.day import TRUTH, plan, readings
from simulators.sensors.device import SimulatedSensor
from simulators.sensors.incidents import incident, near_miss
from simulators.sensors.scenario import Scenario
from simulators.sensors.town import make_site
from simulators.sensors.town import sensor as written
from simulators.sensors.truth import Span, spans

STREET = load_site(Path(__file__).parents[2] / "examples/street/site.yaml")
BEGIN = datetime(2026, 6, 14, 16, tzinfo=UTC).timestamp()
COMMON = {"event_class": "04-06", "id": "r"}


def threshold(**more):
    given = {"quantity": "water_level", "above": 15, "clear": 12} | more
    return ThresholdRule(kind="threshold", **COMMON, **given)


RULES = [
    threshold(hold=60, clear_hold=300),
    threshold(hold=0, clear_hold=0),
    threshold(quantity="smoke_obscuration", above=0.15, clear=0.08, hold=10, clear_hold=60),
    threshold(quantity="temperature", above=None, below=-10, clear=-5, hold=30),
    threshold(quantity="field_change", above=8, clear=4, hold=600, clear_hold=5),
    threshold(quantity="water_level", unit="m", above=0.15, clear=0.12, hold=20),
    LevelsRule(
        kind="levels",
        **COMMON,
        quantity="water_level",
        levels=(
            Rung(above=15, clear=12, severity=Severity.MEDIUM),
            Rung(above=27, clear=24, severity=Severity.HIGH),
        ),
        hold=60,
    ),
    RateRule(kind="rate", **COMMON, quantity="water_level", rises=5, within=600),
    RateRule(kind="rate", **COMMON, quantity="temperature", falls=8, within=300, hold=20),
    StateRule(kind="state", **COMMON, quantity="open", equals=1, hold=60, clear_hold=5),
    CountRule(kind="count", **COMMON, quantity="blocked", equals=1, count=3, within=60),
    CountRule(kind="count", **COMMON, quantity="laeq", above=85, count=4, within=120),
    WindowRule(kind="window", **COMMON, quantity="pm25", of="mean", within=1800, above=150, clear=120),
    WindowRule(kind="window", **COMMON, quantity="laeq", of="max", within=60, above=85, clear=80, hold=30),
]
NORMAL = {"temperature": 20.0, "laeq": 50.0, "pm25": 35.0}


def signal(script, normal):
    def value(t):
        shares = [(one.share(t), one.level) for one in script if one.share(t)]
        return normal + (shares[0][1] - normal) * shares[0][0] if shares else normal

    return value


def judged(write, rule, start=4000.0):
    normal = NORMAL.get(rule.quantity, 0.0)
    script = write("P07-S1", rule, start, normal)
    assert all(
        QUANTITIES[rule.quantity].lowest <= one.level <= QUANTITIES[rule.quantity].highest for one in script
    )
    ends = max((one.end for one in script), default=start) + 5000
    return script, spans(rule, signal(script, normal), 0, ends)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind}-{rule.quantity}-{rule.id}")
def test_an_incident_opens_its_rule_once_and_clears_it(rule):
    script, found = judged(incident, rule)
    (span,) = found
    assert span.opens >= script[0].start
    assert span.opens >= script[0].start + getattr(rule, "hold", 0)
    assert span.clears is not None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind}-{rule.quantity}-{rule.id}")
def test_a_near_miss_never_opens_its_rule(rule):
    script, found = judged(near_miss, rule)
    assert found == []
    exempt = rule.quantity in ("open", "field_change") and getattr(rule, "hold", 0) == 0
    assert script or exempt


def test_a_help_button_that_is_pressed_has_no_near_miss():
    pressed = threshold(quantity="pressed", above=0.5, clear=0.4)
    assert near_miss("P07-S1", pressed, 0, 0) == ()


@pytest.mark.parametrize("write", [incident, near_miss])
def test_what_has_two_states_is_in_one_of_them(write):
    rule = threshold(quantity="open", above=0.5, clear=0.4, hold=60)
    assert [one.level for one in write("P07-S1", rule, 0, 0)] == [1]


def test_a_frozen_value_is_no_happening():
    rule = StuckRule(kind="stuck", **COMMON, quantity="laeq", hold=600)
    assert incident("P07-S1", rule, 0, 50) == near_miss("P07-S1", rule, 0, 50) == ()


def test_a_rule_opens_after_its_wait_and_clears_after_the_other():
    def square(t):
        return 20.0 if 100 <= t < 200 else 0.0

    assert spans(threshold(hold=30, clear_hold=20), square, 0, 400) == [Span(130, 220)]
    assert spans(threshold(hold=99), square, 0, 400) == [Span(199, 200)]
    assert spans(threshold(hold=101), square, 0, 400) == []
    assert spans(threshold(hold=30, latch=True), square, 0, 400) == [Span(130, None)]
    assert spans(threshold(hold=30), square, 0, 150) == [Span(130, None)]


def test_between_the_limits_nothing_changes():
    def course(t):
        return {0: 0, 1: 16, 2: 13, 3: 16, 4: 12, 5: 13}.get(t // 100, 0)

    assert spans(threshold(), course, 0, 599) == [Span(100, 400)]


def test_a_rule_opens_only_when_it_is_allowed_and_may_clear_at_any_time():
    def square(t):
        return 20.0 if 100 <= t < 300 else 0.0

    assert spans(threshold(), square, 0, 400, lambda t: t >= 250) == [Span(250, 300)]
    assert spans(threshold(), square, 0, 400, lambda t: t >= 300) == []


@given(st.lists(st.sampled_from([0.0, 13.0, 20.0]), min_size=1, max_size=60), st.integers(0, 5))
def test_every_truth_lies_past_the_limit_and_truths_do_not_overlap(values, hold):
    found = spans(threshold(hold=hold), lambda t: values[int(t)], 0, len(values) - 1)
    for span in found:
        assert all(values[int(span.opens) - back] == 20.0 for back in range(hold + 1))
        assert span.clears is None or values[int(span.clears)] == 0.0
    assert all(before.clears < after.opens for before, after in itertools.pairwise(found))


@pytest.fixture(scope="module")
def day():
    return plan(STREET, seed=3, begin=BEGIN, seconds=2 * 3600)


def test_a_day_has_an_incident_and_where_there_can_be_one_a_near_miss_of_each_kind(day):
    kinds = {sensor.id: sensor.kind for point in STREET.points for sensor in point.sensors}
    raised = {kinds[truth.sensor] for truth in day.truths if truth.opens}
    missed = {kinds[truth.sensor] for truth in day.truths if not truth.opens}
    assert raised == set(kinds.values())
    assert missed >= set(kinds.values()) - {
        "sos",
        "beam",
    }  # who calls, and a beam at night: every sign counts


def test_what_happens_on_a_day_is_over_before_the_next_thing_at_that_sensor(day):
    by_sensor = Counter(one.sensor for one in day.scenario.happenings)
    for sensor in by_sensor:
        truths = sorted((one for one in day.truths if one.sensor == sensor), key=lambda one: one.begins)
        for one, later in itertools.pairwise(truths):
            assert one.begins == later.begins or (one.clears or (0, one.ends))[1] < later.begins
    assert all(one.begins >= BEGIN and one.ends <= BEGIN + 7200 for one in day.truths)


def test_the_readings_of_a_day_arrive_in_order_and_reach_what_was_scripted(day):
    arrived = [one for one in readings(day) if one.quantity != "battery"]
    assert all(before.received_at <= after.received_at for before, after in itertools.pairwise(arrived))
    assert {one.sensor for one in arrived} == {s.id for point in STREET.points for s in point.sensors}
    for truth in day.truths:
        if truth.opens is None:
            continue
        (rule,) = [
            rule
            for point in STREET.points
            for sensor in point.sensors
            if sensor.id == truth.sensor
            for rule in sensor.rules
            if rule.id == truth.rule
        ]
        inside = [
            one.value
            for one in arrived
            if (one.sensor, one.quantity) == (truth.sensor, truth.quantity)
            and truth.begins <= one.taken_at.timestamp() <= truth.ends
        ]
        assert sum(rule.past(value) for value in inside) >= 2


def of_kind(kind, count):
    """A street of that many sensors of one kind, with its usual rules."""
    site = make_site(1)
    sensors = tuple(
        Sensor.model_validate(written(f"P01-S{n}", kind, "gridwatch")) for n in range(1, count + 1)
    )
    return site.model_copy(update={"points": (site.points[0].model_copy(update={"sensors": sensors}),)})


def test_nothing_more_is_told_of_what_is_latched():
    day = plan(of_kind("smoke", 30), seed=2, begin=BEGIN, seconds=40 * 3600)
    opened = {truth.sensor: truth for truth in day.truths if truth.opens}
    assert len(opened) >= 6
    assert all(truth.clears is None for truth in opened.values())
    assert all(one.begins <= opened[one.sensor].begins for one in day.truths if one.sensor in opened)


def test_no_car_stops_by_itself_while_something_is_told_of_a_bay():
    site = of_kind("parking", 6)
    day = plan(site, seed=4, begin=BEGIN, seconds=30 * 3600)
    assert len(day.truths) >= 6
    calm = {
        sensor.id: SimulatedSensor("P01", sensor, Scenario(), 4, BEGIN) for sensor in site.points[0].sensors
    }
    for truth in day.truths:
        first, last = (round(at - BEGIN) for at in (truth.begins - 60, truth.ends + 120))
        shown = [calm[truth.sensor].true_values(t)["field_change"] for t in range(first, last, 10)]
        assert max(shown) < 4


def test_the_command_writes_the_same_bytes_again(tmp_path):
    words = ["simulate", "--points", "4", "--hours", "1", "--seed", "5", "--write"]
    for name in ("one", "two"):
        assert main([*words, str(tmp_path / name)]) == 0
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["readings.jsonl", "site.yaml", "truth.json"]
    assert all(
        (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files
    )
    with (tmp_path / "one" / "readings.jsonl").open() as lines:
        assert Reading.model_validate_json(next(lines)).quality == "good"
    assert load_site(tmp_path / "one" / "site.yaml") == make_site(4)
    told = json.loads((tmp_path / "one" / TRUTH).read_text())
    assert {one["opens"] is None for one in told["truths"]} == {True, False}


def test_too_little_time_is_refused_in_words(tmp_path, capsys):
    assert main(["simulate", "--hours", "0.5", "--write", str(tmp_path)]) == 1
    assert "--hours: one at least" in capsys.readouterr().err
