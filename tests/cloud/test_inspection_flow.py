"""Inspections over HTTP: planned ahead, done with a checklist, missed in sight; faults stand in triage."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from cloud.areas.registry import load_registry
from cloud.database.engine import make_engine
from cloud.database.schema import person
from cloud.deadlines.firing import fire
from cloud.inspections import planning
from cloud.inspections.policy import INSPECTIONS, Inspections
from cloud.inspections.tables import inspection
from cloud.people.roles import Role
from cloud.push.tables import notice
from devices.site.holidays import Calendar
from devices.site.hours import DAYS
from tests.cloud.conftest import Clock
from tests.cloud.sessions_for_tests import client
from tests.cloud.test_cloud_doors import is_problem
from tests.cloud.test_public_track import unlimited

pytestmark = pytest.mark.anyio
WORDS = {"zh": "出租房周检", "en": "weekly check"}
BIKES = {"words": "bikes", "event_class": "05-06", "lon": 120.0052, "lat": 30.005}


def policy(begins: date, **more: Any) -> dict[str, Any]:
    task = {
        "id": "weekly", "name": WORDS, "grids": ["G01"], "points": ["P02"], "event_class": "05-06",
        "every": {"unit": "week", "on": DAYS, "begins": str(begins)},
        "hours": "00:00-24:00",
        "checklist": [
            {"id": "exit", "text": {"zh": "出口", "en": "exit"}},
            {"id": "lid", "text": {"zh": "井盖", "en": "lid"}, "event_class": "01-01"},
        ],
    }  # fmt: skip
    return {"inspections": [task | more]}


async def worker(s: Any, grid: str) -> Any:
    found = await client(s, f"w-{grid.lower()}", Role.GRID_WORKER)
    async with s.app.state.context.engine.begin() as connection:
        await connection.execute(
            update(person).where(person.c.username == f"w-{grid.lower()}").values(areas=[grid])
        )
    return found


async def result(who: Any, one: dict[str, Any], *faults: str) -> Any:
    answers = [
        {"question": each, "ok": each not in faults, "words": f"{each} is bad" if each in faults else None}
        for each in ("exit", "lid")
    ]
    headers = {"If-Match": f'"v{one["version"]}"'}
    return await who.post(
        f"/api/v1/inspections/{one['id']}/result", json={"answers": answers}, headers=headers
    )


async def test_a_missed_one_is_told_a_fault_is_a_case_and_triage_has_one_order(street) -> None:
    async with street() as s:
        unlimited(s)
        context, today = s.app.state.context, s.clock().date()
        admin = await client(s, "root", Role.ADMINISTRATOR)
        put = await admin.put(
            "/api/v1/policies/inspections", json=policy(today), headers={"If-Match": '"v0"'}
        )
        assert put.status_code == 200, put.text
        async with context.engine.begin() as connection:
            made = await planning.plan(
                connection, context.policies.of(INSPECTIONS), context.registry, Calendar(), s.clock()
            )
            assert made in (0, 30)  # the app itself may have been quicker
        near, far = await worker(s, "G01"), await worker(s, "G02")
        (mine,) = (await near.get("/api/v1/inspections")).json()["items"]
        assert (mine["target"], mine["day"], mine["state"]) == ("grid:G01", str(today), "planned")
        assert len((await near.get("/api/v1/inspections", params={"state": "planned"})).json()["items"]) == 15
        assert is_problem(await far.get(f"/api/v1/inspections/{mine['id']}"), 404, "not_found")
        later = (await near.get("/api/v1/inspections", params={"state": "planned"})).json()["items"][1]
        assert is_problem(await result(near, later), 409, "not_allowed")
        assert is_problem(await result(far, mine), 404, "not_found")

        told = await s.http.post("/api/v1/reports", json=BIKES)
        assert told.status_code == 201, told.text
        s.clock.forward(minutes=1)
        done = await result(near, mine, "exit", "lid")
        assert (done.status_code, done.json()["faulty"], len(done.json()["cases"])) == (200, True, 2), (
            done.text
        )
        assert is_problem(await result(near, done.json()), 409, "not_allowed")
        s.clock.forward(minutes=1)
        assert (await near.post("/api/v1/incidents", json=BIKES)).status_code == 201

        leader = await s.log_in()
        queue = await leader.get("/triage")
        assert queue["waiting"] == 4
        assert [(one["source"], one["event_class"]["code"]) for one in queue["items"]] == [
            ("citizen", "05-06"), ("worker", "05-06"), ("worker", "01-01"), ("worker", "05-06"),
        ]  # fmt: skip
        bikes = [one for one in queue["items"] if one["event_class"]["code"] == "05-06"]
        ids = {one["incident_id"] for one in bikes[1:]}
        assert [{near["incident_id"] for near in one["candidates"]} for one in bikes] == [
            ids, ids - {bikes[1]["incident_id"]}, ids - {bikes[2]["incident_id"]},
        ]  # fmt: skip
        case = next(one for one in await leader.incidents() if one["id"] == done.json()["cases"][0])
        line = next(one for one in await leader.log(case) if one["action"] == "inspection")
        assert [one["ok"] for one in line["detail"]["answers"]] == [False, False]
        await leader.done(case, "accept")
        assert (await leader.get("/triage"))["waiting"] == 3

        s.clock.forward(days=1, hours=1)
        far = await worker(s, "G02")  # the session has ended meanwhile
        async with asyncio.timeout(20):
            while not (missed := (await far.get("/api/v1/inspections", params={"state": "missed"})).json())[
                "items"
            ]:
                await fire(context.engine, s.clock(), planning.effects(context.current))
        (gone,) = missed["items"]
        assert (gone["target"], gone["day"], missed["missed"]) == ("point:P02", str(today), 1)
        async with context.engine.connect() as connection:
            rows = (await connection.execute(select(notice).where(notice.c.kind == planning.MISSED))).all()
        assert [(row.targets, row.words["en"]) for row in rows] == [
            (["duty:shift_leader"], f"Missed: weekly check, G02, {today}")
        ]
        late = (await result(far, gone)).json()
        assert (late["state"], late["missed_at"]) == ("done", gone["missed_at"])


async def test_what_fell_while_nothing_ran_is_planned_afterwards_and_a_policy_that_goes_takes_what_is_ahead(
    url, clock: Clock
) -> None:
    engine, begins = make_engine(url), clock().date()

    async def plan(document: dict[str, Any] | None) -> int:
        kind = Inspections.model_validate(document or {})
        async with engine.begin() as connection:
            registry = await load_registry(connection)
            return await planning.plan(connection, kind, registry, Calendar(), clock())

    count = text("SELECT count(*) FROM inspection WHERE target = 'grid:G01'")
    document = policy(begins)
    assert await plan(document) == 30
    assert await plan(document) == 0
    clock.forward(days=40)
    assert await plan(document) == 80
    async with engine.connect() as connection:
        rows = (
            await connection.scalars(select(inspection.c.day).where(inspection.c.target == "grid:G01"))
        ).all()
        assert sorted(rows) == [begins + timedelta(days=n) for n in range(55)]
        due = await connection.scalar(text("SELECT count(*) FROM deadline WHERE kind = 'inspection'"))
    assert due == 110

    assert await plan(policy(begins, hours="08:00-20:00")) == 0
    hours = text("SELECT extract(hour FROM due_at AT TIME ZONE 'UTC') FROM inspection WHERE day > :day")
    async with engine.connect() as connection:
        ahead = set((await connection.scalars(hours, {"day": clock().date()})).all())
    assert ahead == {12}  # 20:00 in Shanghai
    await plan(None)
    async with engine.connect() as connection:
        assert await connection.scalar(count) == 41  # what has begun stays, and falls due
        due = await connection.scalar(text("SELECT count(*) FROM deadline WHERE kind = 'inspection'"))
        assert due == 82
    clock.forward(days=3)
    assert await plan(document) == 30  # nobody wanted it in between, so nothing was missed
    await engine.dispose()
