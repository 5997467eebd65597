"""The rule for a quantity, against a model that looks at the whole past each time."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.messages import Change, ConditionState
from devices.site.model import ThresholdRule
from edge.judge.case import REOPEN
from edge.judge.level import Level
from edge.judge.quantity import judge
from tests.edge.views_for_tests import ids

ABOVE, CLEAR = 10.0, 8.0
readings = st.lists(
    st.tuples(st.sampled_from((0.0, 1.0, 5.0, 30.0)), st.sampled_from((7.0, 8.0, 9.0, 10.0, 11.0))),
    max_size=40,
)
holds = st.sampled_from((0.0, 5.0, 6.0, 60.0))


def rule(**more) -> ThresholdRule:
    given = {"kind": "threshold", "id": "r", "event_class": "05-06", "quantity": "level"}
    return ThresholdRule(**given | {"above": ABOVE, "clear": CLEAR} | more)


def run(asked, values):
    """(index, change) of every turn, and the turns."""
    level, at, turns, new_id = Level(), 100.0, [], ids()
    for index, (gap, value) in enumerate(values):
        at += gap
        level, taken = judge(asked, level, value, at, new_id)
        if taken is not None:
            assert taken.at == at
            turns.append((index, taken))
    return turns


def model(asked, values):
    """The same, out of the definition: the whole run of readings past the limit lasted for the hold."""
    times, at = [], 100.0
    for gap, _ in values:
        at += gap
        times.append(at)
    is_open, begin, found = False, 0, []
    for index in range(len(values)):
        wanted = (lambda value: value <= CLEAR) if is_open else (lambda value: value > ABOVE)
        hold = asked.clear_hold if is_open else asked.hold
        first = index
        while first > begin and wanted(values[first - 1][1]):
            first -= 1
        if wanted(values[index][1]) and times[index] - times[first] >= hold:
            found.append((index, Change.CLEARED if is_open else Change.OPENED))
            is_open, begin = not is_open, index + 1
    return found


@given(values=readings, hold=holds, clear_hold=holds)
@example(values=[(0.0, 11.0), (5.0, 11.0), (0.0, 8.0), (5.0, 8.0)], hold=5.0, clear_hold=5.0)
def test_it_opens_and_clears_where_the_definition_says(values, hold, clear_hold):
    asked = rule(hold=hold, clear_hold=clear_hold)
    turns = run(asked, values)
    assert [(index, turn.change) for index, turn in turns] == model(asked, values)
    for number, (_, turn) in enumerate(turns):
        assert turn.case.rev == 1 + number % 2
        assert turn.case.state is (ConditionState.CLEARED if number % 2 else ConditionState.OPEN)
        if number % 2:
            assert turn.case.id == turns[number - 1][1].case.id
    opened = [turn.case.id for _, turn in turns if turn.change is Change.OPENED]
    assert len(opened) == len(set(opened))


@given(values=readings, hold=holds, clear_hold=holds)
def test_a_lower_limit_is_the_mirror_of_an_upper_one(values, hold, clear_hold):
    up = run(rule(hold=hold, clear_hold=clear_hold), values)
    mirrored = rule(above=None, below=-ABOVE, clear=-CLEAR, hold=hold, clear_hold=clear_hold)
    down = run(mirrored, [(gap, -value) for gap, value in values])
    assert [(index, turn.change, turn.case.since) for index, turn in up] == [
        (index, turn.change, turn.case.since) for index, turn in down
    ]


@given(st.lists(st.sampled_from((8.5, 9.0, 9.9, 10.0, 10.1, 12.0)), max_size=60))
def test_flapping_around_the_limit_opens_once_and_clears_nothing(values):
    turns = run(rule(), [(0.0, 11.0), *((10.0, value) for value in values)])
    assert [turn.change for _, turn in turns] == [Change.OPENED]


def test_a_single_value_back_at_the_limit_starts_the_hold_anew():
    values = [(0.0, 11.0), (50.0, 11.0), (5.0, 10.0), (5.0, 11.0), (59.0, 11.0), (1.0, 11.0)]
    turns = run(rule(hold=60.0), values)
    assert [index for index, _ in turns] == [5]
    assert turns[0][1].case.since == 160.0


def test_the_case_began_with_the_first_value_past_the_limit():
    ((_, turn),) = run(rule(hold=30.0), [(0.0, 11.0), (30.0, 12.0)])
    assert turn.case.since == 100.0
    assert turn.case.value == 12.0
    assert turn.case.label == "level"
    assert turn.case.reopens is None


@pytest.mark.parametrize(("quiet", "names_it"), [(REOPEN, True), (REOPEN + 1, False)])
def test_a_case_reopens_the_former_only_when_it_began_soon_after(quiet, names_it):
    turns = run(rule(hold=30.0), [(0.0, 11.0), (30.0, 11.0), (5.0, 7.0), (quiet, 11.0), (30.0, 11.0)])
    first, cleared, second = (turn for _, turn in turns)
    assert second.case.reopens == (first.case.id if names_it else None)
    assert cleared.case.reopens is None


def test_the_limit_is_whichever_the_rule_has():
    assert rule().limit == ABOVE
    assert rule(above=None, below=3.0, clear=4.0).limit == 3.0
