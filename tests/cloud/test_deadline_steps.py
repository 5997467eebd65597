from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.deadlines.limits import Policy
from cloud.deadlines.running import Light
from cloud.deadlines.steps import (
    STATES,
    Line,
    Standing,
    durations_of,
    rules_in,
    rules_of,
    since_opened,
    spans,
    standings,
    wanted,
)
from cloud.incidents.transitions import CLOSED, OPEN, REMEMBERS, TABLE, State, Whither, rule_for, steps

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICY = Policy.model_validate(
    {
        "hours": ["workdays 09:00-17:00"],
        "default": {
            "limits": {"acceptance": "60 s", "dispatch": "1 h", "handling": "4 work h", "whole": "2 d"},
            "clearing": "day",
        },
    }
)
RULES = rules_of(POLICY, SHANGHAI)
CASE = UUID(int=7)
FRIDAY = datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
S, SECOND, HOUR = State, timedelta(seconds=1), timedelta(hours=1)


def log(*entries: tuple[float, State]) -> list[Line]:
    """Hours after Friday, 10:00 by the wall clock, and the state entered."""
    found: list[Line] = []
    for hours, state in entries:
        found.append(Line(FRIDAY + hours * HOUR, found[-1].target if found else None, state))
    return found


def at(hours: float) -> datetime:
    return FRIDAY + hours * HOUR


def step(name: str, lines: list[Line], now: datetime) -> Standing:
    return {one.step: one for one in standings(RULES, "05-06", lines, now)}[name]  # type: ignore[index]


def due(lines: list[Line], running: bool = True) -> dict[str, datetime]:
    found = wanted(RULES, CASE, "05-06", lines)
    return {one.key.partition(f"{CASE}/")[2]: one.due for one in found if one.running is running}


def test_every_open_state_is_in_one_step_but_suspended_which_stops_all() -> None:
    in_steps = [state for name, states in STATES.items() if name != "whole" for state in states]
    assert sorted(in_steps) == sorted(OPEN - {State.SUSPENDED})
    assert STATES["whole"] == OPEN - {State.SUSPENDED} - STATES["acceptance"]


def test_a_case_is_to_be_accepted_within_a_minute_and_cleared_by_midnight() -> None:
    lines = log((0, S.DETECTED))
    assert due(lines) == {
        "acceptance/yellow": FRIDAY + 48 * SECOND,
        "acceptance/red": FRIDAY + 60 * SECOND,
        "clearing": datetime(2026, 11, 20, 16, tzinfo=UTC),
    }
    assert step("acceptance", lines, at(0) + 59 * SECOND).light is Light.YELLOW
    assert step("acceptance", lines, at(0) + 60 * SECOND).light is Light.RED


def test_handling_goes_over_the_weekend_in_work_hours_and_stands_still_while_suspended() -> None:
    lines = log((0, S.DETECTED), (0.01, S.ACCEPTED), (1, S.FILED), (5, S.DISPATCHED))
    assert due(lines)["handling/red"] == datetime(2026, 11, 23, 11, tzinfo=SHANGHAI)
    lines += log((5, S.DISPATCHED), (6, S.SUSPENDED))[1:]
    assert "handling/red" not in due(lines) | due(lines, running=False)
    assert step("handling", lines, at(100)).used == HOUR
    lines += [Line(at(75), S.SUSPENDED, S.DISPATCHED)]
    assert due(lines)["handling/red"] == datetime(2026, 11, 23, 16, tzinfo=SHANGHAI)
    assert due(lines)["whole/red"] == at(0.01) + timedelta(days=2) + 69 * HOUR


def test_rework_goes_on_with_the_clock_of_handling_and_reopening_begins_anew() -> None:
    lines = log((0, S.DETECTED), (0, S.ACCEPTED), (0, S.DISPATCHED), (1, S.CHECKING), (2, S.IN_PROGRESS))
    assert step("handling", lines, at(3)).used == 2 * HOUR
    lines += log((2, S.IN_PROGRESS), (3, S.CHECKING), (4, S.CLOSED))[1:]
    assert due(lines) == {}
    assert not step("handling", lines, at(90)).running
    lines += [Line(at(24), S.CLOSED, S.ACCEPTED), Line(at(72), S.ACCEPTED, S.IN_PROGRESS)]
    assert step("handling", lines, at(73)).used == HOUR
    assert durations_of(lines).to_know == 0


