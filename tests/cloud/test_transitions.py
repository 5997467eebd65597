from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cloud.incidents import seen
from cloud.incidents.seen import Case, Line, Word
from cloud.incidents.transitions import (
    ACTIONS,
    CLOSED,
    LADDER,
    OPEN,
    TABLE,
    WISHES,
    State,
    Whither,
    allowed,
    may_ever,
    rule_for,
    steps,
)
from cloud.people.roles import Role
from devices.ids import uuid7
from devices.messages import ConditionState

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MIGRATION = Path(seen.__file__).parents[1] / "migrations" / "versions" / "v0001_first.py"


def test_an_action_has_one_row_at_most_in_each_state() -> None:
    for action in {row.action for row in TABLE}:
        for state in State:
            assert sum(row.action == action and state in row.sources for row in TABLE) <= 1


def test_every_state_can_be_reached_from_the_first() -> None:
    reached, frontier = set(), {State.DETECTED}
    while frontier:
        reached |= frontier
        found = {
            step.target
            for row in TABLE
            for source in row.sources
            if source in reached
            for step in steps(row, source, State.ACCEPTED)
        }
        frontier = found - reached
    assert reached == set(State)


def test_every_open_state_has_a_way_out_for_a_leader() -> None:
    assert all(allowed(state, [Role.LEADER]) for state in OPEN)


def test_people_open_a_closed_case_only_where_nothing_else_is_open_there() -> None:
    for state in CLOSED:
        for action in allowed(state, list(Role)):
            found = rule_for(action, state)
            assert found is not None
            if found.target is Whither.BEFORE or found.target in OPEN:
                assert action in ("reopen", "split")
                assert "free" in found.guards


def test_an_operator_accepts_judges_checks_and_asks_but_does_not_dispatch_decide_or_close() -> None:
    may = {action for state in State for action in allowed(state, [Role.OPERATOR])}
    asks = {action for action in ACTIONS if action.startswith("ask_")}
    assert may == {"accept", "false_alarm", "check", "confirm", "check_failed", "feedback", *asks}


def test_a_leader_does_all_but_what_is_done_in_the_street_and_what_is_asked_of_leaders() -> None:
    may = {action for state in State for action in allowed(state, [Role.LEADER])}
    asks = {action for action in ACTIONS if action.startswith("ask_")}
    assert set(ACTIONS) - may == {"claim", "self_handle", *asks}


def test_what_is_asked_for_is_done_or_refused_by_those_who_decide() -> None:
    for wish in WISHES:
        for role in (Role.LEADER, Role.STREET):
            assert may_ever(wish, [role])
            assert may_ever("refuse", [role])
        assert not may_ever(wish, [Role.OPERATOR, Role.GRID_WORKER, Role.DEPARTMENT, Role.COMMUNITY])


def test_an_auditor_and_an_administrator_do_nothing() -> None:
    assert not any(allowed(state, [Role.AUDITOR, Role.ADMINISTRATOR]) for state in State)


def test_the_partial_index_covers_the_states_that_the_table_calls_open() -> None:
    text = MIGRATION.read_text(encoding="utf-8")
    found = re.search(r"incident_one_open_per_place_and_class.*?IN \((.*?)\);", text, re.DOTALL)
    assert found is not None
    assert set(re.findall(r"'(\w+)'", found[1])) == set(OPEN)


def test_accepting_passes_verifying_and_dispatching_passes_filing() -> None:
    accept = rule_for("accept", State.DETECTED)
    dispatch = rule_for("dispatch", State.ACCEPTED)
    assert accept is not None
    assert dispatch is not None
    assert [step.target for step in steps(accept, State.DETECTED)] == [State.VERIFYING, State.ACCEPTED]
    assert [step.target for step in steps(dispatch, State.ACCEPTED)] == [State.FILED, State.DISPATCHED]


@given(st.sampled_from(LADDER))
def test_seen_gone_leads_every_rung_to_checking(state: State) -> None:
    condition = uuid7()
    case = Case(uuid7(), state, 7, 2, frozenset({condition}))
    case, lines = seen.hear(case, Word(condition, ConditionState.CLEARED, 2, NOW))
    assert case.state is State.CHECKING
    assert case.seen_gone_at == NOW
    assert lines == [Line(8, "seen_gone", state, State.CHECKING, "seen_gone")]


