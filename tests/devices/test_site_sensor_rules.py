"""Rules of sensors as a site file has them: what is refused and why, units, holidays, what names what."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from devices.site.holidays import Calendar
from devices.site.hours import open_at
from devices.site.load import inspect_site
from devices.site.rule_units import in_own_unit
from devices.site.sensor_rules import (
    AnyRule,
    CountRule,
    LevelsRule,
    QuantityRule,
    RateRule,
    SensorHealth,
    StateRule,
    ThresholdRule,
    WindowRule,
    Works,
)
from devices.site.sentence import sentence

RULE: TypeAdapter[AnyRule] = TypeAdapter(QuantityRule)


def rule(kind: str, **more: Any) -> AnyRule:
    usual = {"kind": kind, "id": "r", "event_class": "05-06", "quantity": "water_level"}
    return RULE.validate_python(usual | more)


LIMITS = {"above": 15, "clear": 12}
RUNGS = [LIMITS | {"severity": "medium"}, {"above": 40, "clear": 37, "severity": "critical"}]


@pytest.mark.parametrize(
    ("kind", "written", "said"),
    [
        ("threshold", {"above": 15, "clear": 15}, "never clears steadily"),
        ("threshold", {"clear": 15}, "exactly one of `above` and `below`"),
        ("levels", {"levels": RUNGS[::-1]}, "from the mildest limit to the worst"),
        ("levels", {"levels": [RUNGS[0], {"below": 1, "clear": 2, "severity": "high"}]}, "both kinds"),
        ("rate", {"rises": 5, "falls": 5, "within": 60}, "exactly one of `rises` and `falls`"),
        ("rate", {"rises": 5, "clear": 5, "within": 60}, "never clears steadily"),
        ("count", {"count": 3, "within": 60}, "exactly one of `equals`, `above` and `below`"),
        ("count", {"count": 3, "clear_count": 4, "equals": 1, "within": 60}, "at most `count`"),
        ("window", {"of": "mean", "within": 60, "wraps_at": 9, **LIMITS}, "is for counters"),
        ("threshold", {"id": "health.x", **LIMITS}, "is kept for what is wrong with the sensor itself"),
        ("threshold", {"unit": "Cel", **LIMITS}, "does not measure water_level; write it in 'cm'"),
        ("threshold", {"unit": "m", "quantity": "foo", **LIMITS}, "nobody knows the unit of 'foo'"),
        ("threshold", {"schedule": "workdys 08:00-18:00", **LIMITS}, "has no day"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_fix(kind, written, said) -> None:
    with pytest.raises(ValidationError, match=said):
        rule(kind, **written)


def test_a_unit_that_cannot_be_converted_is_refused_at_its_field() -> None:
    with pytest.raises(ValidationError) as caught:
        rule("threshold", unit="Cel", **LIMITS)
    assert caught.value.errors()[0]["loc"] == ("threshold", "unit")


def test_limits_are_converted_to_the_quantitys_own_unit_differences_without_the_offset() -> None:
    metres = in_own_unit(rule("threshold", unit="m", above=0.15, clear=0.12))
    assert isinstance(metres, ThresholdRule)
    assert (metres.above, metres.clear, metres.unit) == (15.0, 12.0, None)
    warm = in_own_unit(rule("rate", quantity="temperature", unit="degF", rises=18, clear=9, within=60))
    assert isinstance(warm, RateRule)
    assert (warm.rises, warm.clear) == (pytest.approx(10.0), pytest.approx(5.0))
    deep = in_own_unit(rule("levels", unit="mm", levels=RUNGS))
    assert isinstance(deep, LevelsRule)
    assert [one.above for one in deep.levels] == [1.5, 4.0]
    grown = in_own_unit(rule("window", unit="m", of="growth", within=60, wraps_at=10, above=1, clear=0.5))
    assert isinstance(grown, WindowRule)
    assert (grown.above, grown.clear, grown.wraps_at) == (100.0, 50.0, 1000.0)
    counted = in_own_unit(rule("count", unit="m", above=0.1, count=3, within=60))
    assert isinstance(counted, CountRule)
    assert counted.above == 10.0
    at = in_own_unit(rule("state", unit="m", equals=0.1))
    assert isinstance(at, StateRule)
    assert at.equals == 10.0
    plain = rule("threshold", **LIMITS)
    assert in_own_unit(plain) is plain


@pytest.mark.parametrize(
    ("kind", "written", "words"),
    [
        ("threshold", {"hold": 60, **LIMITS}, "above 15 for 1 min is medium 05-06; over when back under 12"),
        ("rate", {"rises": 5, "within": 600}, "rises by more than 5 within 10 min"),
        ("count", {"equals": 1, "count": 3, "within": 60}, "3 times at 1 within 1 min"),
        ("window", {"of": "mean", "within": 3600, **LIMITS}, "water_level mean within 1 h above 15"),
        ("levels", {"levels": RUNGS}, "water_level above 15 (critical above 40) is medium"),
        ("state", {"equals": 1, "hold": 60, "schedule": "22:00-06:00"}, "at 1 for 1 min (22:00-06:00) is"),
        ("stuck", {"hold": 3600}, "water_level stuck for 1 h is low"),
        ("threshold", {"latch": True, **LIMITS}, "back under 12 and it is reset"),
    ],
)  # fmt: skip
def test_a_rule_is_said_in_words(kind, written, words) -> None:
    assert words in sentence(rule(kind, **written), {})


MONDAY = date(2026, 9, 28)


@given(st.integers(0, 60), st.integers(0, 24 * 60 - 1))
def test_every_moment_is_of_a_workday_or_of_a_restday(day: int, minute: int) -> None:
    works = Calendar(holidays=["2026-10-01/2026-10-07"], workdays=[date(2026, 10, 10)]).works
    local = datetime(2026, 9, 28) + timedelta(days=day, minutes=minute)  # noqa: DTZ001
    assert open_at(["workdays 00:00-24:00"], local, works) is works(local.date())
    assert open_at(["restdays 00:00-24:00"], local, works) is not works(local.date())


def test_holidays_and_make_up_days_overrule_the_day_of_the_week() -> None:
    calendar = Calendar(holidays=["2026-10-01/2026-10-07", "2026-01-01"], workdays=[date(2026, 10, 10)])
    days = {date(2026, 9, 30): True, date(2026, 10, 1): False, date(2026, 10, 5): False}
    days |= {date(2026, 10, 8): True, date(2026, 10, 10): True, date(2026, 10, 11): False}
    assert {day: calendar.works(day) for day in days} == days
    late = datetime(2026, 10, 1, 1)  # noqa: DTZ001
    assert open_at(["workdays 22:00-06:00"], late, calendar.works), "a night is of the day it begins on"


def test_a_day_cannot_be_both_and_a_holiday_ends_after_it_begins() -> None:
    with pytest.raises(ValidationError, match="as a holiday and as a workday"):
        Calendar(holidays=["2026-10-01"], workdays=[date(2026, 10, 1)])
    with pytest.raises(ValidationError, match="is no holiday"):
        Calendar(holidays=["2026-10-07/2026-10-01"])
    with pytest.raises(ValidationError, match="ends before it begins"):
        Works(begins="2026-10-07 10:00", ends="2026-10-07 09:00")
    with pytest.raises(ValidationError, match="set `battery_clear` over `battery`"):
        SensorHealth(battery=30)


SITE = """
version: 1
name: {zh: 一, en: One}
event_classes:
- {code: 05-06, name: {zh: 水, en: Water}}
- {code: 90-03, name: {zh: 静, en: Silent}}
- {code: 90-04, name: {zh: 电, en: Battery}}
- {code: 90-06, name: {zh: 弱, en: Signal}}
calendar: {holidays: [2026-10-01/2026-10-07], workdays: [2026-10-10]}
nodes: [{id: n1, name: {zh: 一, en: One}}]
points:
- id: P1
  name: {zh: 一, en: One}
  node: n1
  grid: G1
  position: {lon: 120, lat: 30}
  sensors:
  - id: S1
    name: {zh: 一, en: One}
    kind: water_level
    works: [{begins: 2026-10-01 08:00, ends: 2026-10-01 12:00}]
    rules:
    - {kind: threshold, id: high, event_class: 05-06, quantity: water_level, unit: m,
       above: 0.15, clear: 0.12, hold: 1 min, schedule: workdays 08:00-18:00,
       quiet: "22:00-06:00", inhibited_by: [S2/rain]}
  - id: S2
    name: {zh: 二, en: Two}
    kind: any
    parent: S1
    health: {off: [battery], event_classes: {silent: 90-04}, silent_after: 10 min}
    rules:
    - {kind: count, id: rain, event_class: 05-06, quantity: pulses, above: 0, count: 3, within: 10 min}
