"""A past day again: how cases stood when it began, what happened in it, and nothing that came later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from cloud.incidents import opening
from cloud.incidents.opening import Report
from cloud.incidents.store import Actor
from cloud.people.roles import Role
from tests.cloud.case_people_for_tests import hire

pytestmark = pytest.mark.anyio

OPEN = {"detected", "accepted", "dispatched", "in_progress"}


async def reported(s: Any, lon: float = 120.005) -> str:
    async with s.app.state.context.engine.begin() as connection:
        report = Report("hotline", "05-06", 2, lon=lon, lat=30.005)
        return str(await opening.open_report(connection, report, Actor("user", "hotline"), s.clock()))


async def step(person: Any, incident_id: str, action: str, **fields: Any) -> None:
    incident = await person.get(f"/incidents/{incident_id}")
    answer = await person.http.post(
        f"/api/v1/incidents/{incident_id}/transitions",
        json={"action": action, "reason": "because"} | fields,
        headers={"If-Match": f'"v{incident["version"]}"'},
    )
    assert answer.status_code == 200, answer.text


async def days_of_work(s: Any) -> tuple[str, str, Any]:
    """Three days: a case handled, one thrown out and reopened, a new one; the two, and a leader logged in."""
    leader = await s.log_in()
    handled, thrown = await reported(s), await reported(s)
    await step(leader, handled, "accept")
    await step(leader, handled, "dispatch", organisation="D1")
    s.clock.forward(days=1)
    leader = await s.log_in()
    await step(leader, handled, "start")
    s.clock.forward(hours=1)
    await step(leader, thrown, "void")
    await reported(s, lon=120.015)
    s.clock.forward(days=1)
    leader = await s.log_in()
    await step(leader, thrown, "reopen")
    await step(leader, handled, "resolve")
    s.clock.forward(minutes=1)
    return handled, thrown, leader


def as_of(log: list[dict[str, Any]], at: datetime) -> dict[str, Any] | None:
    """The last line before that moment."""
    past = [line for line in log if datetime.fromisoformat(line["at"]) < at]
    return past[-1] if past else None


async def test_every_case_stands_at_every_moment_of_the_day_as_its_log_says(street) -> None:
    async with street() as s:
        first_day = s.clock()
        _, _, leader = await days_of_work(s)
        logs = {one["id"]: await leader.log(one) for one in await leader.incidents()}
        for days in range(3):
            day = (first_day + timedelta(days=days)).date().isoformat()
            page = await leader.get("/replay", day=day)
            stood = {one["incident_id"]: one for one in page["standing"]}
            begin = datetime.fromisoformat(page["begins_at"])
            expected = {key: line for key, log in logs.items() if (line := as_of(log, begin)) is not None}
            assert {key: (one["state"], one["version"]) for key, one in stood.items()} == {
                key: (one["to_state"], one["id"]) for key, one in expected.items() if one["to_state"] in OPEN
            }
            for change in page["changes"]:
                key, line = change["stood"]["incident_id"], change["line"]
                assert line in logs[key]
                assert (change["stood"]["state"], change["stood"]["version"]) == (
                    line["to_state"],
                    line["id"],
                )
            times = [change["line"]["at"] for change in page["changes"]]
            assert times == sorted(times)
            told = [c["line"]["id"] for c in page["changes"]]
            within = [
                line["id"]
                for log in logs.values()
                for line in log
                if page["begins_at"] <= line["at"] < page["ends_at"]
            ]
            assert sorted(told) == sorted(within)
            assert {one["id"] for one in page["cases"]} == stood.keys() | {
                change["stood"]["incident_id"] for change in page["changes"]
            }


async def test_who_had_it_and_when_it_was_finished_is_as_of_then(street) -> None:
    async with street() as s:
        first_day = s.clock()
        handled, thrown, leader = await days_of_work(s)
        second = await leader.get("/replay", day=(first_day + timedelta(days=1)).date().isoformat())
        stood = {one["incident_id"]: one for one in second["standing"]}
        assert (stood[handled]["organisation"], stood[handled]["handler"]) == ("D1", None)
        by_case = {c["stood"]["incident_id"]: c["stood"] for c in second["changes"]}
        assert by_case[handled]["handler"] == "leader"
        assert by_case[thrown]["closed_at"] == by_case[thrown]["at"]
        third = await leader.get("/replay", day=(first_day + timedelta(days=2)).date().isoformat())
        assert thrown not in {one["incident_id"] for one in third["standing"]}
        again = next(c["stood"] for c in third["changes"] if c["stood"]["incident_id"] == thrown)
        assert (again["state"], again["closed_at"]) == ("accepted", None)


async def test_pages_tell_what_one_page_tells(street) -> None:
    async with street() as s:
        _, _, leader = await days_of_work(s)
        for day in (s.clock() - timedelta(days=n) for n in range(3)):
            asked = {"day": day.date().isoformat()}
            whole = await leader.get("/replay", **asked)
            parts, cursor = [], None
            while True:
                page = await leader.get("/replay", **asked, limit=1, **({"cursor": cursor} if cursor else {}))
                assert cursor is None or page["standing"] == []
                parts += page["changes"]
                cursor = page["next"]
                if cursor is None:
                    break
            assert parts == whole["changes"]


async def test_nobody_replays_what_they_may_not_see(street) -> None:
    async with street() as s:
        await days_of_work(s)
        worker = await hire(s, "worker", Role.GRID_WORKER, areas=("G02",))
        day = (s.clock() - timedelta(days=1)).date().isoformat()
        page = await worker.get("/replay", day=day)
        grids = {one["area"]["grid"]["id"] for one in page["cases"]}
        assert grids == {"G02"}
        assert {c["stood"]["incident_id"] for c in page["changes"]} == {one["id"] for one in page["cases"]}


async def test_a_day_to_come_and_a_spoilt_cursor_are_refused_in_words(street) -> None:
    async with street() as s:
        leader = await s.log_in()
        for query in ({"day": "2999-01-01"}, {"day": s.clock().date().isoformat(), "cursor": "bm90aGluZw"}):
            answer = await leader.http.get("/api/v1/replay", params=query)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
