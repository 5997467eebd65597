from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.deadlines.clearing import Clearing, boundary, last_day, period
from cloud.deadlines.durations import durations
from cloud.deadlines.running import Light, Span, due, light, reached, used, without
from cloud.deadlines.worktime import DAY, NATURAL, WorkTime
from devices.site.holidays import Calendar
from devices.site.hours import hours, open_at

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = ("workdays 08:30-12:00", "workdays 14:00-17:30")
MINUTE, HOUR, NONE = timedelta(minutes=1), timedelta(hours=1), timedelta()
MAY_DAY = Calendar.model_validate({"holidays": ["2026-05-01/2026-05-05"], "workdays": ["2026-05-09"]})


def work(
    written: tuple[str, ...] = OFFICE, calendar: Calendar = MAY_DAY, zone: ZoneInfo = SHANGHAI
) -> WorkTime:
    return WorkTime(zone, tuple(map(hours, written)), calendar)


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def counted(clock: WorkTime, written: tuple[str, ...], begin: datetime, end: datetime) -> timedelta:
    """The same by asking each minute; both on a whole one."""
    total, at = NONE, begin
    while at < end:
        total += MINUTE * open_at(written, at.astimezone(clock.zone), clock.calendar.works)
        at += MINUTE
    return total


def written_time(days: str, begin: int, length: int) -> str:
    end = (begin + length) % 1440
    return f"{days} {begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"


kinds = st.sampled_from(["workdays", "restdays", "mon-fri", "sun", "tue thu", ""])
one_time = st.builds(written_time, kinds, st.integers(0, 1439), st.integers(1, 1439))
schedules = st.lists(one_time, min_size=1, max_size=3).map(tuple)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
calendars = st.builds(
    lambda off, on: Calendar(
        holidays=[f"{day}/{day + 3 * DAY}" for day in off],
        workdays=[day for day in on if not any(one <= day <= one + 3 * DAY for one in off)],
    ),
    st.lists(days, max_size=4),
    st.lists(days, max_size=4),
)
# New year, both changes of the clock in Berlin, and elsewhere.
starts = st.one_of(
    st.sampled_from(["2026-12-30", "2026-03-27", "2026-10-23"]).map(date.fromisoformat), days
).flatmap(
    lambda day: st.integers(0, 1439).map(
        lambda m: datetime(day.year, day.month, day.day, tzinfo=UTC) + m * MINUTE
    )
)
zones = st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/Santiago"), ZoneInfo("Australia/Lord_Howe")])


@settings(max_examples=40, deadline=None)
@given(schedules, calendars, zones, starts, st.integers(0, 3000))
def test_time_worked_is_what_asking_every_minute_counts(written, calendar, zone, begin, minutes) -> None:
    clock = work(written, calendar, zone)
    end = begin + minutes * MINUTE
    assert clock.between(begin, end) == counted(clock, written, begin, end)


FIRST = datetime(2025, 11, 1, tzinfo=UTC)
instants = st.timedeltas(NONE, 485 * DAY).map(lambda since: FIRST + since)
times = st.timedeltas(timedelta(microseconds=1), timedelta(days=40))


@settings(max_examples=30, deadline=None)
@given(schedules, calendars, zones, instants, times)
def test_a_limit_is_reached_at_the_first_instant_by_which_it_was_worked(
    written, calendar, zone, begin, limit
) -> None:
    clock = work(written, calendar, zone)
    end = clock.reach(begin, limit)
    assert clock.between(begin, end) == limit
    assert clock.between(begin, end - timedelta(microseconds=1)) < limit


@settings(max_examples=30, deadline=None)
@given(schedules, calendars, zones, st.lists(instants, min_size=3, max_size=3).map(sorted))
def test_parts_of_a_time_add_up(written, calendar, zone, three) -> None:
    clock, (a, b, c) = work(written, calendar, zone), three
    assert clock.between(a, b) + clock.between(b, c) == clock.between(a, c)


@pytest.mark.long
def test_a_whole_year_of_berlin_is_what_asking_every_minute_counts() -> None:
    written = ("workdays 22:00-06:00", "restdays 01:15-03:45")
    clock = work(written, zone=BERLIN)
    begin, end = local("2025-12-31T12:00", BERLIN), local("2027-01-01T12:00", BERLIN)
    begin, end = begin.astimezone(UTC), end.astimezone(UTC)
    assert clock.between(begin, end) == counted(clock, written, begin, end)


def test_four_work_hours_go_over_the_holiday_and_on_the_day_that_makes_up_for_it() -> None:
    clock = work()
    assert clock.reach(local("2026-04-30T16:30"), 4 * HOUR) == local("2026-05-06T11:30")
    assert clock.reach(local("2026-05-08T17:00"), HOUR) == local("2026-05-09T09:00"), "a worked Saturday"
    assert clock.reach(local("2026-05-16T10:00"), HOUR) == local("2026-05-18T09:30"), "another Saturday"


def test_a_limit_that_ends_with_the_days_work_ends_then() -> None:
    assert work().reach(local("2026-11-20T14:00"), 3.5 * HOUR) == local("2026-11-20T17:30")


def test_an_hour_that_the_clock_repeats_counts_twice_and_one_that_it_leaves_out_does_not() -> None:
    night = work(("01:00-04:00",), Calendar(), BERLIN)
    for day, worked in (("2026-10-25", 4), ("2026-03-29", 2), ("2026-06-01", 3)):
        begin = local(f"{day}T00:00", BERLIN)
        assert night.between(begin, begin.astimezone(UTC) + 12 * HOUR) == worked * HOUR