def test_what_is_left_to_be_set_right_asks_nobody_until_it_is_sent_back_to_be_verified() -> None:
    lines = [Line(FRIDAY, None, S.DETECTED, "open"), Line(FRIDAY, S.DETECTED, S.VERIFYING, "verify")]
    lines.append(Line(at(0.01), S.VERIFYING, S.VERIFYING, "note"))
    assert set(due(lines)) == {"clearing"}
    assert (step("acceptance", lines, at(9)).light, step("acceptance", lines, at(9)).running) == (
        Light.GREEN,
        False,
    )
    lines.append(Line(at(0.1), S.VERIFYING, S.ACCEPTED, "accept"))
    assert set(due(lines, running=False)) == set()
    assert durations_of(lines).to_know == 360, "known from when it was taken up"
    lines.append(Line(at(1), S.ACCEPTED, S.VERIFYING, "return"))
    assert due(lines)["acceptance/red"] == at(1) + 60 * SECOND


def test_what_passed_before_a_step_ended_still_counts_as_passed() -> None:
    lines = log((0, S.DETECTED), (1, S.ACCEPTED), (30, S.CLOSED))
    passed = due(lines, running=False)
    assert passed["acceptance/red"] == FRIDAY + 60 * SECOND
    assert passed["clearing"] == at(14)
    assert "clearing" not in due(log((0, S.DETECTED), (1, S.CLOSED)), running=False)
    in_time = log((0, S.DETECTED), (0.01, S.ACCEPTED))
    assert set(due(in_time, running=False)) == set()


def test_the_three_durations_of_a_case_that_was_sent_back_and_closed() -> None:
    lines = log((0, S.DETECTED), (1, S.VERIFYING), (1, S.ACCEPTED), (2, S.IN_PROGRESS), (3, S.CHECKING))
    assert durations_of(lines).to_resolve == 2 * 3600
    lines += log((3, S.CHECKING), (4, S.IN_PROGRESS))[1:]
    assert durations_of(lines).to_resolve is None
    lines += log((4, S.IN_PROGRESS), (6, S.RESOLVED), (6, S.CHECKING), (7, S.CLOSED), (8, S.EVALUATED))[1:]
    found = durations_of(lines)
    assert [found.to_know, found.to_resolve, found.to_answer, found.total] == [3600, 18000, 3600, 25200]


def test_the_rules_are_kept_while_the_sites_time_zone_is_the_same() -> None:
    zone = [SHANGHAI]
    rules = rules_in(lambda: POLICY, lambda: zone[0])
    first = rules()
    assert rules() is first
    zone[0] = ZoneInfo("Asia/Urumqi")
    assert rules() != first
    assert rules_in(lambda: None, lambda: SHANGHAI)() is None


@st.composite
def walks(draw: st.DrawFn) -> list[Line]:
    """Logs as the table of transitions allows them; some clocks go back."""
    found = [Line(FRIDAY, None, State.DETECTED)]
    state, before, now = State.DETECTED, None, FRIDAY
    for _ in range(draw(st.integers(0, 12))):
        now += timedelta(seconds=draw(st.integers(-60, 200_000)))
        rows = [row for row in TABLE if state in row.sources and (before or row.target is not Whither.BEFORE)]
        rule = draw(st.sampled_from(rows or [None]))
        if rule is None:
            break
        for taken in steps(rule_for(rule.action, state) or rule, state, before):
            before = taken.source if taken.action in REMEMBERS else before
            found.append(Line(now, taken.source, taken.target))
            state = taken.target
    return found


@settings(max_examples=80, deadline=None)
@given(walks(), st.integers(0, 2_000_000))
def test_light_due_time_and_used_time_never_disagree(lines, seconds) -> None:
    now = max(line.at for line in lines) + seconds * SECOND
    for one in standings(RULES, "05-06", lines, now):
        assert (one.light is Light.RED) is (one.due is not None and one.due <= now)
        assert one.running or one.due is None or one.due <= now
    last = lines[-1].target
    for key, when in due(lines).items():
        name = key.partition("/")[0]
        assert last in OPEN if name == "clearing" else last in STATES[name]  # type: ignore[index]
        assert when >= since_opened(lines)[0].at
    parts = spans(since_opened(lines), frozenset(OPEN))
    if last in CLOSED:
        assert all(part.end is not None for part in parts)
        assert due(lines) == {}
