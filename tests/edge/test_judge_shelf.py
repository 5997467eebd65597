"""What the judge keeps comes back the same, on whatever clock."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import ConditionState
from edge.judge.case import Case
from edge.judge.level import Level
from edge.judge.people import Presence
from edge.judge.shelf import cases_of, ledger_from_json, ledger_to_json, level_from_json, level_to_json
from edge.judge.stays import Ledger

times = st.floats(0.0, 1e7)
offsets = st.floats(0.0, 4e9)
boxes = st.tuples(*[st.floats(0.0, 1.0)] * 4)
cases = st.builds(
    Case,
    id=st.uuids(),
    rev=st.integers(1, 10**6),
    state=st.sampled_from([ConditionState.OPEN, ConditionState.HELD]),
    since=times,
    at_least=st.booleans(),
    label=st.text(max_size=20),
    score=st.floats(0.0, 1.0),
    box=st.none() | boxes,
    count=st.none() | st.integers(0, 99),
    count_error=st.none() | st.integers(0, 99),
    suspected=st.booleans(),
    value=st.none() | st.floats(-1e9, 1e9),
    members=st.frozensets(st.uuids(), max_size=4),
    reopens=st.none() | st.uuids(),
)


def same_case(kept: Case, back: Case, by: float) -> None:
    assert back.since == pytest.approx(kept.since + by, abs=1e-5)
    for name in Case.__slots__:
        if name != "since":
            assert getattr(kept, name) == getattr(back, name), name


@given(
    kept=st.dictionaries(st.text(max_size=40), cases, max_size=4),
    cleared=st.lists(st.tuples(st.uuids(), times, boxes), max_size=4),
    closed=st.dictionaries(st.uuids(), times, max_size=3),
    singles=st.dictionaries(st.uuids(), st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=3),
    before=offsets,
    after=offsets,
)
def test_a_ledger_comes_back_on_the_clock_of_the_next_run(kept, cleared, closed, singles, before, after):
    ledger = Ledger(kept, tuple(cleared), closed, singles)
    back = ledger_from_json(json.loads(json.dumps(ledger_to_json(ledger, before))), after)
    assert isinstance(back, Ledger)
    assert (back.closed, back.singles) == (closed, singles)
    assert set(cases_of(back)) == set(back.cases.values())
    assert back.cases.keys() == kept.keys()
    for key, case in kept.items():
        same_case(case, back.cases[key], before - after)
    assert [(one, box) for one, _, box in back.cleared] == [(one, box) for one, _, box in cleared]
    for (_, at, _), (_, then, _) in zip(cleared, back.cleared, strict=True):
        assert then == pytest.approx(at + before - after, abs=1e-5)


def test_a_ledger_kept_before_there_were_hours_and_estimates_can_be_read():
    old = ledger_to_json(Ledger({}), 0.0)
    del old["closed"], old["singles"]
    assert ledger_from_json(old, 0.0) == Ledger({})


moments = st.none() | times


@given(
    presence=st.builds(
        Presence,
        case=st.none() | cases,
        since=moments,
        at_least=st.booleans(),
        occupied=times,
        away=times,
        empty=st.none() | times,
        looks=st.lists(st.booleans(), max_size=5).map(tuple),
        last_at=moments,
        blind=st.booleans(),
        cleared=st.lists(st.tuples(st.uuids(), times, boxes), max_size=2).map(tuple),
    ),
    before=offsets,
    after=offsets,
)
def test_a_presence_comes_back_on_the_clock_of_the_next_run(presence, before, after):
    back = ledger_from_json(json.loads(json.dumps(ledger_to_json(presence, before))), after)
    assert isinstance(back, Presence)
    for name in ("at_least", "occupied", "away", "empty", "looks", "blind"):
        assert getattr(back, name) == getattr(presence, name), name
    for name in ("since", "last_at"):
        was, then = getattr(presence, name), getattr(back, name)
        assert (was is None) == (then is None)
        assert was is None or then == pytest.approx(was + before - after, abs=1e-5)
    assert len(back.cleared) == len(presence.cleared)
    assert back.busy is presence.busy
    for kept, case in zip(cases_of(presence), cases_of(back), strict=True):
        same_case(kept, case, before - after)


@given(
    level=st.builds(
        Level,
        case=st.none() | cases,
        past_since=moments,
        back_since=moments,
        last=st.none() | st.uuids(),
        last_at=moments,
    ),
    before=offsets,
    after=offsets,
)
def test_a_level_comes_back_on_the_clock_of_the_next_run(level, before, after):
    back = level_from_json(json.loads(json.dumps(level_to_json(level, before))), after)
    assert back.last == level.last
    assert (back.case is None) == (level.case is None)
    if level.case is not None and back.case is not None:
        same_case(level.case, back.case, before - after)
    for name in ("past_since", "back_since", "last_at"):
        was, then = getattr(level, name), getattr(back, name)
        assert (was is None) == (then is None)
        if was is not None:
            assert then == pytest.approx(was + before - after, abs=1e-5)
