"""`gridwatch rules try`: what is read, what is printed, and how it says that a line is wrong."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import gridwatch
from devices.ids import uuid7
from devices.messages import Change, Condition, ConditionState, Severity

NOON = datetime(2026, 6, 15, 4, tzinfo=UTC)

SITE = """
version: 1
name: {zh: 街, en: Street}
event_classes:
- {code: 05-05, name: {zh: 占道, en: Lane}}
- {code: 04-06, name: {zh: 积水, en: Water}}
nodes: [{id: n1, name: {zh: 一, en: One}}]
points:
- id: P01
  name: {zh: 点, en: Point}
  node: n1
  grid: G01
  position: {lon: 120.0, lat: 30.0}
  cameras:
  - id: P01-C1
    name: {zh: 机, en: Camera}
    host: 127.0.0.1
    signage: true
    zones:
    - id: P01-C1-Z1
      name: {zh: 区, en: Zone}
      polygon: [[0, 0], [1, 0], [1, 1]]
      rules: [{kind: left, id: lane, event_class: 05-05, labels: [vehicles], dwell: 2 min}]
  sensors:
  - id: P01-S1
    name: {zh: 器, en: Parking}
    kind: parking
    period: 30 s
    rules: [{kind: threshold, id: occupied, event_class: 05-05, quantity: field_change, above: 8, clear: 4}]
  - id: P01-S2
    name: {zh: 水, en: Water}
    kind: water_level
    period: 30 s
    rules: [{kind: threshold, id: high, event_class: 04-06, quantity: water_level, above: 15, clear: 10}]
  joins:
  - id: P01-taken
    kind: confirmed
    event_class: 05-05
    parts: [{device: P01-S1, rule: occupied}, {device: P01-C1, rule: lane}]
"""


def reading(second: float, value: float, sensor: str = "P01-S1", quantity: str = "field_change") -> dict:
    at = (NOON + timedelta(seconds=second)).isoformat()
    return {"sensor": sensor, "quantity": quantity, "value": value, "taken_at": at}


def seen(change: Change, second: float, rev: int = 1, name=uuid7()) -> dict:  # noqa: B008 (one condition)
    state = ConditionState.CLEARED if change is Change.CLEARED else ConditionState.OPEN
    return Condition(
        condition_id=name, rev=rev, change=change, state=state, node="n1", point="P01", device="P01-C1",
        zone="P01-C1-Z1", rule="lane", place="P01-C1-Z1", event_class="05-05", label="car", score=0.9,
        severity=Severity.MEDIUM, since=NOON + timedelta(seconds=5),
        changed_at=NOON + timedelta(seconds=second),
    ).model_dump(mode="json")  # fmt: skip


DAY = [
    *(reading(second, 12.0 if 60 <= second < 300 else 1.0) for second in range(0, 400, 30)),
    seen(Change.OPENED, 401),
]


@pytest.fixture
def tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Run the command over these lines; its exit code and what it printed."""
    site = tmp_path / "site.yaml"
    site.write_text(SITE, encoding="utf-8")

    def run(lines: list, *more: str, zipped: bool = False, raw: bytes | None = None):
        body = raw if raw is not None else b"".join(json.dumps(one).encode() + b"\n" for one in lines)
        file = tmp_path / "readings"
        file.write_bytes(gzip.compress(body) if zipped else body)
        code = gridwatch.main(["rules", "try", str(site), "--readings", str(file), *more])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err

    return run


@pytest.mark.parametrize(
    ("option", "wrong", "said"),
    [
        ("--rule", "occupide", "--rule: the site has no 'occupide'; did you mean 'occupied'?"),
        ("--point", "P77", "--point: the site has no 'P77'; see `gridwatch check` for what it has"),
    ],
)
def test_a_name_that_the_site_does_not_have_is_no_empty_answer(tried, option, wrong, said):
    code, lines, err = tried(DAY, option, wrong)
    assert (code, lines) == (1, [])
    assert said in err


@pytest.mark.parametrize("rule", ["occupied", "lane", "P01-taken", "health.silent", "health.black"])
def test_each_rule_and_join_of_the_site_may_be_asked_for(tried, rule):
    assert tried(DAY, "--rule", rule)[0] == 0


