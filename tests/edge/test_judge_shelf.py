"""What the judge keeps comes back the same, on whatever clock."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import ConditionState
from edge.judge.case import Case
from edge.judge.shelf import ledger_from_json, ledger_to_json, level_from_json, level_to_json
from edge.judge.stays import Ledger
from edge.judge.threshold import Level

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
    before=offsets,
    after=offsets,
)
def test_a_ledger_comes_back_on_the_clock_of_the_next_run(kept, cleared, before, after):
    text = json.dumps(ledger_to_json(Ledger(kept, tuple(cleared)), before))
    back = ledger_from_json(json.loads(text), after)
    assert back.cases.keys() == kept.keys()
    for key, case in kept.items():
        same_case(case, back.cases[key], before - after)
    assert [(one, box) for one, _, box in back.cleared] == [(one, box) for one, _, box in cleared]
    for (_, at, _), (_, then, _) in zip(cleared, back.cleared, strict=True):
        assert then == pytest.approx(at + before - after, abs=1e-5)


moments = st.none() | times


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