def test_a_failed_check_stays_in_progress_until_it_is_resolved_again() -> None:
    case = Case(uuid7(), State.CHECKING, 5, 2, frozenset())
    failed, resolve = rule_for("check_failed", case.state), rule_for("resolve", State.IN_PROGRESS)
    assert failed is not None
    assert resolve is not None
    case, _ = seen.act(case, failed)
    assert case.state is State.IN_PROGRESS
    case, lines = seen.act(case, resolve)
    assert case.state is State.CHECKING
    assert [line.action for line in lines] == ["resolve", "seen_gone"]


class Life(RuleBasedStateMachine):
    """People and conditions do what they like to one case; a list of conditions is the reference."""

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.conditions: dict[UUID, ConditionState] = {}
        self.log: list[Line] = []
        first = self.word(ConditionState.OPEN)
        self.case, lines = seen.opened(uuid7(), first)
        self.log += lines

    def word(self, state: ConditionState) -> Word:
        word = Word(uuid7(), state, 2, self.later())
        self.conditions[word.condition_id] = state
        return word

    def later(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    @rule(state=st.sampled_from(ConditionState))
    def another_condition_comes(self, state: ConditionState) -> None:
        if self.case.state in OPEN or self.case.state in seen.REOPENABLE:
            self.case, lines = seen.joined(self.case, self.word(state))
            self.log += lines

    @rule(data=st.data(), state=st.sampled_from(ConditionState))
    def a_condition_changes(self, data: st.DataObject, state: ConditionState) -> None:
        key = data.draw(st.sampled_from(list(self.conditions)))
        if self.conditions[key] is ConditionState.CLEARED:
            return  # a condition never comes back, another one does
        self.conditions[key] = state
        before = self.case
        self.case, lines = seen.hear(self.case, Word(key, state, 2, self.later()))
        self.log += lines
        if before.state in CLOSED:
            assert self.case.state is before.state, "its own updates never open a closed case"

    @rule(data=st.data())
    def a_person_acts(self, data: st.DataObject) -> None:
        known = {
            rule.action for rule in TABLE if self.case.suspended_from or rule.target is not Whither.BEFORE
        }
        actions = [one for one in allowed(self.case.state, list(Role)) if one in known]
        if actions:
            found = rule_for(data.draw(st.sampled_from(actions)), self.case.state)
            assert found is not None
            self.case, lines = seen.act(self.case, found)
            self.log += lines

    @invariant()
    def the_log_is_a_walk_through_the_table(self) -> None:
        state: State | None = None
        for line in self.log:
            assert line.source is state
            state = line.target
        assert state is self.case.state

    @invariant()
    def each_line_makes_one_version(self) -> None:
        assert [line.version for line in self.log] == list(range(1, self.case.version + 1))

    @rule(look=st.sampled_from(["clear", "there", "unsure"]))
    def somebody_looks_again(self, look: str) -> None:
        if self.case.state is State.RESOLVED:
            self.case, lines = seen.looked(self.case, look, self.later(), {"look": look})  # type: ignore[arg-type]
            self.log += lines

    @invariant()
    def nothing_is_there_while_it_is_checked_unless_somebody_took_it_there(self) -> None:
        if self.case.state is State.CHECKING and self.case.present:
            entered = next(one for one in reversed(self.log) if one.source is not one.target)
            assert entered.action in ("check", "await_check", "split") or entered.detail == {"look": "clear"}

    @invariant()
    def something_is_there_while_it_climbs_unless_a_person_knew_better(self) -> None:
        if self.case.state in LADDER and not self.case.present:
            own = {"check_failed", "reopen"}
            assert own & {line.action for line in self.log}

    @invariant()
    def what_is_there_is_what_the_conditions_say(self) -> None:
        there = {key for key, state in self.conditions.items() if state is not ConditionState.CLEARED}
        assert self.case.present == there


TestLife = Life.TestCase
