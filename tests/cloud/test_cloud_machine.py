"""Anything people and nodes may do over HTTP, in any order: the table and the log hold."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from cloud.incidents.transitions import ACTIONS, OPEN, SUSPENDABLE, TABLE, State, allowed, steps
from cloud.people.roles import Role
from devices.ids import uuid7

CHANGES = ["opened", "updated", "held", "resumed", "cleared"]
MOVES = {
    (step.action, step.source, step.target)
    for row in TABLE
    for source in row.sources
    for before in SUSPENDABLE
    for step in steps(row, source, before)
}
"""(action, from, to) of every line a log may hold."""


class Patrol(RuleBasedStateMachine):
    """Two people and two nodes at one place; each example has its own place."""

    street: ClassVar[Any]
    people: ClassVar[dict[str, Any]]
    loop: ClassVar[asyncio.Runner]
    seen: ClassVar[Any]
    senders: ClassVar[dict[str, Any]]

    @initialize()
    def begin(self) -> None:
        self.place = f"place-{uuid7()}"
        self.conditions: list[Any] = []
        self.versions: dict[str, int] = {}
        self.condition_comes("n1", None)

    def run(self, work: Any) -> Any:
        return self.loop.run(work)

    @rule(node=st.sampled_from(["n1", "n2"]), reopens=st.one_of(st.none(), st.integers(0, 3)))
    def condition_comes(self, node: str, reopens: int | None) -> None:
        named = self.conditions[reopens] if reopens is not None and reopens < len(self.conditions) else None
        found = self.seen(self.senders[node], place=self.place, reopens=named and named.id)
        if named is not None and named.sender.node != node:
            answer = self.run(self.street.send(found.now("opened"), node=node))
            assert [one["code"] for one in answer["refused"]] == ["forbidden"]
            self.check()
            return
        self.conditions.append(found)
        self.change(found, "opened")

    @rule(which=st.integers(0, 5), change=st.sampled_from(CHANGES[1:]))
    def condition_changes(self, which: int, change: str) -> None:
        if which < len(self.conditions):
            self.change(self.conditions[which], change)

    def change(self, condition: Any, change: str) -> None:
        answer = self.run(self.street.send(condition.now(change), node=condition.sender.node))
        assert not answer["refused"]
        self.check()

    @rule(
        who=st.sampled_from(["leader", "operator"]),
        action=st.sampled_from([*ACTIONS, "seen_gone", "reopen", "join"]),
        stale=st.booleans(),
    )
    def person_acts(self, who: str, action: str, stale: bool) -> None:
        person = self.people[who]
        for incident in self.incidents():
            may = allowed(State(incident["state"]), [Role(who)])
            before = incident["version"]
            asked = incident | {"version": before - 1} if stale else incident
            answer = self.run(person.do(asked, action, "because"))
            expected = (
                {403, 422} if action not in ACTIONS or answer.status_code == 403 else {412 if stale else 409}
            )
            if action in may and not stale:
                assert answer.status_code == 200, answer.text
                assert answer.json()["version"] > before
            else:
                assert answer.status_code in expected, (answer.status_code, who, action, incident["state"])
        self.check()

    def incidents(self) -> list[dict[str, Any]]:
        found = self.run(self.people["leader"].get("/incidents", state="all", limit=200))["items"]
        return [one for one in found if one["place"] == self.place]

    def check(self) -> None:
        """What must hold after every step."""
        found = self.incidents()
        assert sum(one["state"] in OPEN for one in found) <= 1
        assert sum(len(one["alarms"]) for one in found) == len(self.conditions)
        for one in found:
            log = self.run(self.people["leader"].log(one))
            assert [line["id"] for line in log] == list(range(1, one["version"] + 1))
            assert one["version"] >= self.versions.get(one["id"], 1)
            self.versions[one["id"]] = one["version"]
            state = None
            for line in log:
                assert line["from_state"] == state
                state = line["to_state"]
                if line["action"] == "join":
                    assert line["from_state"] == state
                elif line["action"] != "open":
                    assert (line["action"], State(line["from_state"]), State(state)) in MOVES
            assert state == one["state"]
            if state == "checking":
                assert all(not alarm["state"]["active"] for alarm in one["alarms"])


@pytest.mark.timeout(1200)
def test_no_sequence_of_requests_leaves_the_table(street, seen, sender, other_sender) -> None:
    with asyncio.Runner() as runner:
        opened = street()
        Patrol.loop, Patrol.seen = runner, seen
        Patrol.senders = {"n1": sender, "n2": other_sender}
        Patrol.street = runner.run(opened.__aenter__())
        Patrol.people = {who: runner.run(Patrol.street.log_in(who)) for who in ("leader", "operator")}
        try:
            run_state_machine_as_test(
                Patrol,
                settings=settings(
                    max_examples=12,
                    stateful_step_count=12,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(opened.__aexit__(None, None, None))
