"""Anything that people of many roles and two nodes may do over HTTP, in any order, against a small model."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import insert, select

from cloud.database.schema import person
from cloud.incidents import audit, opening
from cloud.incidents.opening import Report
from cloud.incidents.store import Actor
from cloud.incidents.transitions import ACTIONS, OPEN, TABLE, WISHES, State, Whither, allowed, steps
from cloud.people.limits import Limits
from cloud.people.roles import Role
from cloud.settings import Settings
from cloud.sources.tables import photo_upload
from devices.ids import uuid7
from tests.cloud.case_model_for_tests import Case, Model, Who
from tests.cloud.case_people_for_tests import hire

PHOTO = "ab" * 32
PEOPLE = (
    Who("operator", Role.OPERATOR),
    Who("leader", Role.LEADER),
    Who("second", Role.LEADER),
    Who("street", Role.STREET),
    Who("worker1", Role.GRID_WORKER, ("G01",)),
    Who("worker2", Role.GRID_WORKER, ("G02",)),
    Who("grid1", Role.GRID_LEADER, ("G01",)),
    Who("community", Role.COMMUNITY, ("C1",)),
    Who("department", Role.DEPARTMENT, (), "D1"),
)
GRIDS = {"n1": "G01", "n2": "G02"}
MOVES = {
    (step.action, step.source, step.target)
    for row in TABLE
    for source in row.sources
    for before in ({*OPEN} if row.target is Whither.BEFORE else {None})
    for to in (None, *row.also)
    for step in steps(row, source, before, to)
}
"""(action, from, to) of every line a log may hold."""
CHANCES = st.integers(0, 2**32).map(random.Random)
"""What a request carries: drawn before, since it hangs on states that hang on chance at the cloud."""
BESIDE = {"open", "join", "merged", "duplicated", "split_off"}


class City(RuleBasedStateMachine):
    """Each example has places of its own; ids of all examples stay out of sight of whom they are not for."""

    street: ClassVar[Any]
    people: ClassVar[dict[str, Any]]
    loop: ClassVar[asyncio.Runner]
    seen: ClassVar[Any]
    senders: ClassVar[dict[str, Any]]
    tick: ClassVar[list[int]]
    told: ClassVar[Counter[str]]

    @initialize()
    def begin(self) -> None:
        self.model = Model()
        self.conditions: list[tuple[Any, str]] = []
        self.versions: dict[str, int] = {}
        self.places = {node: f"place-{uuid7()}" for node in GRIDS}
        self.condition_comes("n1")

    def run(self, work: Any) -> Any:
        return self.loop.run(work)

    @rule(node=st.sampled_from(["n1", "n2"]))
    def condition_comes(self, node: str) -> None:
        found = self.seen(self.senders[node], place=self.places[node])
        self.conditions.append((found, node))
        self.say(found, node, "opened")

    @rule(which=st.integers(0, 5), change=st.sampled_from(["updated", "cleared", "cleared"]))
    def condition_changes(self, which: int, change: str) -> None:
        found, node = self.conditions[which % len(self.conditions)]
        if found.last != "cleared":
            self.say(found, node, change)

    def say(self, found: Any, node: str, change: str) -> None:
        self.tick[0] += 1
        found.at, found.last = (
            self.street.clock() - timedelta(days=300) + timedelta(seconds=self.tick[0]),
            change,
        )
        assert not self.run(self.street.send(found.now(change), node=node))["refused"]
        place = self.places[node]
        case = self.model.hear(str(found.id), place, GRIDS[node], change != "cleared")
        if case is None:
            opened = self.run(self.people["street"].get(f"/alarms/{found.id}"))["incident_id"]
            assert opened not in self.model.cases, "nothing open takes it up: it opens a case"
            case = Case(opened, place, GRIDS[node])
            self.model.cases[case.id] = case
            self.model.hear(str(found.id), place, GRIDS[node], change != "cleared")
        self.settle(case)

    @rule(source=st.sampled_from(["manual", "citizen"]), grid=st.sampled_from(["G01", "G02"]))
    def somebody_reports(self, source: str, grid: str) -> None:
        async def report() -> str:
            async with self.street.app.state.context.engine.begin() as connection:
                new = Report(source, "05-06", 2, grid=grid)  # type: ignore[arg-type]
                who = Actor("user", "x")
                return str(await opening.open_report(connection, new, who, self.street.clock()))

        number = self.run(report())
        self.model.cases[number] = Case(number, f"report:{number}", grid, source)

    @rule(
        who=st.sampled_from(PEOPLE),
        action=st.sampled_from([*ACTIONS, "accept", "dispatch", "start", "resolve", "close"]),
        which=st.integers(0, 5),
        other=st.integers(0, 5),
        stale=st.integers(0, 9),
        chance=CHANCES,
    )
    def anybody_asks(
        self, who: Who, action: str, which: int, other: int, stale: int, chance: random.Random
    ) -> None:
        cases = list(self.model.cases.values())
        self.ask(who, action, cases[which % len(cases)], cases[other % len(cases)], stale == 0, chance)

    @rule(pick=st.integers(0, 999), which=st.integers(0, 5), other=st.integers(0, 5), chance=CHANCES)
    def somebody_asks_what_the_table_has_for_them(
        self, pick: int, which: int, other: int, chance: random.Random
    ) -> None:
        cases = list(self.model.cases.values())
        case = cases[which % len(cases)]
        pairs = [
            (who, action)
            for who in PEOPLE
            if case.sees(who)
            for action in allowed(case.state, [who.role])
        ]  # fmt: skip
        if pairs:
            self.ask(*pairs[pick % len(pairs)], case, cases[other % len(cases)], False, chance)

    def ask(self, who: Who, action: str, case: Case, other: Case, stale: bool, chance: random.Random) -> None:
        given = self.fields(action, other, chance)
        version = self.versions.get(case.id, 1) - stale
        expected = self.model.status(who, case, action, given, stale)
        answer = self.run(
            self.people[who.name].http.post(
                f"/api/v1/incidents/{case.id}/transitions",
                json={"action": action, "reason": "because", **given},
                headers={"If-Match": f'"v{max(version, 0)}"'},
            )
        )
        assert answer.status_code == expected, (who.name, action, given, case, answer.text)
        self.told[f"{answer.status_code}"] += 1
        if expected == 200:
            sampled = self.sampled(case) if action == "self_handle" else None
            self.model.act(who, case, action, given, sampled)
            self.settle(case)

    def fields(self, action: str, other: Case, chance: random.Random) -> dict[str, Any]:
        """What such a request needs, and sometimes what it may carry."""
        some = chance.random() < 0.5
        if action in ("merge", "duplicate"):
            return {"into": other.id}
        if action == "refuse":
            return {"wish": chance.choice(WISHES)}
        if action in ("extend", "ask_extend"):
            return {"hours": 2}
        if action == "assign" or (action == "dispatch" and some):
            return {"handler": chance.choice(["worker1", "worker2", "department"])}
        if action == "dispatch" and chance.random() < 0.5:
            return {"organisation": "D1"}
        if action == "self_handle" and chance.random() < 0.75:
            return {"photos": [PHOTO]}
        if action == "feedback" and some:
            return {"form": "notice"}
        return {"without_feedback": "no number"} if action == "close" and some else {}

    def sampled(self, case: Case) -> bool:
        lines = self.run(self.people["street"].log({"id": case.id}))
        return bool(
            next(one for one in reversed(lines) if one["action"] == "self_handle")["detail"]["sampled"]
        )

    def settle(self, case: Case) -> None:
        """One handled on the spot closes by itself once it is seen gone, unless it is sampled."""
        if case.state is not State.CHECKING:
            return
        lines = self.run(self.people["street"].log({"id": case.id}))
        own = [one["action"] for one in lines]
        if own[-1] == "close":
            done = [
                one
                for one in own
                if one in ("resolve", "self_handle", "check_failed", "seen_again", "reopen")
            ]
            assert done[-1] == "self_handle"
            assert not self.sampled(case)
            self.model.close(case)

    @invariant()
    def the_cases_stand_as_the_model_says_and_their_logs_are_walks_of_the_table(self) -> None:
        for case in self.model.cases.values():
            shown = self.run(self.people["street"].get(f"/incidents/{case.id}"))
            stands = (shown["state"], shown["handler"], shown["organisation"], set(shown["pending"]))
            assert stands == (case.state, case.handler, case.organisation, case.pending), case
            assert {alarm["id"] for alarm in shown["alarms"]} == set(case.alarms)
            if shown["version"] == self.versions.get(case.id):
                continue
            assert shown["version"] > self.versions.get(case.id, 0)
            self.versions[case.id] = shown["version"]
            self.walk(shown, self.run(self.people["street"].log(shown)))
        places = [case.place for case in self.model.cases.values() if case.state in OPEN]
        assert len(places) == len(set(places)), "one open case for each place and class"

    def walk(self, shown: dict[str, Any], lines: list[dict[str, Any]]) -> None:
        assert [line["id"] for line in lines] == list(range(1, shown["version"] + 1))
        state = None
        for line in lines:
            assert line["from_state"] == state
            state = line["to_state"]
            if line["action"] in BESIDE:
                assert line["from_state"] in (state, None)
            else:
                assert (line["action"], State(line["from_state"]), State(state)) in MOVES
        assert state == shown["state"]

    @rule(who=st.sampled_from(PEOPLE), which=st.integers(0, 5))
    def nobody_sees_what_is_not_theirs(self, who: Who, which: int) -> None:
        person = self.people[who.name]
        mine = {case.id for case in self.model.cases.values() if case.sees(who)}
        listed = self.run(person.get("/incidents", state="all", limit=200))["items"]
        assert {one["id"] for one in listed} & self.model.cases.keys() <= mine
        case = list(self.model.cases.values())[which % len(self.model.cases)]
        for path in ("", "/events", "/transitions", "/links"):
            answer = self.run(person.http.get(f"/api/v1/incidents/{case.id}{path}"))
            assert answer.status_code == (200 if case.id in mine else 404)
            hidden = self.model.cases.keys() - mine - {case.id}
            assert case.id not in mine or path == "/events" or not any(one in answer.text for one in hidden)

    def teardown(self) -> None:
        if self.model.cases:
            proof = self.run(audit.verify(self.street.app.state.context.engine))
            assert proof.faults == []


def play(
    street: Any, seen: Any, senders: dict[str, Any], state: Path, examples: int, steps: int
) -> Counter[str]:
    with asyncio.Runner() as runner:
        much = (10**9, 1.0)
        opened = street(Settings(state=state, page=state / "dist", limits=Limits(much, much, much)))
        City.loop, City.seen, City.senders, City.tick, City.told = runner, seen, senders, [0], Counter()
        City.street = runner.run(opened.__aenter__())
        try:
            runner.run(settle_in(City.street))
            run_state_machine_as_test(
                City,
                settings=settings(
                    max_examples=examples, stateful_step_count=steps, deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )  # fmt: skip
        finally:
            runner.run(opened.__aexit__(None, None, None))
    return City.told


async def settle_in(street: Any) -> None:
    City.people = {name: await street.log_in(name) for name in ("operator", "leader")}
    for who in PEOPLE[2:]:
        City.people[who.name] = await hire(
            street, who.name, who.role, areas=who.areas, organisation=who.organisation
        )
    async with street.app.state.context.engine.begin() as connection:
        rows = [
            {"sha256": PHOTO, "sender": f"person:{one}", "at": street.clock(), "size": 1, "used": False}
            for one in await connection.scalars(select(person.c.id))
        ]
        await connection.execute(insert(photo_upload), rows)


@pytest.mark.timeout(600)
def test_no_sequence_of_requests_leaves_the_model(street, seen, sender, other_sender, tmp_path) -> None:
    senders = {"n1": sender, "n2": other_sender}
    told = play(street, seen, senders, tmp_path, examples=3, steps=18)
    assert told["200"] > 0, "nobody was let do anything"


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_thousands_of_requests_do_not_leave_the_model(street, seen, sender, other_sender, tmp_path) -> None:
    senders = {"n1": sender, "n2": other_sender}
    told = play(street, seen, senders, tmp_path, examples=150, steps=50)
    print(dict(told))
    assert told["200"] > 500
