"""On which days an inspection falls, against walking day by day through the rule as it is written."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cloud.inspections.models import Answer
from cloud.inspections.policy import Every, Inspection
from cloud.inspections.recurring import days, window
from cloud.inspections.service import wrong
from devices.site.holidays import Calendar
from devices.site.hours import DAYS, hours

DAY = timedelta(days=1)
FIRST, LAST = date(2026, 1, 1), date(2027, 3, 1)
NATIONAL = Calendar.model_validate(
    {"holidays": ["2026-02-15/2026-02-23", "2026-10-01/2026-10-07"], "workdays": ["2026-02-14", "2026-10-10"]}
)
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


@st.composite
def everies(draw: st.DrawFn) -> Every:
    unit = draw(st.sampled_from(["day", "week", "month"]))
    rule = {
        "unit": unit, "interval": draw(st.integers(1, 5)),
        "begins": draw(st.dates(FIRST - 40 * DAY, FIRST + 100 * DAY)),
        "off": draw(st.sampled_from(["keep", "skip", "next", "previous"])),
    }  # fmt: skip
    if unit == "week":
        rule["on"] = draw(st.lists(st.sampled_from(DAYS), min_size=1, unique=True))
    if unit == "month":
        rule["days"] = draw(st.lists(st.integers(1, 31), min_size=1, max_size=3))
    if draw(st.booleans()):
        rule["ends"] = rule["begins"] + draw(st.integers(0, 300)) * DAY
    return Every.model_validate(rule)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    starts = draw(st.lists(st.dates(FIRST, LAST), max_size=4))
    off = {day + n * DAY for day in starts for n in range(draw(st.integers(1, 12)))}
    worked = draw(st.lists(st.dates(FIRST, LAST), max_size=4))
    return Calendar(
        holidays=tuple(sorted(off)),  # type: ignore[arg-type]
        workdays=tuple(day for day in worked if day not in off),
    )


def brute(every: Every, first: date, last: date, off: Calendar) -> list[date]:
    """Every day that the rule names from its beginning on, each moved by itself, one step at a time."""
    named: list[date] = []
    if every.unit == "day":
        day = every.begins
        while day <= last + 400 * DAY:
            named.append(day)
            day += every.interval * DAY
    elif every.unit == "week":
        monday = every.begins - every.begins.weekday() * DAY
        while monday <= last + 400 * DAY:
            named += [monday + DAYS.index(one) * DAY for one in every.on]
            monday += 7 * every.interval * DAY
    else:
        year, month = every.begins.year, every.begins.month
        while date(year, month, 1) <= last + 400 * DAY:
            size = calendar.monthrange(year, month)[1]
            named += [date(year, month, min(one, size)) for one in every.days]
            year, month = year + (month - 1 + every.interval) // 12, (month - 1 + every.interval) % 12 + 1
    found = set()
    for day in named:
        if day < every.begins or (every.ends and day > every.ends):
            continue
        moved: date | None = day
        while moved is not None and every.off != "keep" and not off.works(moved):
            moved = {"skip": None, "next": moved + DAY, "previous": moved - DAY}[every.off]
        if moved is not None and first <= moved <= last:
            found.add(moved)
    return sorted(found)


@given(everies(), calendars(), st.dates(FIRST, LAST), st.integers(0, 90))
def test_it_falls_on_the_days_that_walking_through_the_rule_finds(
    every: Every, off: Calendar, first: date, length: int
) -> None:
    last = first + length * DAY
    assert list(days(every, first, last, off.works)) == brute(every, first, last, off)


@pytest.mark.parametrize(
    ("off", "found"),
    [
        ("keep", ["09-28", "10-05", "10-12"]),
        ("skip", ["09-28", "10-12"]),
        ("next", ["09-28", "10-08", "10-12"]),
        ("previous", ["09-28", "09-30", "10-12"]),
    ],
)
def test_a_monday_in_the_national_holiday_is_kept_left_out_or_moved(off: str, found: list[str]) -> None:
    rule = {"unit": "week", "on": ["mon"], "begins": "2026-01-05", "off": off}
    those = days(Every.model_validate(rule), date(2026, 9, 25), date(2026, 10, 14), NATIONAL.works)
    assert [f"{day:%m-%d}" for day in those] == found


def test_a_saturday_that_makes_up_for_a_holiday_is_worked() -> None:
    rule = {"unit": "week", "on": ["sat"], "begins": "2026-01-05", "off": "skip"}
    those = days(Every.model_validate(rule), date(2026, 9, 1), date(2026, 10, 31), NATIONAL.works)
    assert list(those) == [date(2026, 10, 10)]


MINUTES = st.integers(0, 1439).map(lambda one: f"{one // 60:02}:{one % 60:02}")


def shown_first(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Walk through the day's minutes until the clock shows it; one that it leaves out comes an hour later."""
    day, minute = day + minute // 1440 * DAY, minute % 1440
    wanted = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=UTC)
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=14)
    for add in (timedelta(), timedelta(hours=1)):
        for hour in range(50):
            one = at + timedelta(hours=hour, minutes=minute % 60)
            if one.astimezone(zone).replace(tzinfo=UTC) == wanted + add:
                return one
    raise AssertionError(wanted)


