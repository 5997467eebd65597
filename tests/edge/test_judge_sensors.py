"""All rules of a street's sensors together: silence, hours, inhibition, latch, late readings, restarts."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from devices.messages import Change, Reading, Severity
from devices.site.holidays import Calendar
from devices.site.sensor_rules import QuantityRule, SensorHealth, SensorHealthKind, Works
from edge.judge.duties import Common, Duties
from edge.judge.level import Level
from edge.judge.sensors import Memory, SensorRules
from edge.judge.shelf import course_from_json, course_to_json, level_from_json, level_to_json
from edge.judge.silence import GRACE
from tests.edge.points_for_tests import point, sensor
from tests.edge.views_for_tests import ids

SHANGHAI = timezone(timedelta(hours=8))
BEGIN = datetime(2026, 9, 28, 12, tzinfo=SHANGHAI)
"""A Monday, noon."""
RULE: TypeAdapter[Any] = TypeAdapter(QuantityRule)
QUIETLY = SensorHealth(off=tuple(SensorHealthKind))


def rule(kind: str = "threshold", **more: Any) -> Any:
    usual = {"above": 50.0, "clear": 30.0} if kind == "threshold" else {}
    given_ = {"kind": kind, "id": "high", "event_class": "05-06", "quantity": "water_level"}
    return RULE.validate_python(given_ | usual | more)


def meter(*rules: Any, name: str = "P01-S1", **more: Any) -> Any:
    return sensor(name, *rules, **{"health": QUIETLY} | more)


class Town:
    """Rules over a clock that is moved by hand; every step may go over the shelf."""

    def __init__(self, *sensors: Any, common: Common | None = None, restarts: bool = False) -> None:
        self.duties = Duties([point(sensors=sensors)], common or Common(SHANGHAI))
        self.rules = SensorRules(self.duties, ids())
        self.memory = Memory()
        self.now = 1000.0
        self.told: list[tuple[float, str, Change, Severity]] = []
        self._seq = 0
        self._restarts = restarts

    @property
    def moment(self) -> datetime:
        return BEGIN + timedelta(seconds=self.now - 1000.0)

    def say(self, value: float, name: str = "P01-S1", quantity: str = "water_level", **more: Any) -> None:
        self._seq += 1
        given_ = {"taken_at": self.moment, "received_at": self.moment, "boot": "b", "seq": self._seq}
        read = {"point": "P01", "sensor": name, "quantity": quantity, "value": value, "unit": "cm"}
        reading = Reading(**read | given_ | more)
        draft = self.memory.draft()
        self.rules.hear(draft, reading, self.now)
        self._done(draft)

    def passes(self, seconds: int, *, listening: bool = True, each: float = 1.0) -> None:
        for _ in range(int(seconds / each)):
            self.now += each
            draft = self.memory.draft()
            self.rules.wait(draft, each, self.now, self.moment, lambda _: listening)
            self._done(draft)

    def reset(self, key: str) -> bool:
        draft = self.memory.draft()
        done = self.rules.reset(draft, key, self.now, self.moment)
        self._done(draft)
        return done

    def changes(self) -> list[tuple[float, str]]:
        return [(at, change.value) for at, _, change, _ in self.told]

    def _done(self, draft: Any) -> None:
        for duty, turn, _, _ in draft.told:
            case = turn.case
            severity = Severity.LOW if case.quiet else case.severity or duty.rule.severity
            self.told.append((self.now - 1000.0, duty.rule.id, turn.change, severity))
        draft.adopt()
        if self._restarts:
            self._restart()

    def _restart(self) -> None:
        """All that was kept, on a clock that began elsewhere."""
        offset = 12345.0
        levels = {
            key: level_from_json(json.loads(json.dumps(level_to_json(level, offset))), offset)
            for key, level in self.memory.levels.items()
        }
        courses = {
            name: course_from_json(json.loads(json.dumps(course_to_json(course, offset))), offset)
            for name, course in self.memory.courses.items()
        }
        self.memory = Memory(levels, courses)


def test_silence_is_told_after_two_and_a_half_periods_without_being_asked_for() -> None:
    town = Town(meter(rule(), period=60.0, health=SensorHealth()))
    town.say(1.0)
    town.passes(149)
    assert town.told == []
    town.passes(1)
    assert town.told == [(150.0, "health.silent", Change.OPENED, Severity.LOW)]
    town.passes(600)
    town.say(1.0)
    assert town.changes() == [(150.0, "opened"), (750.0, "cleared")]


def test_silence_of_all_is_nobodys_while_the_broker_was_away() -> None:
    town = Town(*(meter(rule(), name=f"P01-S{n}", health=SensorHealth()) for n in range(1, 5)))
    for n in range(1, 5):
        town.say(1.0, f"P01-S{n}")
    town.passes(140)
    town.passes(3600, listening=False, each=60.0)
    town.passes(149)
    assert town.told == []
    town.passes(1)
    assert len(town.told) == 4


def test_a_sensor_that_speaks_once_a_day_is_missed_though_its_broker_is_away_every_day() -> None:
    day = 86400.0
    town = Town(meter(rule(), period=day, health=SensorHealth()))
    town.say(1.0)
    for _ in range(4):
        town.passes(int(day - 600), each=60.0)
        town.passes(600, listening=False, each=60.0)
    assert [change for _, change in town.changes()] == ["opened"]


@settings(max_examples=60)
@given(
    steps=st.lists(st.tuples(st.sampled_from("lls.h"), st.sampled_from((10, 100, 400))), max_size=25),
    restarts=st.booleans(),
)
def test_silence_counts_the_seconds_of_listening_since_the_last_word(steps, restarts) -> None:
    after = 500.0
    health = SensorHealth(silent_after=after)
    town = Town(meter(rule(), health=health), restarts=restarts)
    heard, is_open, wanted = 0.0, False, []
    for what, seconds in steps:
        if what == "h":
            town.say(1.0)
            wanted += ["cleared"] if is_open else []
            heard, is_open = 0.0, False
            continue
        listening = what != "s"
        town.passes(seconds, listening=listening, each=10.0)
        for _ in range(seconds // 10):
            heard = heard + 10.0 if listening else min(heard, after - GRACE)
            if heard >= after and not is_open:
                wanted.append("opened")
                is_open = True
    assert [change for _, change in town.changes()] == wanted


def test_the_sensors_behind_a_silent_gateway_are_not_missed_too() -> None:
    gateway = meter(rule(), name="P01-S9", health=SensorHealth(), period=20.0)
    behind = [meter(rule(), name=f"P01-S{n}", parent="P01-S9", health=SensorHealth()) for n in (1, 2)]
    town = Town(gateway, *behind)
    town.passes(3600)
    assert [name for _, name, _, _ in town.told] == ["health.silent"]
    town.say(1.0, "P01-S9")
    town.say(1.0, "P01-S1")
    for _ in range(20):
        town.passes(10)
        town.say(1.0, "P01-S9")
    assert [change for _, change in town.changes()] == ["opened", "cleared", "opened", "opened"]


def test_low_battery_and_poor_signal_are_work_for_who_maintains_it() -> None:
    town = Town(meter(rule(), health=SensorHealth(off=(SensorHealthKind.SILENT,)), period=60.0))
    for battery, signal in ((22, -90), (19, -120), (24, -120), (24, -120), (26, -112), (26, -100)):
        town.say(1.0, battery=battery, signal=signal)
        town.passes(60, each=10.0)
    town.say(1.0, battery=26, signal=-100)
    town.passes(60, each=10.0)
    town.say(1.0, battery=26, signal=-100)
    assert [(name, change.value) for _, name, change, _ in town.told] == [
        ("health.battery", "opened"),
        ("health.signal", "opened"),
        ("health.battery", "cleared"),
        ("health.signal", "cleared"),
    ]
    classes = {duty.rule.event_class for duty in town.duties.by_key.values() if "health" in duty.key}
    assert classes == {"90-04", "90-06"}


def test_what_is_latched_stays_until_it_is_reset_and_a_reset_too_early_changes_nothing() -> None:
    town = Town(meter(rule(latch=True, clear_hold=60.0)))
    town.say(60.0)
    assert not town.reset("P01-S1|high")
    town.passes(10)
    town.say(10.0)
    assert not town.reset("P01-S1|high")
    town.passes(60)
    town.say(10.0)
    assert town.changes() == [(0.0, "opened")]
    assert town.reset("P01-S1|high")
    assert town.changes() == [(0.0, "opened"), (70.0, "cleared")]


def test_the_key_at_the_panel_resets_what_its_sensor_has_latched() -> None:
    town = Town(meter(rule(latch=True)), meter(rule(latch=True), name="P01-S2"))
    for name in ("P01-S1", "P01-S2"):
        town.say(60.0, name)
        town.say(10.0, name)
    town.say(0.0, quantity="reset")
    town.say(1.0, quantity="reset", quality="bad")
    assert [change for _, change in town.changes()] == ["opened", "opened"]
    town.say(1.0, quantity="reset")
    assert [change for _, change in town.changes()] == ["opened", "opened", "cleared"]


def test_an_open_rule_inhibits_those_that_name_it_and_their_open_cases_may_clear() -> None:
    rain = rule(id="rain", quantity="tilt", above=10.0, clear=5.0)
    town = Town(meter(rule(inhibited_by=["P01-S2/rain"], hold=5.0)), meter(rain, name="P01-S2"))
    town.say(60.0)
    town.passes(5)
    town.say(60.0)
    town.say(20.0, "P01-S2", "tilt", unit="deg")
    town.say(10.0)
    town.say(60.0)
    town.passes(10)
    town.say(60.0)
    town.say(0.0, "P01-S2", "tilt", unit="deg")
    town.passes(1)
    town.say(60.0)
    assert [name for _, name, _, _ in town.told] == ["high", "rain", "high", "rain"]
    town.passes(5)
    town.say(60.0)
    assert town.changes()[-1] == (21.0, "opened"), "the hold begins once nothing inhibits it"


def test_nothing_opens_while_somebody_works_on_it_not_even_its_silence() -> None:
    works = Works(begins=datetime(2026, 9, 28, 12, 0), ends=datetime(2026, 9, 28, 13, 0))  # noqa: DTZ001
    town = Town(meter(rule(), works=(works,), health=SensorHealth(), period=60.0))
    town.say(60.0)
    town.passes(3599, each=59.983333)
    assert town.told == []
    town.passes(100)
    town.say(60.0)
    assert [name for _, name, _, _ in town.told] == ["high"]


def test_it_opens_at_the_hour_though_the_device_reports_changes_only() -> None:
    town = Town(meter(rule("state", equals=1.0, hold=60.0, quantity="open", schedule="12:10-13:00")))
    town.say(1.0, quantity="open", unit="1")
    town.passes(3600)
    assert town.changes() == [(660.0, "opened")]
    town.passes(3600)
    assert len(town.told) == 1, "the end of the hours ends no case"
    town.say(0.0, quantity="open", unit="1")
    assert town.changes()[-1] == (7200.0, "cleared")


def test_in_quiet_hours_it_opens_with_low_severity_until_they_end() -> None:
    town = Town(meter(rule(quiet="11:00-12:10", severity="high")))
    town.say(60.0)
    town.passes(900)
    assert [(at, change, severity) for at, _, change, severity in town.told] == [
        (0.0, Change.OPENED, Severity.LOW),
        (600.0, Change.UPDATED, Severity.HIGH),
    ]


def test_what_is_critical_is_never_quiet_and_neither_is_what_becomes_so() -> None:
    rungs = [
        {"above": 15, "clear": 12, "severity": "medium"},
        {"above": 40, "clear": 37, "severity": "critical"},
    ]
    town = Town(meter(rule("levels", levels=rungs, quiet="00:00-24:00")))
    town.say(20.0)
    town.say(50.0)
    town.say(20.0)
    assert [severity for *_, severity in town.told] == [Severity.LOW, Severity.CRITICAL, Severity.MEDIUM]
    always = Town(meter(rule(quiet="00:00-24:00", severity="critical")))
    always.say(60.0)
    assert [severity for *_, severity in always.told] == [Severity.CRITICAL]


def test_a_workday_is_what_the_calendar_says() -> None:
    holiday = date(2026, 10, 1)
    calendar = Calendar(holidays=["2026-10-01/2026-10-07"], workdays=[date(2026, 10, 10)])
    asked = meter(rule(schedule="workdays 00:00-24:00"))
    for day, opens in ((0, True), (3, False), (9, False), (12, True), (5, False)):
        town = Town(asked, common=Common(SHANGHAI, calendar.works))
        town.now += 86400.0 * day
        town.say(60.0)
        assert bool(town.told) is opens, holiday + timedelta(days=day - 3)


@pytest.mark.parametrize("quality", ["bad", "uncertain"])
def test_a_value_that_cannot_be_believed_neither_opens_nor_clears_but_its_sensor_speaks(quality) -> None:
    town = Town(meter(rule(), health=SensorHealth(), period=60.0))
    town.say(60.0, quality=quality)
    town.say(60.0)
    town.say(10.0, quality=quality)
    for _ in range(10):
        town.passes(60, each=10.0)
        town.say(10.0, quality=quality)
    assert town.changes() == [(0.0, "opened")]


def test_a_late_reading_does_not_take_back_what_a_newer_one_said() -> None:
    town = Town(meter(rule()))
    town.say(60.0, seq=5)
    town.passes(10)
    late = town.moment - timedelta(seconds=20)
    town.say(10.0, seq=4, taken_at=late)
    assert town.changes() == [(0.0, "opened")]
    town.say(10.0, seq=6)
    assert len(town.told) == 2


@settings(max_examples=60)
@given(
    values=st.lists(st.sampled_from((10.0, 40.0, 60.0)), min_size=1, max_size=12),
    order=st.randoms(use_true_random=False),
    ahead=st.sampled_from((-40000.0, 0.0, 7.0)),
)
def test_however_a_series_arrives_only_what_is_newer_than_all_before_is_how_it_is(
    values, order, ahead
) -> None:
    """Held back, out of order, by a device whose clock nobody set: against the readings that were newest."""
    town = Town(meter(rule()))
    arrivals = sorted(range(len(values)), key=lambda seq: seq + order.choice((0, 0, 0, 3, 5)))
    taken = town.moment + timedelta(seconds=ahead)
    newest, is_open, wanted = -1, False, []
    for seq in arrivals:
        town.passes(60, each=60.0)
        town.say(values[seq], seq=seq, taken_at=taken + timedelta(seconds=seq))
        if seq > newest:
            newest = seq
            if values[seq] > 50.0 if not is_open else values[seq] <= 30.0:
                is_open = not is_open
                wanted.append("opened" if is_open else "cleared")
    assert [change for _, change in town.changes()] == wanted


def test_a_device_that_sets_its_clock_back_is_heard_at_once() -> None:
    town = Town(meter(rule()))
    town.say(60.0, seq=5)
    town.passes(10)
    town.say(10.0, seq=6, taken_at=town.moment - timedelta(hours=8))
    assert [change for _, change in town.changes()] == ["opened", "cleared"]


def test_a_straggler_of_the_run_before_is_late_and_a_new_run_is_not() -> None:
    town = Town(meter(rule()))
    town.say(10.0, seq=70, boot="a")
    town.passes(10)
    town.say(60.0, seq=1, boot="b")
    town.say(10.0, seq=71, boot="a", taken_at=town.moment - timedelta(seconds=5))
    assert town.changes() == [(10.0, "opened")]


words = st.tuples(
    st.sampled_from(("say", "late", "wait", "away", "reset")),
    st.sampled_from((10.0, 29.0, 40.0, 51.0, 90.0)),
    st.sampled_from((1, 30, 200)),
)


@settings(max_examples=60)
@given(st.lists(words, max_size=25))
def test_a_street_that_is_started_anew_after_every_step_tells_the_same(steps) -> None:
    rungs = [
        {"above": 28, "clear": 12, "severity": "medium"},
        {"above": 50, "clear": 35, "severity": "high"},
    ]
    asked = (
        rule(hold=30.0, clear_hold=30.0),
        rule("levels", id="levels", levels=rungs, hold=5.0),
        rule("rate", id="rate", rises=30.0, within=300.0),
        rule("window", id="mean", of="mean", within=200.0, above=40.0, clear=20.0),
        rule("count", id="count", above=50.0, count=3, within=600.0, clear_hold=10.0),
        rule("state", id="state", equals=90.0, hold=30.0, clear_hold=5.0),
        rule("stuck", id="stuck", hold=200.0),
        rule(id="latched", latch=True, inhibited_by=["rate"]),
        rule(id="quiet", quiet="12:00-12:05"),
    )
    sensors = (meter(*asked, health=SensorHealth(), period=60.0),)
    towns = Town(*sensors), Town(*sensors, restarts=True)
    for what, value, seconds in steps:
        for town in towns:
            if what == "say":
                town.passes(seconds, each=float(seconds))
                town.say(value, battery=value)
            elif what == "late":
                town.say(value, seq=0, taken_at=town.moment - timedelta(seconds=seconds))
            elif what == "reset":
                town.reset("P01-S1|latched")
            else:
                town.passes(seconds, listening=what == "wait", each=float(seconds))
    assert towns[0].told == towns[1].told


def test_rules_are_found_by_sensor_and_quantity_and_health_has_ids_of_its_own() -> None:
    town = Town(meter(rule(), rule(id="low", below=1.0, above=None, clear=2.0), health=SensorHealth()))
    keys = [duty.key for duty in town.duties.by_quantity["P01-S1", "water_level"]]
    assert keys == ["P01-S1|high", "P01-S1|low"]
    assert set(town.duties.by_key) - set(keys) == {
        f"P01-S1|health.{kind}" for kind in ("silent", "battery", "signal")
    }
    town.say(1.0, quantity="pm25", unit="ug/m3")
    assert town.told == []


def test_a_sensor_without_rules_has_those_of_its_kind_and_fire_is_urgent() -> None:
    codes = frozenset({"04-99-080"})
    smoke = meter(health=QUIETLY).model_copy(update={"kind": "smoke", "rules": ()})
    town = Town(smoke, common=Common(SHANGHAI, codes=codes))
    assert town.duties.urgent == {"P01-S1"}
    town.say(0.5, quantity="smoke_obscuration", unit="dB/m")
    town.passes(10)
    town.say(0.5, quantity="smoke_obscuration", unit="dB/m")
    assert [(change, severity) for _, _, change, severity in town.told] == [
        (Change.OPENED, Severity.CRITICAL)
    ]
    assert Town(smoke).duties.by_key == {}, "a class that the site does not have is not judged"


def test_a_draft_tells_what_was_put_last_whether_or_not_that_is_worth_keeping() -> None:
    first, second = Level(past_since=1.0), Level(past_since=2.0)
    draft = Memory().draft()
    draft.put("k", first)
    draft.put("k", second, keep=False)
    assert draft.level("k") is second
    assert draft.levels == {"k": second}, "what is kept must not be older than what is told"
