"""Indices over random logs against a plain recount, and over cases told line by line."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.incidents.transitions import OPEN, State
from cloud.reports.definitions import BY_CODE, INDICES, table
from cloud.reports.facts import Case, Entry, marks, until
from cloud.reports.figures import Sum, grade, score, total, weighted
from tests.cloud.report_cases_for_tests import RULES, cases
from tests.cloud.sender_for_tests import START

S = State
ENDED = (S.CLOSED, S.EVALUATED)
LIMITS = {
    "handled_in_time": ((S.DISPATCHED, S.IN_PROGRESS), 3600),
    "checked_in_time": ((S.RESOLVED, S.CHECKING), 3600),
}
REACHED = {
    "handled_in_time": (S.RESOLVED, S.CHECKING, *ENDED),
    "checked_in_time": ENDED,
}


def last_life(log: Any) -> list[Entry]:
    begin = 0
    for n, line in enumerate(log):
        if n and line.target in OPEN and log[n - 1].target not in OPEN and line.action != "split":
            begin = n
    return list(log[begin:])


def second_by_second(log: list[Entry], states: Any) -> list[tuple[datetime, datetime | None]]:
    """The stays in `states`, line by line."""
    stays = []
    for n, line in enumerate(log):
        if line.target in states:
            stays.append((line.at, log[n + 1].at if n + 1 < len(log) else None))
    return stays


def recount(those: list[Case], begin: datetime, end: datetime) -> dict[str, tuple[int, int]]:
    """What some indices must be, told as a clerk would with a list and a pencil."""
    hits: dict[str, list[bool]] = defaultdict(list)

    def count(code: str, at: datetime, hit: bool) -> None:
        if begin <= at < end:
            hits[code].append(hit)

    for case in those:
        log = last_life(case.log)
        last = log[-1].target
        final = next((one for one in log if one.target not in OPEN), None)
        if final is not None and last in ENDED:
            back = [
                one
                for one in log[1:]
                if one.action in ("check_failed", "seen_again", "still_there", "reopen")
            ]
            count("rework", final.at, len(back) >= 2)
            count("reopened", final.at, len(log) != len(case.log))
            count("extended", final.at, "extend" in [one.action for one in log])
            count("self_handled", final.at, "self_handle" in [one.action for one in log])
        if final is not None and case.source == "edge":
            count("false_case", final.at, last is S.FALSE_ALARM)
        filed = [n for n, one in enumerate(log) if one.target is S.FILED]
        beyond = [n for n, one in enumerate(log) if one.target in (S.DISPATCHED, S.RESOLVED, S.CHECKING)]
        if filed and (not beyond or filed[0] < beyond[0]):
            at = log[filed[0]].at
            seen = any(one.action == "join" for one in case.log if one.at <= at)
            public = case.source in ("citizen", "hotline", "open311")
            count("public_report", at, public)
            count("missed", at, public and not seen)
        for code, (states, limit) in LIMITS.items():
            left, due = limit, None
            if code == "handled_in_time":
                left += 3600 * len([one for one in log if one.action == "extend"])
            for came, went in second_by_second(log, states):
                long = left + 1 if went is None else (went - came).total_seconds()
                if due is None and long >= left:
                    due = came + timedelta(seconds=left)
                left -= long
            at_now = next(one.target for one in reversed(log) if one.target is not S.SUSPENDED)
            if due is not None:
                count(code, due, False)
            elif at_now in REACHED[code] and second_by_second(log, states):
                done = [
                    n
                    for n, one in enumerate(log)
                    if n and log[n - 1].target in states and one.target not in states
                ]
                count(code, log[done[-1]].at, True)
    return {code: (sum(those), len(those)) for code, those in hits.items()}


@given(st.lists(cases(), max_size=6), st.integers(0, 900), st.integers(1, 2000))
@settings(max_examples=150, deadline=None)
def test_figures_are_what_a_plain_recount_gives(those: list[Case], first: int, long: int) -> None:
    begin = START + timedelta(minutes=first)
    end = begin + timedelta(minutes=long)
    then = [stood for case in those if (stood := until(case, end))]
    found = [one for case in then for one in marks(case, RULES) if begin <= one.at < end]
    sums = total(found)
    wanted = recount(then, begin, end)
    compared = {
        "rework",
        "reopened",
        "extended",
        "self_handled",
        "false_case",
        "missed",
        "public_report",
        *LIMITS,
    }
    assert {
        code: (one.numerator, one.denominator) for code, one in sums.items() if code in compared
    } == wanted
    assert set(sums) <= set(BY_CODE)
    assert all(one.numerator <= one.denominator for one in sums.values())


@given(st.lists(st.tuples(cases(), st.sampled_from(["G01", "G02"])), max_size=6))
@settings(max_examples=40, deadline=None)
def test_parts_add_up_to_the_whole(those: list[tuple[Case, str]]) -> None:
    whole = total(one for case, _ in those for one in marks(case, RULES))
    parts = [
        total(m for case, grid in those if grid == each for m in marks(case, RULES))
        for each in ("G01", "G02")
    ]
    assert whole == {code: sum((part.get(code, Sum()) for part in parts), Sum()) for code in whole}
    for case, _ in those:
        levels = [one for one in marks(case, RULES) if one.code.startswith("finished_")]
        assert sum(one.hit for one in levels) == (1 if levels else 0)
        took = {one.code: one.value for one in marks(case, RULES) if one.value is not None}
        if "total" in took:
            assert took["to_know"] + took["to_resolve"] + took["to_answer"] == took["total"]


@given(cases(), st.integers(0, 3000))
@settings(max_examples=60, deadline=None)
def test_what_comes_later_does_not_change_what_was_decided_by_then(case: Case, minutes: int) -> None:
    """A mark names a line of the log, and the log up to there is enough to tell it."""
    end = START + timedelta(minutes=minutes)
    then = until(case, end)
    for one in marks(then, RULES) if then else []:
        assert 1 <= one.version <= then.log[-1].version
        assert one.at >= then.log[0].at


def told(source: str, *steps: tuple[float, State, str] | tuple[float, State, str, dict[str, Any]]) -> Case:
    """A case by minutes, states and actions; everything a person's."""
    log = [Entry(START, None, S.DETECTED, "open", {}, 1, "report", "li")]
    for minute, state, action, *more in steps:
        at = START + timedelta(minutes=minute)
        detail = more[0] if more else {}
        log.append(Entry(at, log[-1].target, state, action, detail, len(log) + 1, "person", "wang"))
    return Case("05-06", source, log)


