"""The drill's checker, shown what it must find."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.drill.books import line_faults
from simulators.drill.check import Evidence, Verdict, judge
from simulators.drill.plan import Fault
from simulators.drill.records import Alarm, Booked, CloudRecords, Incident, Line
from simulators.drill.report import as_json, as_table
from simulators.drill.truths import Truth

ORIGIN = 1_800_000_000.0
FIRST = Truth("P05", "01-08", "P05-D1", "n1", "P05-D1", False, 100.0, 125.0, 0.0)
SECOND = replace(FIRST, begin=160.0, end=190.0)
BROKER_CUT = Fault("cut", "link_broker", "n1", 95.0, 110.0)


def alarm(number: int, since: float, cleared: float | None, offset: float = 0.0) -> Alarm:
    end = None if cleared is None else ORIGIN + cleared + offset
    return Alarm(f"a{number}", "i1", "n1", "P05", "01-08", "P05-D1", ORIGIN + since + offset, end)


GOOD = (alarm(1, 100.4, 128.5), alarm(2, 160.2, 193.0))
INCIDENT = Incident("i1", "P05", "01-08", "P05-D1", True)
LINE = Line("n1", "e1", "alarm", 6, 4, 0, 0, frozenset({5}))
BOOKED = Booked("n1", "e1", "alarm", frozenset({1, 2, 3, 4}), frozenset(), frozenset(), 4, 4)
PEACE = Evidence(
    (FIRST, SECOND), (), {"n1": [(0.0, 0.0)]}, ORIGIN,
    CloudRecords(GOOD, (INCIDENT,), (BOOKED,), 12), (LINE,), {"a1": 100.9, "a2": 160.5},
)  # fmt: skip


def shown(*alarms: Alarm, **others: object) -> Verdict:
    return judge(replace(PEACE, cloud=replace(PEACE.cloud, alarms=alarms), **others))  # type: ignore[arg-type]


def counts(verdict: Verdict) -> tuple[int, int, int, int]:
    return verdict.lost, verdict.doubled, verdict.false_clears, verdict.unexplained


def test_what_was_true_and_is_there_once_passes_with_its_latency() -> None:
    verdict = judge(PEACE)
    assert counts(verdict) == (0, 0, 0, 0)
    assert verdict.passed
    assert verdict.findings == []
    assert verdict.worst == pytest.approx(0.9)
    told = as_json(verdict, [BROKER_CUT], {"seed": 1, "not_done": []})
    assert told["passed"] is True
    assert told["nemesis"] == [{"at": 95.0, "until": 110.0, "did": "cut", "to": "link_broker n1"}]
    assert "passed" in as_table(told)


def test_a_truth_without_an_alarm_is_lost_and_so_is_an_end_that_was_never_told() -> None:
    assert counts(shown(GOOD[0])) == (1, 0, 0, 0)
    assert counts(shown(GOOD[0], alarm(2, 160.2, None))) == (1, 0, 0, 0)


@pytest.mark.parametrize("field", ["point", "event_class", "place"])
def test_an_alarm_elsewhere_or_of_another_class_finds_nothing(field: str) -> None:
    other = replace(GOOD[1], **{field: "x"})
    assert shown(GOOD[0], other).lost == 1


def test_two_alarms_for_one_truth_are_a_double_and_two_open_incidents_at_one_place_too() -> None:
    assert counts(shown(*GOOD, alarm(3, 170, 193))) == (0, 1, 0, 0)
    twice = replace(PEACE.cloud, incidents=(INCIDENT, replace(INCIDENT, id="i2")))
    assert judge(replace(PEACE, cloud=twice)).doubled == 1


def test_an_alarm_that_ends_before_its_truth_is_a_false_clear() -> None:
    assert counts(shown(GOOD[0], alarm(2, 160.2, 180.0))) == (0, 0, 1, 0)


def test_an_alarm_before_anything_was_so_is_explained_by_nothing() -> None:
    assert counts(shown(*GOOD, alarm(3, 60.0, 70.0))) == (0, 0, 0, 1)


def test_what_is_found_late_is_lost_unless_a_fault_on_its_way_explains_it() -> None:
    late = alarm(1, 118.0, 128.5)
    assert counts(shown(late, GOOD[1])) == (1, 0, 0, 0)
    assert counts(shown(late, GOOD[1], faults=(BROKER_CUT,))) == (0, 0, 0, 0)
    elsewhere = replace(BROKER_CUT, node="n2")
    assert counts(shown(late, GOOD[1], faults=(elsewhere,))) == (1, 0, 0, 0)


def test_latency_is_of_truths_that_met_no_fault() -> None:
    verdict = shown(*GOOD, faults=(BROKER_CUT,))
    assert verdict.latencies["sensors"] == [pytest.approx(0.5)]


def test_times_are_read_by_the_clock_that_the_node_had_then() -> None:
    moved = alarm(1, 100.4, 128.5, offset=3600.0)
    stepped = {"n1": [(0.0, 0.0), (90.0, 3600.0), (140.0, 0.0)]}
    assert counts(shown(moved, GOOD[1], clocks=stepped)) == (0, 0, 0, 0)
    assert shown(moved, GOOD[1]).lost >= 1


@pytest.mark.parametrize(
    ("line", "booked"),
    [
        (LINE, replace(BOOKED, committed=frozenset({1, 2, 4}), received=3, numbers=3)),
        (LINE, replace(BOOKED, committed=frozenset({1, 2, 3, 4, 9}), received=5, numbers=5)),
        (LINE, replace(BOOKED, received=5)),
        (replace(LINE, accepted=3), BOOKED),
        (replace(LINE, waiting=frozenset()), BOOKED),
        (LINE, None),
    ],
)
def test_a_ledger_that_does_not_add_up_is_seen(line: Line, booked: Booked | None) -> None:
    assert line_faults(line, booked)


def test_a_ledger_adds_up_with_what_waits_was_refused_or_given_up() -> None:
    assert line_faults(LINE, BOOKED) == []
    given_up = replace(LINE, accepted=2, refused=1, evicted=1)
    there = replace(
        BOOKED, committed=frozenset({1, 2}), refused=frozenset({3}), evicted=frozenset({4}),
        received=2, numbers=2,
    )  # fmt: skip
    assert line_faults(given_up, there) == []
    unsettled = replace(BOOKED, committed=frozenset({1, 2, 3, 4, 5}), received=5, numbers=5)
    assert line_faults(LINE, unsettled) == []


def test_numbers_missing_from_a_store_file_that_was_set_aside_are_missing() -> None:
    earlier = replace(BOOKED, epoch="e0", committed=frozenset({1, 3}), received=2, numbers=2)
    verdict = judge(replace(PEACE, cloud=replace(PEACE.cloud, lines=(BOOKED, earlier))))
    assert not verdict.ledger_balanced
    assert not verdict.passed