def test_where_midnight_is_left_out_the_day_begins_at_the_change() -> None:
    santiago = ZoneInfo("America/Santiago")
    whole = work(("00:00-24:00",), Calendar(), santiago)
    change = datetime(2026, 9, 6, 4, tzinfo=UTC)
    assert change.astimezone(santiago).hour == 1
    assert whole.between(change - 5 * DAY, change + 5 * DAY) == 10 * DAY


def test_years_of_work_hours_are_cheap_once_they_are_laid_out() -> None:
    clock = work()
    begin = local("2026-01-01T00:00")
    assert clock.reach(begin, timedelta(hours=7 * 2500)) > local("2035-06-01T00:00")
    laid = dict(clock._years)
    clock.between(begin, local("2035-01-01T00:00"))
    assert all(clock._years[number] is year for number, year in laid.items())


def test_while_suspended_the_clock_stands_still() -> None:
    clock, start = work(), local("2026-11-19T09:00")
    pause = Span(local("2026-11-19T10:00"), local("2026-11-20T09:00"))
    assert due(clock, start, 2 * HOUR, [pause]) == local("2026-11-20T10:00")
    assert due(clock, start, 2 * HOUR, [pause, Span(local("2026-11-20T09:30"))]) is None
    assert due(clock, start, HOUR, [Span(local("2026-11-19T10:00"))]) == local("2026-11-19T10:00")
    assert due(NATURAL, start, 2 * HOUR, [pause]) == local("2026-11-20T10:00")
    assert used(clock, without(start, [pause]), local("2026-11-20T09:40")) == HOUR + 40 * MINUTE


pauses = st.lists(
    st.tuples(instants, st.one_of(st.none(), st.timedeltas(NONE, 9 * DAY))).map(
        lambda two: Span(two[0], None if two[1] is None else two[0] + two[1])
    ),
    max_size=5,
)


@settings(max_examples=80, deadline=None)
@given(instants, pauses, times, instants)
def test_when_a_limit_is_due_just_that_much_of_it_is_used(start, gaps, limit, now) -> None:
    clock, spans = work(), without(start, gaps)
    found = reached(clock, limit, spans)
    if found is None:
        assert used(clock, spans, now) < limit
    else:
        assert used(clock, spans, found) == limit
        assert (used(clock, spans, now) >= limit) is (now >= found)
    for one in spans:
        for gap in gaps:
            assert gap.end == gap.begin or not gap.begin <= one.begin < (gap.end or one.begin + DAY)


@pytest.mark.parametrize(
    ("part", "shown"),
    [(NONE, "green"), (timedelta(seconds=47.999), "green"), (timedelta(seconds=48), "yellow"),
     (timedelta(seconds=59.999), "yellow"), (timedelta(seconds=60), "red"), (HOUR, "red")],
)  # fmt: skip
def test_the_light_is_yellow_from_80_percent_and_red_from_the_limit_on(part, shown) -> None:
    assert light(part, MINUTE) == Light(shown)


@pytest.mark.parametrize(
    ("clearing", "opened", "last"),
    [
        ("day", "2026-04-30", "2026-04-30"),
        ("day", "2026-05-01", "2026-05-06"),
        ("day", "2026-05-09", "2026-05-09"),
        ("week", "2026-04-27", "2026-04-30"),
        ("week", "2026-05-02", "2026-05-09"),
        ("week", "2026-05-16", "2026-05-22"),
        ("month", "2026-05-01", "2026-05-29"),
        ("month", "2026-05-30", "2026-06-30"),
        ("month", "2026-12-31", "2026-12-31"),
    ],
)
def test_a_holiday_moves_the_boundary_on_and_a_worked_saturday_is_the_end_of_its_week(
    clearing, opened, last
) -> None:
    assert last_day(Clearing(clearing), date.fromisoformat(opened), MAY_DAY.works) == date.fromisoformat(last)


def test_a_boundary_is_midnight_of_the_sites_clock() -> None:
    found = boundary(Clearing.DAY, local("2026-11-20T23:59:59"), SHANGHAI, MAY_DAY.works)
    assert found == datetime(2026, 11, 20, 16, tzinfo=UTC)


@given(st.sampled_from(Clearing), days, calendars)
def test_a_boundary_is_a_worked_day_and_none_of_its_period_comes_after(clearing, opened, calendar) -> None:
    last = last_day(clearing, opened, calendar.works)
    assert last >= opened
    assert calendar.works(last)
    rest = last + DAY
    while rest <= period(clearing, last)[1]:
        assert not calendar.works(rest)
        rest += DAY
    between = opened
    while between < period(clearing, last)[0]:
        assert not calendar.works(between)
        between += DAY


maybe = st.one_of(st.none(), instants)


@given(instants, maybe, maybe, maybe)
def test_the_three_durations_add_up_to_the_second(detected, known, resolved, answered) -> None:
    found = durations(detected, known, resolved, answered)
    parts = (found.to_know, found.to_resolve, found.to_answer)
    assert all(part is None or part >= 0 for part in parts)
    assert (found.total is None) is (answered is None)
    if found.total is not None:
        assert sum(part for part in parts if part is not None) == found.total
        assert None not in parts
        ordered = max(int(one.timestamp() // 1) for one in (detected, known, resolved, answered) if one)
        assert found.total == ordered - int(detected.timestamp() // 1)


def test_durations_are_cut_before_they_are_taken() -> None:
    at = [local(f"2026-11-20T09:00:{text}") for text in ("00.900", "01.100", "02.900", "04.000")]
    found = durations(*at)
    assert (found.to_know, found.to_resolve, found.to_answer, found.total) == (1, 1, 2, 4)
    seen_gone_first = durations(at[0], None, at[2], None)
    assert (seen_gone_first.to_know, seen_gone_first.to_resolve, seen_gone_first.total) == (2, 0, None)
