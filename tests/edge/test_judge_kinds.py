"""Each kind of sensor rule against a model that looks at the whole past each time.

The series have gaps and late readings; every second run goes over the shelf between two readings, as if the
node were started anew each time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from devices.messages import Change, Severity
from devices.site.sensor_rules import AnyRule, QuantityRule
from edge.judge.level import BLANK, Level
from edge.judge.quantity import judge, wake
from edge.judge.shelf import level_from_json, level_to_json
from edge.judge.window import CELLS, WIDE
from tests.edge.views_for_tests import ids

RULE: TypeAdapter[AnyRule] = TypeAdapter(QuantityRule)
BEGIN = 1000.0
WITHIN = 60.0
VALUES = (0.0, 1.0, 7.0, 8.0, 9.0, 10.0, 11.0, 25.0, 31.0)

Read = tuple[float, float, bool]
"""When it was taken, its value, whether a newer one came before."""


@st.composite
def series(draw: st.DrawFn) -> list[Read]:
    """Readings in the order in which they come, in whole seconds: a cell of the window holds one of them."""
    found: list[Read] = []
    taken: set[float] = set()
    now = BEGIN
    steps = st.tuples(st.sampled_from((1, 2, 5, 6, 29, 30, 61, 400)), st.sampled_from(VALUES))
    for gap, value in draw(st.lists(steps, max_size=25)):
        now += gap
        found.append((now, value, False))
        late = now - draw(st.sampled_from((1, 7, 30, 60, 90))), draw(st.sampled_from(VALUES)), True
        if draw(st.integers(0, 4)) == 0 and late[0] not in taken:
            found.append(late)
        taken |= {now, late[0]}
    return found


holds = st.sampled_from((0.0, 5.0, 6.0, 60.0))


def rule(kind: str, **more: Any) -> AnyRule:
    return RULE.validate_python({"kind": kind, "id": "r", "event_class": "05-06", "quantity": "q"} | more)


def shelved(level: Level, moved: float) -> Level:
    """What is left of it after a restart on a machine whose clock began elsewhere."""
    return level_from_json(json.loads(json.dumps(level_to_json(level, moved))), moved)


def run(asked: AnyRule, read: list[Read], *, restarts: bool) -> list[tuple[int, Change, float, float | None]]:
    """Index, change, since and value of every turn."""
    level, new_id, turns = BLANK, ids(), []
    newest = BEGIN
    for index, (at, value, late) in enumerate(read):
        level, told = judge(asked, level, value, at, new_id, newest=newest if late else None)
        newest = max(newest, at)
        if told is not None:
            assert told.at == newest
            turns.append((index, told.change, told.case.since, told.case.value))
        if restarts:
            level = shelved(level, 17.0 * index)
    return turns


def debounced(
    steps: list[tuple[int, float, bool, bool]], hold: float, clear_hold: float
) -> list[tuple[int, Change]]:
    """Out of the definition: all findings since then say so, and the first of them is as old as the hold.

    A step is an index, a time, whether it is past and whether it is back.
    """
    is_open, begin, found = False, 0, []
    for number, (index, at, past, back) in enumerate(steps):
        wanted, least = (3, clear_hold) if is_open else (2, hold)
        first = number
        while first > begin and steps[first - 1][wanted]:
            first -= 1
        if (back if is_open else past) and at - steps[first][1] >= least:
            found.append((index, Change.CLEARED if is_open else Change.OPENED))
            is_open, begin = not is_open, number + 1
    return found


def steps_of(
    read: list[Read], told: Callable[[list[Read], float], tuple[bool, bool] | None]
) -> list[tuple[int, float, bool, bool]]:
    """What the whole past says at each reading; nothing where it says nothing."""
    found = []
    for index in range(len(read)):
        past = read[: index + 1]
        now = max(at for at, _, _ in past)
        if (said := told(past, now)) is not None:
            found.append((index, now, *said))
    return found


def in_order(past: list[Read]) -> list[float]:
    return [value for _, value, late in past if not late]


def lately(past: list[Read], now: float) -> list[float]:
    return [value for at, value, _ in past if at >= now - WITHIN]


def window(of: str) -> Callable[[list[Read], float], tuple[bool, bool] | None]:
    def told(past: list[Read], now: float) -> tuple[bool, bool] | None:
        values = lately(past, now)
        value = {"max": max(values), "min": min(values)}[of]
        return value > 10.0, value <= 8.0

    return told


def mean(past: list[Read], now: float) -> tuple[bool, bool] | None:
    """Over the time, with straight lines between the readings; exact, as far as values lie between tenths."""
    mine = sorted((at, Fraction(value)) for at, value, _ in past if at >= now - WITHIN)
    span = Fraction(mine[-1][0] - mine[0][0])
    if not span:
        return False, mine[0][1] <= 8
    area = sum((Fraction(b) - Fraction(a)) * (one + other) / 2 for (a, one), (b, other) in pairwise(mine))
    return area / span > 10 and span >= WITHIN / 2, area / span <= 8


def growth(past: list[Read], now: float) -> tuple[bool, bool] | None:
    if past[-1][2]:
        return None
    mine = [(at, value) for at, value, late in past if not late]
    grown = [
        (at, after - before if after >= before else after) for (_, before), (at, after) in pairwise(mine)
    ]
    value = sum(by for at, by in grown if at >= now - WITHIN)
    return value > 10.0, value <= 8.0


def rises(past: list[Read], now: float) -> tuple[bool, bool] | None:
    by = in_order(past)[-1] - min(lately(past, now))
    return by > 10.0, by <= 5.0


def counted(past: list[Read], now: float) -> tuple[bool, bool] | None:
    times, before = [], False
    for at, value, late in past:
        if not late:
            if value > 10.0 and not before:
                times.append(at)
            before = value > 10.0
    number = sum(at >= now - WITHIN for at in times)
    return number >= 3, number < 2


def each_counted(past: list[Read], now: float) -> tuple[bool, bool] | None:
    number = sum(at >= now - WITHIN and value > 10.0 for at, value, _ in past)
    return number >= 3, number < 2


def by_value(past_: Callable[[float], bool], back: Callable[[float], bool]) -> Any:
    def told(past: list[Read], now: float) -> tuple[bool, bool] | None:
        return None if past[-1][2] else (past_(past[-1][1]), back(past[-1][1]))

    return told


LIMITS = {"above": 10.0, "clear": 8.0}
COUNT = {"above": 10.0, "count": 3, "within": WITHIN}
KINDS: dict[str, tuple[dict[str, Any], Any]] = {
    "threshold": ({"kind": "threshold", **LIMITS}, by_value(lambda v: v > 10.0, lambda v: v <= 8.0)),
    "below": (
        {"kind": "threshold", "below": 8.0, "clear": 10.0},
        by_value(lambda v: v < 8.0, lambda v: v >= 10.0),
    ),
    "state": ({"kind": "state", "equals": 1.0}, by_value(lambda v: v == 1.0, lambda v: v != 1.0)),
    "mean": ({"kind": "window", "of": "mean", "within": WITHIN, **LIMITS}, mean),
    "max": ({"kind": "window", "of": "max", "within": WITHIN, **LIMITS}, window("max")),
    "min": ({"kind": "window", "of": "min", "within": WITHIN, **LIMITS}, window("min")),
    "growth": ({"kind": "window", "of": "growth", "within": WITHIN, **LIMITS}, growth),
    "rate": ({"kind": "rate", "rises": 10.0, "within": WITHIN}, rises),
    "count": ({"kind": "count", **COUNT}, counted),
    "each": ({"kind": "count", **COUNT, "each": True}, each_counted),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60)
@given(read=series(), hold=holds, clear_hold=holds, restarts=st.booleans())
def test_it_opens_and_clears_where_the_whole_past_says(kind, read, hold, clear_hold, restarts):
    written, told = KINDS[kind]
    hold = 0.0 if written["kind"] == "count" else hold
    given_ = written | ({} if written["kind"] == "count" else {"hold": hold}) | {"clear_hold": clear_hold}
    turns = run(rule(**given_), read, restarts=restarts)
    assert [(index, change) for index, change, _, _ in turns] == debounced(
        steps_of(read, told), hold, clear_hold
    )


RUNGS = [
    {"above": 10.0, "clear": 8.0, "severity": "medium"},
    {"above": 20.0, "clear": 9.0, "severity": "high"},
    {"above": 30.0, "clear": 24.0, "severity": "critical"},
]


@settings(max_examples=80)
@given(read=series(), hold=holds, clear_hold=holds, restarts=st.booleans())
def test_levels_are_as_many_thresholds_of_which_the_worst_counts(read, hold, clear_hold, restarts):
    asked = rule("levels", levels=RUNGS, hold=hold, clear_hold=clear_hold)
    level, new_id, newest, told = BLANK, ids(), BEGIN, []
    for index, (at, value, late) in enumerate(read):
        level, turn = judge(asked, level, value, at, new_id, newest=newest if late else None)
        newest = max(newest, at)
        if turn is not None:
            told.append((index, turn.change, turn.case.severity))
        if restarts:
            level = shelved(level, 100.0)
    on: list[set[int]] = []
    for rung in RUNGS:
        steps = steps_of(read, by_value(lambda v, r=rung: v > r["above"], lambda v, r=rung: v <= r["clear"]))
        turns = dict(debounced(steps, hold, clear_hold))
        state, mine = False, set()
        for index in range(len(read)):
            state = {Change.OPENED: True, Change.CLEARED: False}.get(turns.get(index), state)
            mine |= {index} if state else set()
        on.append(mine)
    wanted, before = [], -1
    for index in range(len(read)):
        worst = max((number for number, mine in enumerate(on) if index in mine), default=-1)
        if worst != before:
            change = Change.CLEARED if worst < 0 else Change.OPENED if before < 0 else Change.UPDATED
            severity = Severity(RUNGS[worst if worst >= 0 else before]["severity"])
            wanted.append((index, change, severity))
        before = worst
    assert told == wanted


@settings(max_examples=60)
@given(read=series(), hold=holds, clear_hold=holds)
def test_between_open_and_clear_the_value_crossed_both_limits_and_stayed(read, hold, clear_hold):
    asked = rule("threshold", hold=hold, clear_hold=clear_hold, **LIMITS)
    taken = [(at, value) for at, value, late in read if not late]
    level, new_id = BLANK, ids()
    for number, (at, value) in enumerate(taken):
        level, turn = judge(asked, level, value, at, new_id)
        if turn is None:
            continue
        opened = turn.change is Change.OPENED
        least = hold if opened else clear_hold
        stayed = [v for t, v in taken[: number + 1] if t >= at - least]
        assert all(v > 10.0 for v in stayed[-1:]) if opened else stayed[-1] <= 8.0
        lately_ = [v for t, v in taken[: number + 1] if t > at - least] or [value]
        assert all(v > 10.0 if opened else v <= 8.0 for v in lately_)


def flapping() -> Iterator[float]:
    while True:
        yield from (10.5, 9.5, 10.1, 8.5)


def test_a_value_that_flaps_between_the_limits_opens_once():
    values = flapping()
    read = [(BEGIN + second, next(values), False) for second in range(1000)]
    assert [change for _, change, _, _ in run(rule("threshold", **LIMITS), read, restarts=False)] == [
        Change.OPENED
    ]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 0.9), st.sampled_from(VALUES)), min_size=1, max_size=200))
def test_a_fast_device_fills_a_bounded_window_that_is_true_to_a_sixtieth(steps):
    asked = rule("window", of="max", within=10.0, **LIMITS)
    level, at, all_, new_id = BLANK, BEGIN, [], ids()
    for gap, value in steps:
        at += gap
        all_.append((at, value))
        level, _ = judge(asked, level, value, at, new_id)
        cells = level.trace.marks
        assert len(cells) <= CELLS + 1
        assert all(len(cell) == WIDE for cell in cells)
        number = sum(cell[-1] for cell in cells)
        assert sum(t >= at - 10.0 for t, _ in all_) <= number
        assert number <= sum(t >= at - 10.0 * (1 + 1 / CELLS) - 1e-6 for t, _ in all_)


def test_a_counter_that_wraps_or_begins_anew_does_not_fall():
    asked = rule("window", of="growth", within=WITHIN, wraps_at=1000.0, **LIMITS)
    level, new_id, grown = BLANK, ids(), []
    for second, value in enumerate([990.0, 998.0, 3.0, 5.0, 1.0, 1.0]):
        level, _ = judge(asked, level, value, BEGIN + second, new_id)
        grown.append(sum(cell[5] for cell in level.trace.marks))
    assert grown == [0.0, 8.0, 13.0, 15.0, 16.0, 16.0]


def test_what_is_stuck_opens_after_its_time_and_is_over_when_it_moves():
    asked = rule("stuck", hold=30.0, by=0.5)
    read = [(BEGIN, 5.0, False), (BEGIN + 20, 5.4, False), (BEGIN + 30, 5.2, False), (BEGIN + 90, 5.6, False)]
    assert run(asked, read, restarts=True) == [
        (2, Change.OPENED, BEGIN, 30.0),
        (3, Change.CLEARED, BEGIN, 0.0),
    ]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from((1, 5, 30)), st.sampled_from((0.0, 1.0, None))), max_size=30))
def test_the_last_state_goes_on_between_readings(steps):
    """Waking each second tells what a device that reports every second would have told."""
    asked = rule("state", equals=1.0, hold=20.0, clear_hold=6.0)
    sparse, dense, new_id, other = BLANK, BLANK, ids(), ids()
    told: list[tuple[float, Change]] = []
    meant: list[tuple[float, Change]] = []
    at, value = BEGIN, 0.0
    for gap, said in steps:
        for _ in range(gap):
            at += 1
            sparse, turn = wake(asked, sparse, at, new_id)
            told += [] if turn is None else [(at, turn.change)]
            dense, turn = judge(asked, dense, value, at, other)
            meant += [] if turn is None else [(at, turn.change)]
        if said is not None:
            value = said
            sparse, turn = judge(asked, sparse, value, at, new_id)
            told += [] if turn is None else [(at, turn.change)]
            dense, turn = judge(asked, dense, value, at, other)
            meant += [] if turn is None else [(at, turn.change)]
    assert told == meant


def test_of_what_is_counted_only_as_much_is_remembered_as_decides():
    asked = rule("count", count=3, within=1e6, above=10.0, each=True)
    level, new_id = BLANK, ids()
    for second in range(50):
        level, _ = judge(asked, level, 11.0, BEGIN + second, new_id)
    assert len(level.trace.marks) == 3


def test_a_count_is_over_with_the_time_alone():
    asked = rule("count", count=2, within=WITHIN, equals=1.0, each=True, clear_hold=10.0)
    level, new_id = BLANK, ids()
    for second in (0.0, 20.0):
        level, turn = judge(asked, level, 1.0, BEGIN + second, new_id)
    assert turn is not None
    assert (turn.change, turn.case.since) == (Change.OPENED, BEGIN)
    changes: list[tuple[float, Change]] = []
    for second in range(21, 120):
        level, turn = wake(asked, level, BEGIN + second, new_id)
        changes += [] if turn is None else [(second, turn.change)]
    assert changes == [(91, Change.CLEARED)]


def test_the_next_case_has_another_id() -> None:
    asked, level, new_id, seen = rule("threshold", **LIMITS), BLANK, ids(), set[UUID]()
    for second, value in enumerate((11.0, 7.0, 11.0, 7.0)):
        level, turn = judge(asked, level, value, BEGIN + second, new_id)
        assert turn is not None
        seen.add(turn.case.id)
    assert len(seen) == 2


def test_a_late_reading_is_counted_as_of_the_newest_one():
    asked = rule("count", count=2, within=WITHIN, above=10.0, each=True)
    read = [(BEGIN, 11.0, False), (BEGIN + 61, 0.0, False), (BEGIN + 60, 11.0, True)]
    assert run(asked, read, restarts=False) == []


def test_readings_that_come_newest_first_fill_no_more_cells_than_others():
    asked = rule("window", of="max", within=10.0, **LIMITS)
    level, new_id, newest = BLANK, ids(), BEGIN + 10.0
    level, _ = judge(asked, level, 1.0, newest, new_id)
    for step in range(1, 500):
        level, _ = judge(asked, level, 1.0, newest - step * 0.019, new_id, newest=newest)
    cells = level.trace.marks
    assert len(cells) <= CELLS + 1
    assert sum(cell[-1] for cell in cells) == 500
    assert list(cells) == sorted(cells)


@pytest.mark.parametrize(
    ("quantity", "sound"), [("laeq", True), ("la_minutes", True), ("water_level", False), ("la_max", False)]
)
def test_the_mean_of_sound_levels_is_that_of_their_energy(quantity, sound):
    asked = rule("window", quantity=quantity, of="mean", within=600.0, above=70.0, clear=67.0)
    level, new_id, told = BLANK, ids(), []
    for minute in range(11):
        level, turn = judge(asked, level, 80.0 if minute == 9 else 62.0, 60.0 * minute, new_id)
        told.append(None if turn is None else turn.case.value)
    # Ten minutes by straight lines: the loud reading stands for one of them.
    energy = 10 * math.log10((9 * 10**6.2 + 10**8) / 10)
    assert [one for one in told if one is not None] == ([pytest.approx(energy, abs=0.3)] if sound else [])


@given(
    st.lists(st.tuples(st.floats(-1e15, 1e15), st.floats(0.0, 600.0), st.booleans()), min_size=1, max_size=40)
)
def test_no_level_whatever_stops_the_mean_of_sound(said):
    asked = rule("window", quantity="la", of="mean", within=60.0, above=70.0, clear=67.0)
    level, new_id, at = BLANK, ids(), 0.0
    for value, passed, late in said:
        at = at if late else at + passed
        when, newest = (max(0.0, at - passed), at) if late else (at, None)
        level, _ = judge(asked, level, value, when, new_id, newest=newest)