def hits(case: Case) -> dict[str, bool]:
    return {one.code: one.hit for one in marks(case, RULES)}


def test_a_case_that_goes_well_is_a_hit_of_every_index_that_it_counts_for() -> None:
    steps = (
        (0.5, S.ACCEPTED, "accept"), (5, S.FILED, "file"),
        (6, S.DISPATCHED, "dispatch", {"organisation": "XF"}), (10, S.IN_PROGRESS, "start"),
        (40, S.RESOLVED, "resolve"),
        (50, S.CHECKING, "check"), (60, S.CLOSED, "close"),
    )  # fmt: skip
    well = hits(told("worker", *steps))
    good = (
        "accepted_60s",
        "verified_in_time",
        "filed_in_time",
        "dispatched_in_time",
        "handled_in_time",
        "handled",
    )
    good += ("checked_in_time", "closed_in_time", "closed", "dispatched_right", "filed_right", "valid_report")
    assert [code for code in good if not well[code]] == []
    assert (well["rework"], well["missed"], well["finished_grid"]) == (False, False, True)


def test_a_case_goes_wrong_in_each_way_that_is_counted() -> None:
    again = ((50, S.CHECKING, "check"), (60, S.IN_PROGRESS, "check_failed"), (70, S.RESOLVED, "resolve"))
    case = told(
        "citizen",
        (2, S.ACCEPTED, "accept"), (30, S.FILED, "file"),
        (31, S.DISPATCHED, "dispatch", {"organisation": "XF"}),
        (32, S.FILED, "return"),
        (33, S.DISPATCHED, "dispatch", {"organisation": "CG"}), (34, S.IN_PROGRESS, "start"),
        (45, S.RESOLVED, "resolve"), *again, (75, S.CHECKING, "check"),
        (80, S.IN_PROGRESS, "check_failed"),
        (85, S.RESOLVED, "resolve"), (90, S.CHECKING, "check"), (300, S.CLOSED, "close"),
    )  # fmt: skip
    found = hits(case)
    bad = (
        "accepted_60s",
        "verified_in_time",
        "filed_in_time",
        "dispatched_right",
        "checked_in_time",
        "closed_in_time",
    )
    assert [code for code in bad if found[code]] == []
    assert (found["rework"], found["missed"], found["closed"]) == (True, True, True)


@pytest.mark.parametrize(("minute", "hit"), [(1.0, True), (1.02, False)])
def test_a_minute_is_sixty_seconds(minute: float, hit: bool) -> None:
    assert hits(told("edge", (minute, S.ACCEPTED, "accept")))["accepted_60s"] is hit


def test_a_department_that_was_late_is_counted_once() -> None:
    late = {"call": "a", "organisation": "XF"}
    case = told(
        "edge", (1, S.ACCEPTED, "accept"), (2, S.ACCEPTED, "check_in_late", late),
        (3, S.ACCEPTED, "checked_in", late | {"late": True}),
        (4, S.ACCEPTED, "checked_in", {"call": "b", "organisation": "CG", "late": False}),
    )  # fmt: skip
    found = [(one.organisation, one.hit) for one in marks(case, RULES) if one.code == "checked_in_in_time"]
    assert found == [("XF", False), ("CG", True)]