"""  # fmt: skip


def test_a_whole_site_of_them_is_read(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    report = inspect_site(tmp_path / "site.yaml")
    assert report.errors == ()
    assert report.site is not None
    assert report.site.calendar.holidays[0].last == date(2026, 10, 7)
    assert report.site.points[0].sensors[0].works[0].ends == datetime(2026, 10, 1, 12)  # noqa: DTZ001
    assert not [one for one in report.warnings if "sensor" in one.path]


@pytest.mark.parametrize(
    ("was", "now", "path", "said"),
    [
        ("S2/rain", "S2/rein", "inhibited_by[0]", "did you mean `S2/rain`?"),
        ("[S2/rain]", "[high]", "inhibited_by[0]", "no other rule 'high'"),
        ("parent: S1", "parent: S2", "sensors[1].parent", "no other sensor 'S2'"),
        ("{silent: 90-04}", "{silent: 90-99}", "event_classes.silent", "no event class '90-99'"),
        ("unit: m,", "unit: dB,", "rules[0].unit", "does not measure water_level"),
        ("2026-10-10]", "2026-10-02]", "calendar", "as a holiday and as a workday"),
    ],
)  # fmt: skip
def test_what_names_something_that_is_not_there_is_told_at_its_place(tmp_path, was, now, path, said) -> None:
    assert was in SITE
    (tmp_path / "site.yaml").write_text(SITE.replace(was, now, 1), encoding="utf-8")
    report = inspect_site(tmp_path / "site.yaml")
    told = [str(one) for one in (*report.errors, *report.warnings)]
    assert any(path in one and said in one for one in told), told
