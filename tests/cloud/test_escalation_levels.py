"""Levels told from the log: when a case goes up, and where cases were finished."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.deadlines.limits import Policy
from cloud.deadlines.steps import Line, rules_of
from cloud.errors import SettingsError
from cloud.escalation.levels import finished_at, next_rise, shares
from cloud.escalation.policy import LEVELS, Escalation, above, load_escalation
from cloud.incidents.transitions import State
from tests.cloud.sender_for_tests import START

S = State
RULES = rules_of(Policy(), ZoneInfo("Asia/Shanghai"))
POLICY = Escalation.model_validate(
    {
        "default": {"stay": {"grid": "4 h", "community": "8 h"}},
        "classes": {
            "04": {"start": "community", "finish": "community", "stay": {"community": "1 h"}},
            "04-01": {"start": "street", "finish": "street"},
        },
        "whistle": {"check_in": "30 min", "report": "1 d"},
        "organisations": {"XF": {"check_in": "5 min"}},
    }
)
OPENED = Line(START, None, S.DETECTED)


def hours(count: float) -> datetime:
    return START + timedelta(hours=count)


def rise(code: str, level: str, *lines: Line):
    found = next_rise(POLICY, code, level, [OPENED, *lines], RULES)  # type: ignore[arg-type]
    return found and (found.since, found.level, (found.due - START) / timedelta(hours=1))


def up(at: float, level: str) -> Line:
    return Line(hours(at), S.ACCEPTED, S.ACCEPTED, "escalated", {"level": level})


ACCEPTED = Line(hours(1), S.DETECTED, S.ACCEPTED)


def test_the_clock_of_a_level_runs_from_acceptance_and_stands_still_while_suspended() -> None:
    assert rise("05", "grid") is None
    assert rise("05", "grid", ACCEPTED) == ("grid", "community", 5)
    suspended = (ACCEPTED, Line(hours(2), S.ACCEPTED, S.SUSPENDED))
    assert rise("05", "grid", *suspended) is None
    assert rise("05", "grid", *suspended, Line(hours(9), S.SUSPENDED, S.ACCEPTED)) == (
        "grid",
        "community",
        12,
    )


def test_each_level_has_its_own_time_and_nobody_is_above_the_street() -> None:
    assert rise("05", "community", ACCEPTED, up(5, "community")) == ("community", "street", 13)
    assert rise("05", "street", ACCEPTED, up(5, "community"), up(13, "street")) is None
    assert [above(level) for level in LEVELS] == ["community", "street", None]


def test_a_class_begins_where_its_entry_says_at_once_and_only_once() -> None:
    assert rise("04-02", "grid") == (None, "community", 0)
    assert rise("04-01", "grid") == (None, "street", 0)
    begun = Line(START, S.DETECTED, S.DETECTED, "escalated", {"level": "community"})
    assert rise("04-02", "community", begun) is None
    assert rise("04-02", "community", begun, ACCEPTED) == ("community", "street", 2)


def test_a_report_that_was_opened_at_a_level_has_that_written_down() -> None:
    assert rise("05", "street") == (None, "street", 0)


def test_a_case_that_is_opened_again_keeps_its_level_and_its_clock_begins_anew() -> None:
    closed = (ACCEPTED, up(5, "community"), Line(hours(6), S.CHECKING, S.CLOSED))
    assert rise("05", "community", *closed) is None
    assert rise("05", "community", *closed, Line(hours(7), S.CLOSED, S.ACCEPTED)) == (
        "community",
        "street",
        15,
    )


def test_who_is_called_has_its_own_time_completed_by_the_common_one() -> None:
    fire, other = POLICY.call("XF"), POLICY.call("CG")
    assert (str(fire.check_in), str(fire.report)) == ("5 min", "1 d")
    assert (str(other.check_in), str(other.report)) == ("30 min", "1 d")


closing = st.tuples(
    st.lists(st.sampled_from(LEVELS), max_size=2, unique=True).map(
        lambda found: sorted(found, key=LEVELS.index)
    ),
    st.sampled_from([S.CLOSED, S.EVALUATED, S.VOID, S.ACCEPTED, S.FALSE_ALARM]),
)


@given(st.lists(closing, max_size=30))
def test_the_shares_of_the_levels_are_those_of_the_cases_that_were_closed_and_add_up(cases) -> None:
    logs, expected = [], dict.fromkeys(LEVELS, 0)
    for raised, end in cases:
        log = [OPENED, ACCEPTED, *(up(2, level) for level in raised)]
        if end is S.EVALUATED:
            log.append(Line(hours(3), S.ACCEPTED, S.CLOSED))
            log.append(up(3, "street"))  # what comes after closing changes nothing
        log.append(Line(hours(4), S.CLOSED if end is S.EVALUATED else S.ACCEPTED, end))
        logs.append(log)
        if end in (S.CLOSED, S.EVALUATED):
            expected[raised[-1] if raised else "grid"] += 1
    found = shares(logs)
    assert {level: share.cases for level, share in found.items()} == expected
    total = sum(expected.values())
    assert sum(share.share for share in found.values()) == pytest.approx(1 if total else 0)


def test_closed_twice_a_case_was_finished_where_it_was_closed_last() -> None:
    log = [OPENED, ACCEPTED, Line(hours(2), S.CHECKING, S.CLOSED), Line(hours(3), S.CLOSED, S.ACCEPTED)]
    assert finished_at(log) is None
    assert finished_at([*log, up(4, "community"), Line(hours(5), S.CHECKING, S.CLOSED)]) == "community"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("default: {stay: {grid: 2 work d}}", "1: default.stay.grid: is 2 work d; write it in work hours"),
        ("classes: {'04': {start: street, finish: grid}}", "may finish at the grid, which is below it"),
        ("classes: {'04': {start: town}}", "is not one of grid, community, street"),
        ("whistle: {check_in: soon}", "whistle.check_in: is not a limit; write for example"),
        ("organisations: {XF: {report: 500 d}}", "organisations.XF.report: is 500 d; write at most 366 days"),
    ],
)
def test_what_is_wrong_with_the_levels_is_told_by_field_with_the_fix(tmp_path, written, told) -> None:
    file = tmp_path / "escalation.yaml"
    file.write_text(written)
    with pytest.raises(SettingsError) as error:
        load_escalation(file)
    assert told in str(error.value)