@given(
    st.dates(FIRST, LAST) | st.sampled_from([date(2026, 3, 7), date(2026, 3, 8), date(2026, 11, 1)]),
    MINUTES, MINUTES, st.sampled_from([SHANGHAI, NEW_YORK]),
)  # fmt: skip
def test_its_time_is_that_of_the_sites_clock_also_on_the_days_on_which_that_is_changed(
    day: date, begins: str, ends: str, zone: ZoneInfo
) -> None:
    if begins == ends:
        return
    times = hours(f"{begins}-{ends}")
    found = window(times, day, zone)
    over = 1440 if times.ends <= times.begins else 0
    begin = shown_first(day, times.begins, zone)
    end = shown_first(day, times.ends + over, zone)
    assert found.begin == begin
    assert found.end == (end if end > begin else begin + timedelta(minutes=times.ends - times.begins))
    assert found.begin < found.end


WORDS = {"zh": "x", "en": "x"}
TASK = {
    "id": "weekly", "name": WORDS, "grids": ["G01"], "event_class": "05-06",
    "every": {"unit": "week", "on": ["mon"], "begins": "2026-01-05"},
    "checklist": [{"id": "exit", "text": WORDS}, {"id": "wires", "text": WORDS, "photo": True}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"grids": []}, "names no place"),
        ({"hours": "mon 09:00-17:00"}, "names days"),
        ({"every": {"unit": "week", "begins": "2026-01-05"}}, "`on` names"),
        ({"every": {"unit": "day", "days": [1], "begins": "2026-01-05"}}, "`days` names"),
        ({"every": TASK["every"] | {"ends": "2026-01-04"}}, "ends before it begins"),
        ({"checklist": TASK["checklist"][:1] * 2}, "two questions of one id"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_fix(change: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Inspection.model_validate(TASK | change)


def test_each_question_has_one_answer_and_a_fault_its_words() -> None:
    task, photo = Inspection.model_validate(TASK), ("0" * 64,)
    good = [
        Answer(question="exit", ok=False, words="locked"),
        Answer(question="wires", ok=True, photos=photo),
    ]
    assert not list(wrong(task, good))
    bad = [Answer(question="exit", ok=False), Answer(question="exit", ok=True), Answer(question="x", ok=True)]
    assert [pointer for pointer, _ in wrong(task, bad)] == [
        "/body/answers/0/words", "/body/answers/1/question", "/body/answers/2/question", "/body/answers",
    ]  # fmt: skip
    assert [pointer for pointer, _ in wrong(task, [good[0], Answer(question="wires", ok=True)])] == [
        "/body/answers/1/photos"
    ]