WINDOW = (0, S.VERIFYING, "verify", {"playbook": "window"})


def test_what_is_left_to_be_set_right_is_no_late_acceptance_and_counts_for_itself() -> None:
    gone = told("edge", WINDOW, (3, S.CHECKING, "seen_gone"), (3, S.CLOSED, "self_corrected"))
    filed = told("edge", WINDOW, (5, S.ACCEPTED, "accept"), (5, S.FILED, "file"))
    filed = Case(
        filed.event_class,
        filed.source,
        [*filed.log[:2], *(replace(one, person=None) for one in filed.log[2:])],
    )
    assert (hits(gone)["self_corrected"], hits(filed)["self_corrected"]) == (True, False)
    for case in (gone, filed, told("edge", WINDOW)):
        assert {"accepted_60s", "verified_in_time"} & hits(replace(case, log=by_itself(case))).keys() == set()
    early = hits(told("edge", WINDOW, (4, S.ACCEPTED, "accept")))
    assert (early["accepted_60s"], early["verified_in_time"], early["self_corrected"]) == (True, True, False)
    assert "self_corrected" not in hits(told("edge", (1, S.VERIFYING, "verify"), (1, S.ACCEPTED, "accept")))


def by_itself(case: Case) -> list[Entry]:
    """The same log with nobody in it."""
    return [replace(one, person=None) for one in case.log]


def test_handling_is_that_of_the_organisation_that_a_stage_handed_it_to() -> None:
    case = told(
        "edge", (1, S.ACCEPTED, "accept"), (2, S.FILED, "file"),
        (3, S.DISPATCHED, "dispatch", {"organisation": "BIKE-A"}), (4, S.IN_PROGRESS, "start"),
        (20, S.IN_PROGRESS, "playbook", {"playbook": "stage/clear", "organisation": "CG"}),
        (25, S.IN_PROGRESS, "playbook", {"playbook": "overdue"}), (30, S.RESOLVED, "resolve"),
    )  # fmt: skip
    (handled,) = [one for one in marks(case, RULES) if one.code == "handled_in_time"]
    assert handled.organisation == "CG"


def test_a_check_is_whose_who_checked_and_not_whose_who_closed() -> None:
    case = told(
        "edge", (1, S.ACCEPTED, "accept"), (2, S.IN_PROGRESS, "start"), (3, S.RESOLVED, "resolve"),
        (4, S.CHECKING, "await_check"), (5, S.CHECKING, "confirm"), (6, S.CLOSED, "close"),
    )  # fmt: skip
    log = [
        replace(one, person={"confirm": "checker", "close": "boss"}.get(one.action, "wang"))
        for one in case.log
    ]
    (checked,) = [one for one in marks(replace(case, log=log), RULES) if one.code == "checked_in_time"]
    assert checked.person == "checker"


@pytest.mark.parametrize(("detail", "missed"), [({"case": "x", "alarms": 1}, False), ({"case": "x"}, True)])
def test_what_a_camera_saw_first_was_not_missed_also_when_its_case_was_merged(
    detail: Any, missed: bool
) -> None:
    case = told("citizen", (1, S.ACCEPTED, "accept"), (2, S.ACCEPTED, "merged", detail), (3, S.FILED, "file"))
    assert hits(case)["missed"] is missed


def test_scores_and_grades_are_those_of_the_formulas() -> None:
    assert (score("higher", Sum(3, 4)), score("lower", Sum(1, 4))) == (75, 75)
    assert score("plain", Sum(1, 4)) is None
    assert weighted({"a": 40, "b": 20}, {"a": 90, "b": None}) == 90
    assert weighted({"a": 40, "b": 20}, {"a": 90, "b": 60}) == 80
    assert weighted({"a": 1}, {}) is None
    assert [grade(one) for one in (90, 89.9, 75, 60, 40, 39)] == ["A", "B", "B", "C", "D", "E"]


def test_every_index_is_named_once_and_defined() -> None:
    assert len(BY_CODE) == len(INDICES)
    assert all(
        text
        for one in INDICES
        for name in (one.name, one.denominator, one.numerator)
        for text in (name.zh, name.en)
    )


def test_the_documents_table_is_made_of_the_definitions() -> None:
    text = (Path(__file__).parents[2] / "docs" / "design" / "reports.md").read_text(encoding="utf-8")
    written = text.partition("<!-- indices -->\n")[2].partition("<!-- end -->")[0]
    assert written == table(), "paste cloud.reports.definitions.table() there"