def test_it_prints_what_would_have_been_raised_and_cleared(tried):
    code, lines, err = tried(DAY)
    assert code == 0
    assert [line.split() for line in lines[:2]] == [
        ["opened", "cleared", "point", "device", "rule", "class", "severity", "what"],
        ["06-15", "12:01:00", "06-15", "12:05:00", "P01", "P01-S1", "occupied", "05-05", "medium",
         "field_change", "12", "uT", "(limit", "8)"],
    ]  # fmt: skip
    assert "14 readings in " in err
    assert "of CPU a million" in err


def test_a_camera_s_condition_among_the_readings_is_joined_with_them(tried):
    code, lines, _ = tried([*DAY, seen(Change.CLEARED, 500, rev=2)], "--json", "--rule", "P01-taken")
    assert code == 0
    (joined,) = map(json.loads, lines)
    assert [part["device"] for part in joined["parts"]] == ["P01-S1", "P01-C1"]
    opened, cleared = (datetime.fromisoformat(joined[name]) for name in ("opened", "cleared"))
    assert (opened, cleared) == (NOON + timedelta(seconds=401), NOON + timedelta(seconds=500))


def test_a_zipped_file_says_the_same(tried):
    assert tried(DAY, zipped=True)[1] == tried(DAY)[1]


def test_only_what_is_asked_for_is_shown(tried):
    assert len(tried(DAY, "--rule", "lane")[1]) == 2
    assert len(tried(DAY, "--rule", "high")[1]) == 1
    assert len(tried(DAY, "--point", "P01")[1]) > 2


def test_silence_is_raised_by_the_recording_s_clock_and_not_while_nobody_recorded(tried):
    """The parking sensor is silent for five minutes while another is heard; then nobody is, for an hour."""
    water = [reading(second, 1.0, "P01-S2", "water_level") for second in range(0, 331, 30)]
    lines = sorted([reading(0, 1.0), *water, reading(4000, 1.0)], key=lambda one: one["taken_at"])
    _, shown, _ = tried(lines, "--json")
    (silent,) = [one for one in map(json.loads, shown) if one["rule"] == "health.silent"]
    assert silent["device"] == "P01-S1"
    late = (datetime.fromisoformat(silent["opened"]) - NOON).total_seconds()
    assert 75 <= late <= 81
    assert datetime.fromisoformat(silent["cleared"]) == NOON + timedelta(seconds=4000)


def test_messages_of_readings_as_a_node_sends_them_are_read(tried):
    readings = [
        one | {"point": "P01", "unit": "uT", "received_at": one["taken_at"], "boot": "b", "seq": n}
        for n, one in enumerate(DAY[:-1])
    ]
    batches = [{"data": {"node": "n1", "readings": readings[:7]}}, {"readings": readings[7:]}, readings[-1]]
    _, shown, err = tried(batches)
    assert len(shown) == 2
    assert "14 readings" in err
    assert "1 came twice" in err
    assert "of 1 sensors there is nothing" in err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{\n", "readings:2: Expecting property name"),
        (b"[1]\n", "readings:2: is no JSON object"),
        (b'{"sensor": "P01-S1", "quantity": "field_change", "value": "much"}\n', "readings:2: "),
        (b'{"condition_id": 1}\n', "readings:2: "),
        (b"\xff\xfe\n", "readings:2: "),
    ],
)
def test_a_line_that_is_wrong_is_named(tried, line, said):
    code, shown, err = tried([], raw=json.dumps(DAY[0]).encode() + b"\n" + line)
    assert (code, shown) == (1, [])
    assert said in err
    assert "Traceback" not in err


def test_half_a_zipped_file_and_none_at_all_are_said(tried, tmp_path):
    body = gzip.compress(json.dumps(DAY[0]).encode() * 50)
    code, _, err = tried([], raw=body[:-20])
    assert (code, "cannot be read" in err) == (1, True)
    site = str(tmp_path / "site.yaml")
    assert gridwatch.main(["rules", "try", site, "--readings", str(tmp_path / "none")]) == 1


def test_sensors_that_the_site_does_not_have_are_counted(tried):
    code, _, err = tried([reading(0, 1.0, "elsewhere"), *DAY])
    assert code == 0
    assert "1 are of sensors that the site does not have: elsewhere" in err
