"""Rules of a zone as a site file may say them: each kind, each mistake, and times of the week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import SiteError
from devices.site.edit import dump_site
from devices.site.hours import by_weekday, hours, open_at
from devices.site.load import load_site
from devices.site.rules import ClosedRule, CrowdRule, LeftRule, ParkedRule, labels_of
from devices.site.sentence import sentence

SITE = """\
version: 1
name: {{zh: 街道, en: Street}}
event_classes:
- {{code: 05-06, name: {{zh: 事, en: Matter}}}}
nodes:
- {{id: n1, name: {{zh: 节点, en: Node}}}}
points:
- id: P01
  name: {{zh: 校门, en: School gate}}
  node: n1
  grid: G1
  position: {{lon: 120.005, lat: 30.002}}
  cameras:
  - id: P01-C1
    name: {{zh: 机, en: Camera}}
    host: 192.0.2.7
    signage: true
    zones:
    - id: P01-C1-Z1
      name: {{zh: 区, en: Zone}}
      polygon: [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
      rules:
      - {{id: rule, event_class: 05-06, {rule}}}
"""


def site_with(directory: Path, rule: str):
    path = directory / "site.yaml"
    path.write_text(SITE.format(rule=rule), "utf-8")
    return load_site(path)


def rule_of(site):
    return site.points[0].cameras[0].zones[0].rules[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind: parked, labels: [bikes], dwell: 5 min", "one of the bikes that stays for 5 min"),
        (
            "kind: parked, labels: [bicycle], count: 5, share: 30 %, clear_count: 2, dwell: 90 s",
            "5 or more of bicycle, or bicycle over 30% of the zone that stays for 90 s",
        ),
        ("kind: parked, labels: [bicycle], share: 0.4, dwell: 60", "bicycle over 40% of the zone that stays"),
        (
            "kind: left, labels: [vehicles], dwell: 2 min, unknown: ignore, schedule: 'mon-fri 07:00-09:00'",
            "one of the vehicles that stays for 2 min (mon-fri 07:00-09:00)",
        ),
        ("kind: crowd, count: 8, dwell: 1 min", "8 or more people for 1 min"),
        (
            "kind: closed, seen: 2, looks: 4, schedule: ['22:00-06:00', 'sun 00:00-24:00']",
            "somebody seen in 2 of 4 looks (22:00-06:00, sun 00:00-24:00)",
        ),
        ("kind: loitering, dwell: 5 min, gap: 30 s", "somebody there for 5 min, never away longer than 30 s"),
        ("kind: dog, dwell: 20 s, clear_after: 1 min", "a dog there for 20 s"),
    ],
)
def test_each_kind_of_rule_is_read_said_and_written_back(tmp_path, text, says):
    site = site_with(tmp_path, text)
    said = sentence(rule_of(site), {"05-06": "Matter"})
    assert said.startswith(says)
    assert said.endswith("is medium 05-06 Matter")
    again = tmp_path / "again.yaml"
    again.write_text(dump_site(site), "utf-8")
    assert load_site(again) == site


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: crowd, count: 1, dwell: 60", "rules[0].count: must be at least 2"),
        ("kind: crowd, dwell: 60", "rules[0].count: is missing"),
        ("kind: crowd, count: 4, clear_count: 5, dwell: 60", "set `clear_count` to at most `count`"),
        ("kind: closed, seen: 6", "set `seen` to at most `looks`"),
        ("kind: closed, schedule: 22-6", 'write for example "22:00-06:00"'),
        ("kind: closed, schedule: '25:00-06:00'", "no clock shows"),
        ("kind: closed, schedule: '06:00-06:00'", "00:00-24:00 for the whole day"),
        ("kind: closed, schedule: 'mo-fr 22:00-06:00'", "the days are mon tue wed"),
        ("kind: loitering, gap: 5 s", "rules[0].dwell: is missing"),
        ("kind: loitering, dwell: 60, count: 2", "rules[0].count: is not a field here"),
        ("kind: dog, dwel: 5 s", "did you mean `dwell`?"),
        ("kind: left, dwell: 60, unknown: drop", "is not one of report, ignore"),
        ("kind: left, dwell: 60, labels: [vehicle]", "did you mean `vehicles`?"),
        ("kind: parked, labels: [bikes], dwell: 60, share: 30", "rules[0].share: must be at most 1"),
        ("kind: parked, labels: [bikes], dwell: 60, share: much", 'write for example "30 %" or 0.3'),
        ("kind: parked, labels: [bikes], dwell: 60, clear_share: 0.2", "give both or neither"),
        ("kind: parked, labels: [bikes], dwell: 60, share: 0.2, clear_share: 0.3", "set `clear_share`"),
        ("kind: parked, labels: [bikes], dwell: 60, count: 3, clear_count: 4", "set `clear_count`"),
    ],
)
def test_a_wrong_rule_is_named_with_its_fix(tmp_path, text, said):
    with pytest.raises(SiteError) as caught:
        site_with(tmp_path, text)
    assert said in str(caught.value), str(caught.value)


@given(st.integers(1, 200))
def test_what_opens_at_a_count_never_clears_at_it(count):
    bikes = ParkedRule(kind="parked", id="a", event_class="", labels=("bicycle",), dwell=1, count=count)
    people = CrowdRule(kind="crowd", id="a", event_class="", dwell=1, count=count + 1)
    assert 1 <= bikes.least <= count
    assert 1 <= people.least < count + 1
    assert bikes.least_share == 0.0


def test_a_rule_with_a_share_alone_does_not_open_by_count():
    bikes = ParkedRule(kind="parked", id="a", event_class="", labels=("bicycle",), dwell=1, share=0.3)
    assert bikes.enough is None
    assert 0.1 < bikes.least_share < 0.3
    both = ParkedRule(kind="parked", id="a", event_class="", labels=("bicycle",), dwell=1, share=0.3, count=1)
    assert both.enough == 1


def test_a_group_stands_for_its_labels():
    rule = LeftRule(kind="left", id="a", event_class="", labels=("vehicles", "bicycle"), dwell=1)
    assert labels_of(rule) == {"car", "truck", "bus", "motorcycle", "bicycle"}
    assert labels_of(rule.model_copy(update={"labels": ()})) == frozenset()


MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day", "clock", "within"),
    [
        ("22:00-06:00", 0, "21:59", False),
        ("22:00-06:00", 0, "22:00", True),
        ("22:00-06:00", 0, "05:59", True),
        ("22:00-06:00", 0, "06:00", False),
        ("fri 22:00-06:00", 5, "05:00", True),
        ("fri 22:00-06:00", 4, "05:00", False),
        ("sun 22:00-06:00", 0, "05:00", True),
        ("mon-fri 07:30-09:00", 4, "08:00", True),
        ("mon-fri 07:30-09:00", 5, "08:00", False),
        ("sat-mon 00:00-24:00", 0, "23:59", True),
        ("sat-mon 00:00-24:00", 1, "00:00", False),
        ("Sat, Sun 09:00-17:00", 6, "16:59", True),
        ("18:00-24:00", 3, "23:59", True),
    ],
)
def test_times_of_the_week_are_read_as_they_are_said(text, day, clock, within):
    hour, minute = map(int, clock.split(":"))
    assert open_at([text], MONDAY + timedelta(days=day, hours=hour, minutes=minute)) is within


@given(st.integers(0, 7 * 1440 - 1))
def test_two_times_that_share_a_day_cover_it_without_gap_or_overlap(minute):
    local = MONDAY + timedelta(minutes=minute)
    assert open_at(["06:30-21:15"], local) is not open_at(["21:15-06:30"], local)
    assert open_at([], local)
    assert hours("00:00-24:00").hold(local, by_weekday)


def test_a_closed_zone_without_times_is_always_closed():
    assert ClosedRule(kind="closed", id="a", event_class="").schedule == ()
