"""The alarm's table of states, and that what is done to alarms is a walk through it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cloud.alarms.machine import (
    ACTIONS,
    ACTIVE,
    ASIDE,
    CALLING,
    INTO,
    OUT_OF,
    TABLE,
    AlarmPhase,
    Line,
    allowed,
    lead,
    rule_for,
    state_of,
    take,
)
from cloud.people.roles import Role

PAGE = Path(__file__).parents[2] / "docs" / "design" / "alarms.md"
ALL = tuple(Role)


def test_an_action_has_one_row_at_most_in_each_state() -> None:
    for action in {row.action for row in TABLE}:
        for state in AlarmPhase:
            assert sum(row.action == action and state in row.sources for row in TABLE) <= 1


def test_every_state_is_made_by_some_facts_and_every_fact_makes_a_state() -> None:
    made = {
        state_of(active=active, acknowledged=seen, aside=aside)
        for active in (True, False)
        for seen in (True, False)
        for aside in (None, *ASIDE)
    }
    assert made == set(AlarmPhase)


def test_what_is_gone_is_not_made_active_by_any_action() -> None:
    for row in TABLE:
        if not set(row.sources) & ACTIVE:
            assert row.target not in ACTIVE


def test_every_way_aside_has_a_way_back_that_calls_unacknowledged() -> None:
    for state in ASIDE:
        assert take(OUT_OF[state], state).target is AlarmPhase.UNACKNOWLEDGED
        assert rule_for(INTO[state], AlarmPhase.UNACKNOWLEDGED) is not None


def test_people_shelve_and_acknowledge_only_the_patrol_room_and_the_street() -> None:
    assert ACTIONS == ("acknowledge", "unacknowledge", "shelve", "unshelve")
    for role in Role:
        may = {action for state in AlarmPhase for action in allowed(state, [role])}
        assert may == (set(ACTIONS) if role in (Role.OPERATOR, Role.LEADER, Role.STREET) else set())


def test_a_shelf_needs_a_reason() -> None:
    assert {row.action for row in TABLE if row.reason} == {"shelve"}


def test_a_step_the_table_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="unshelve from normal"):
        take("unshelve", AlarmPhase.NORMAL)


@pytest.mark.parametrize("state", sorted(ACTIVE))
@pytest.mark.parametrize("wanted", [None, *sorted(ASIDE)])
def test_leading_an_active_alarm_ends_where_it_was_wanted(
    state: AlarmPhase, wanted: AlarmPhase | None
) -> None:
    if state is AlarmPhase.ACKNOWLEDGED and wanted is AlarmPhase.SUPPRESSED:
        return  # what calls goes on when it becomes allowed; nobody asks for that
    lines = lead(state, wanted)
    at = state
    for line in lines:
        assert line.source is at
        at = line.target
    assert at is (wanted or (state if state in CALLING else AlarmPhase.UNACKNOWLEDGED))


def table_of_the_docs() -> str:
    """As `docs/design/alarms.md` shows it."""
    rows = ["| From | Action | To | Who |", "|---|---|---|---|"]
    for state in AlarmPhase:
        for row in TABLE:
            if state in row.sources:
                who = ", ".join(sorted(row.roles)) or "the cloud"
                reason = " (reason)" if row.reason else ""
                rows.append(f"| {state} | `{row.action}`{reason} | {row.target} | {who} |")
    return "\n".join(rows)


def test_the_table_in_the_docs_is_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shown = re.search(r"<!-- table -->\n(.*?)\n<!-- end -->", text, re.DOTALL)
    assert shown is not None
    assert shown[1] == table_of_the_docs()


class Life(RuleBasedStateMachine):
    """People, timers and the condition do what they like; plain facts are the reference."""

    @initialize()
    def raised(self) -> None:
        self.active, self.seen = True, False
        self.aside: AlarmPhase | None = None
        self.state = AlarmPhase.UNACKNOWLEDGED
        self.log: list[Line] = []

    def walk(self, *lines: Line) -> None:
        self.log += lines
        if lines:
            self.state = lines[-1].target

    @rule(action=st.sampled_from(("acknowledge", "unacknowledge")))
    def somebody_looks(self, action: str) -> None:
        found = rule_for(action, self.state)
        if found is not None:
            self.walk(take(action, self.state))
            self.seen = action == "acknowledge"

    @precondition(lambda self: self.active)
    @rule(wanted=st.sampled_from((None, *sorted(ASIDE))))
    def a_source_says_otherwise(self, wanted: AlarmPhase | None) -> None:
        if (
            wanted is AlarmPhase.SUPPRESSED
            and self.state in CALLING
            and self.state is AlarmPhase.ACKNOWLEDGED
        ):
            return
        if self.aside and wanted is None:
            self.seen = False
        self.walk(*lead(self.state, wanted))
        self.aside = wanted

    @precondition(lambda self: self.active)
    @rule()
    def it_goes(self) -> None:
        self.walk(take("clear", self.state))
        self.active = False

    @invariant()
    def the_state_is_what_the_facts_make(self) -> None:
        assert self.state is state_of(active=self.active, acknowledged=self.seen, aside=self.aside)

    @invariant()
    def the_log_is_a_walk(self) -> None:
        at = AlarmPhase.UNACKNOWLEDGED
        for line in self.log:
            assert line.source is at
            assert rule_for(line.action, at) is not None
            at = line.target
        assert at is self.state


TestLife = Life.TestCase
