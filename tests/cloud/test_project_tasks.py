"""Projects: tasks claimed by one, done, handed back; who sees them; how the last task closes one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from cloud.database.schema import incident, person
from cloud.incidents.log import note
from cloud.incidents.opening import Report, open_report
from cloud.incidents.store import Actor
from cloud.people.roles import Role
from cloud.people.scope import Scope
from cloud.people.wall import stand, unwalled
from cloud.playbooks.policy import Recurrence
from cloud.playbooks.projects import open_or_join
from cloud.projects.steps import Step, Task, refusal
from tests.cloud.sessions_for_tests import client
from tests.cloud.test_cloud_doors import is_problem

pytestmark = pytest.mark.anyio
WORDS = {"zh": "x", "en": "x"}
TWO = Recurrence.model_validate({"times": 3, "within": "30 d", "project": WORDS, "tasks": [WORDS, WORDS]})


@given(st.lists(st.tuples(st.sampled_from(Step), st.sampled_from(["a", "b", "leader"])), max_size=30))
def test_a_task_is_one_persons_until_it_is_done_or_handed_back(steps: list[tuple[Step, str]]) -> None:
    task, holder, done = Task(), None, False
    for step, who in steps:
        may = not done and (
            (step is Step.CLAIM and holder is None)
            or (step is Step.DONE and holder == who)
            or (step is Step.HAND_BACK and holder is not None and who in (holder, "leader"))
        )
        assert (refusal(task, step, who, leads=who == "leader") is None) == may
        assert may is False or step in task.steps
        if may:
            holder = who if step is Step.CLAIM else None if step is Step.HAND_BACK else holder
            done = step is Step.DONE
            task = Task(holder, done)


async def cases(s: Any, grids: str = "111") -> list[Any]:
    async with s.app.state.context.engine.begin() as connection:
        found = []
        for grid in grids:
            report = Report("worker", "05-06", 2, point=f"P0{grid}", grid=f"G0{grid}")
            identifier = await open_report(connection, report, Actor("user", "w"), s.clock())
            rows = await connection.execute(select(incident).where(incident.c.id == identifier))
            found.append(rows.one())
        return found


async def worker(s: Any, name: str, role: Role = Role.GRID_WORKER, grid: str = "G01") -> Any:
    found = await client(s, name, role)
    async with s.app.state.context.engine.begin() as connection:
        await connection.execute(update(person).where(person.c.username == name).values(areas=[grid]))
    return found


async def step(who: Any, task: dict[str, Any], name: str, version: int | None = None, **more: Any) -> Any:
    headers = {"If-Match": f'"v{version or task["version"]}"'}
    path = f"/api/v1/project-tasks/{task['id']}/steps"
    return await who.post(path, json={"step": name, **more}, headers=headers)


async def lines(s: Any, case: Any) -> list[str]:
    query = text("SELECT action FROM incident_event WHERE incident_id = :id ORDER BY version")
    async with s.app.state.context.engine.connect() as connection:
        return list((await connection.scalars(query, {"id": case.id})).all())


async def test_of_twenty_who_claim_one_wins_and_the_last_task_closes_the_project(street) -> None:
    async with street() as s:
        three, engine = await cases(s), s.app.state.context.engine
        async with engine.begin() as connection:
            for case in three:
                project, _ = await open_or_join(connection, case, TWO, s.clock())
        people = [await worker(s, f"w{n}") for n in range(20)]
        leader, other = await worker(s, "boss", Role.GRID_LEADER), await worker(s, "far", grid="G02")
        (shown,) = (await people[0].get("/api/v1/projects")).json()["items"]
        first, second = shown["tasks"]
        assert (shown["id"], len(shown["cases"])) == (str(project), 3)
        assert (await other.get("/api/v1/projects")).json()["items"] == []
        assert is_problem(await other.get(f"/api/v1/projects/{project}"), 404, "not_found")
        assert is_problem(await step(other, first, "claim"), 404, "not_found")

        async with engine.begin() as connection:  # somebody else writes into one of the logs meanwhile
            await note(connection, three[0].id, "noted", Actor("user", "w"), {}, s.clock())
            claiming = asyncio.create_task(step(leader, second, "claim"))
            await somebody_waits(engine)
        beside = await claiming
        assert beside.status_code == 200, beside.text

        answers = await asyncio.gather(*(step(one, first, "claim") for one in people))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"not_allowed"}
        at = next(n for n, answer in enumerate(answers) if answer.status_code == 200)
        winner, loser = people[at], people[at - 1]
        (claimed, _) = answers[at].json()["tasks"]
        assert (claimed["claimed_by"], answers[at].headers["ETag"]) == (f"w{at}", '"v2"')

        assert is_problem(await step(winner, claimed, "done"), 422, "invalid")
        assert is_problem(await step(loser, claimed, "done", words="x"), 409, "not_allowed")
        assert is_problem(await step(loser, claimed, "hand_back", words="x"), 409, "not_allowed")
        assert is_problem(await step(winner, claimed, "hand_back"), 422, "invalid")
        assert is_problem(await step(winner, claimed, "done", 9, words="x"), 412, "version_changed")
        unsent = await step(winner, claimed, "done", photos=["0" * 64])
        assert is_problem(unsent, 422, "invalid")
        back = await step(leader, claimed, "hand_back", words="w is ill")
        assert back.json()["tasks"][0]["allowed_steps"] == ["claim"]
        again = (await step(loser, back.json()["tasks"][0], "claim")).json()["tasks"][0]
        assert (await step(loser, again, "done", words="two bays painted")).json()["closed_at"] is None
        mine = beside.json()["tasks"][1]
        closed = (await step(leader, mine, "done", words="racks are up")).json()
        assert closed["closed_at"] is not None
        assert is_problem(await step(winner, closed["tasks"][0], "claim"), 409, "not_allowed")
        assert (await winner.get("/api/v1/projects")).json()["items"] == []
        did = ["task_claimed", "task_claimed", "task_handed_back", "task_claimed", "task_done", "task_done"]
        for case in three:
            noted = ["noted"] if case is three[0] else []
            assert await lines(s, case) == ["open", *noted, *did, "project_closed"]

        await hidden_by_the_database(engine)
        await opened_by_hand(s, leader, other)


async def somebody_waits(engine: Any) -> None:
    """Until a transaction of this database waits for another one."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity, pg_sleep(0.01)"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(20), engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        while not await connection.scalar(query):
            pass


async def hidden_by_the_database(engine: Any) -> None:
    """A query that forgot to ask for the scope answers nothing of another grid's all the same."""
    for area, count in (("G01", [1, 2]), ("G02", [0, 0])):
        with unwalled():
            stand(Scope(frozenset({area})))
            async with engine.begin() as connection:
                found = [
                    await connection.scalar(text(f"SELECT count(*) FROM {table}"))
                    for table in ("project", "project_task")
                ]
            assert found == count, area


async def opened_by_hand(s: Any, leader: Any, other: Any) -> None:
    (near, far) = await cases(s, "12")
    body = {"incidents": [str(near.id)], "name": WORDS, "tasks": [WORDS]}
    made = await leader.post("/api/v1/projects", json=body)
    assert (made.status_code, made.json()["point"]) == (201, "P01"), made.text
    assert is_problem(await leader.post("/api/v1/projects", json=body), 409, "not_allowed")
    hidden = await leader.post("/api/v1/projects", json=body | {"incidents": [str(far.id)]})
    assert is_problem(hidden, 404, "not_found")
    assert is_problem(await other.post("/api/v1/projects", json=body), 403, "forbidden")
    assert await lines(s, near) == ["open", "project"]
