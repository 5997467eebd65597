from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from cloud.deadlines.clearing import Clearing
from cloud.deadlines.limits import load_policy
from cloud.errors import SettingsError
from devices.site.load import load_site

STREET = Path(__file__).parents[2] / "examples" / "street"


def write(directory: Path, text: str) -> Path:
    path = directory / "deadlines.yaml"
    path.write_text(text, "utf-8")
    return path


def refused(directory: Path, text: str) -> list[str]:
    path = write(directory, text)
    with pytest.raises(SettingsError) as caught:
        load_policy(path)
    return [line.removeprefix(f"{directory}/") for line in str(caught.value).splitlines()]


def test_a_class_takes_what_it_does_not_say_from_its_group_and_then_from_the_default(tmp_path) -> None:
    policy = load_policy(
        write(
            tmp_path,
            "workday: 7 h\n"
            "default: {limits: {acceptance: 60 s, handling: 2 work d}, clearing: week}\n"
            "classes:\n"
            '  "05": {limits: {checking: 1 d}, clearing: day}\n'
            '  "05-06": {limits: {handling: 1.5 work h}}\n',
        )
    )
    bikes = policy.terms("05-06-081")
    assert {step: str(one) for step, one in bikes.limits if one} == {
        "acceptance": "60 s",
        "handling": "1.5 work h",
        "checking": "1 d",
    }
    assert bikes.clearing is Clearing.DAY
    other = policy.terms("06-05-06")
    assert other.clearing is Clearing.WEEK
    assert other.limits.checking is None
    assert other.limits.handling is not None
    assert policy.time(other.limits.handling) == timedelta(hours=14)
    assert other.limits.handling.work
    assert bikes.limits.acceptance is not None
    assert not bikes.limits.acceptance.work


def test_the_example_has_a_minute_for_acceptance_and_the_years_make_up_days() -> None:
    policy = load_policy(STREET / "deadlines.yaml")
    for code in [one.code for one in load_site(STREET / "site.yaml").event_classes]:
        terms = policy.terms(code)
        assert terms.clearing is not None
        minute = timedelta(minutes=10 if code.startswith("90") else 1)
        assert terms.limits.acceptance is not None
        assert policy.time(terms.limits.acceptance) == minute
    days = [date(2026, 1, 1) + timedelta(day) for day in range(365)]
    worked = [day for day in days if policy.calendar.works(day)]
    off_in_the_week = [day for day in days if day.weekday() < 5 and not policy.calendar.works(day)]
    at_weekends = [day for day in worked if day.weekday() > 4]
    assert (len(worked), len(off_in_the_week), len(at_weekends)) == (248, 19, 6)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("default: {limits: {handling: 4 hours}}", ":1: default.limits.handling: is not a limit"),
        ("default:\n  limits:\n    handling: 0 h", ":3: default.limits.handling.count"),
        ("default: {limits: {handling: 7}}", ":1: default.limits.handling: is not a limit"),
        ("default: {limits: {handling: 1 work d}}",
         ":1: default.limits.handling: is 1 work d, and nobody says how long that is; add"),
        ('classes:\n  "05":\n    limits: {checking: 400 d}',
         ":3: classes.05.limits.checking: is 400 d"),
        ('classes:\n  "05":\n    limits: {handeling: 1 d}',
         ":3: classes.05.limits.handeling: is not a field here; did you mean `handling`?"),
        ("classes:\n  \"05\":\n    cleared: day", ":3: classes.05.cleared: is not a field here"),
        ("default: {clearing: daily}", ":1: default.clearing: is not one of day, week, month"),
        ("hours:\n- mon 9-5", ":2: hours[0]: is not a time of the week; write"),
        ("hours: []", ":1: `hours` names no time"),
        ("workday: long", ":1: workday: is not a duration"),
        ("calendar: {holidays: [2026-10-07/2026-10-01]}",
         ":1: calendar.holidays[0]: is no holiday"),
        ("hours: mon 09:00-10:00\nhours: tue 09:00-10:00", ":2: hours: stands here twice"),
        ("- hours", ":1: is no list of deadlines"),
        ("hours: [", ":"),
        ("calendar: days.yaml", "days.yaml: there is no such file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line_and_field(tmp_path, text, line) -> None:
    line = f"deadlines.yaml{line}" if line.startswith(":") else line
    assert [told for told in refused(tmp_path, text) if told.startswith(line)], refused(tmp_path, text)


def test_what_is_wrong_in_the_calendars_own_file_is_told_of_that_file(tmp_path) -> None:
    (tmp_path / "days.yaml").write_text(
        "holidays:\n- 2026-05-01/2026-05-05\nworkdays:\n- 2026-05-04\n", "utf-8"
    )
    (line,) = refused(tmp_path, "calendar: days.yaml")
    assert line.startswith("days.yaml:1: has 2026-05-04 as a holiday and as a workday; take it out")
    (tmp_path / "days.yaml").write_text("holidays: []\nworkdays:\n- 2026-05-32\n", "utf-8")
    (line,) = refused(tmp_path, "calendar: days.yaml")
    assert line.startswith("days.yaml:3:")


def test_a_site_may_name_the_same_file_of_days(tmp_path) -> None:
    for name in ("areas.geojson", "event_classes.yaml", "calendar.yaml"):
        (tmp_path / name).write_bytes((STREET / name).read_bytes())
    site = tmp_path / "site.yaml"
    site.write_text((STREET / "site.yaml").read_text("utf-8") + "calendar: calendar.yaml\n", "utf-8")
    assert load_site(site).calendar == load_policy(STREET / "deadlines.yaml").calendar
