"""Merge, duplicate, split: what moves, what is told, and that it is undone exactly."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select, text

from cloud.database.schema import incident as table
from cloud.people.roles import Role
from cloud.sources.tables import report
from devices.ids import uuid7
from tests.cloud.case_people_for_tests import hire
from tests.cloud.test_case_steps import did, refused, reported, step

pytestmark = pytest.mark.anyio


async def row_of(s: Any, incident: dict[str, Any]) -> dict[str, Any]:
    async with s.app.state.context.engine.connect() as connection:
        found = await connection.execute(select(table).where(table.c.id == incident["id"]))
        return dict(found.mappings().one())


async def attached(s: Any, incident: dict[str, Any]) -> list[str]:
    async with s.app.state.context.engine.connect() as connection:
        found = await connection.scalars(select(report.c.id).where(report.c.incident_id == incident["id"]))
        return sorted(map(str, found))


async def attach(s: Any, incident: dict[str, Any]) -> None:
    row = {
        "id": uuid7(), "number": str(uuid7()), "source": "citizen", "sender": "x", "received_at": s.clock(),
        "happened_at": s.clock(), "words": "", "photos": [], "state": "accepted", "version": 1,
        "incident_id": incident["id"],
    }  # fmt: skip
    async with s.app.state.context.engine.begin() as connection:
        await connection.execute(insert(report), row)


async def two(s: Any, sender: Any, seen: Any) -> tuple[Any, Any, Any, Any]:
    """Two conditions of two places, each with its case; the first is filed, with a report on it."""
    one, other = seen(sender), seen(sender, place="P01-C1-Z9")
    await s.send(one.now("opened", severity="critical"), other.now("opened"))
    leader = await s.log_in()
    cases = {case["place"]: case for case in await leader.incidents()}
    first = await leader.done(cases[one.place], "accept", "file")
    await attach(s, first)
    return one, leader, first, cases["P01-C1-Z9"]


async def test_merged_and_split_again_nothing_has_changed_but_the_log(street, sender, seen) -> None:
    async with street() as s:
        condition, leader, first, second = await two(s, sender, seen)
        before, reports = await row_of(s, first), await attached(s, first)
        merged = await did(leader, first, "merge", into=second["id"], reason="one row of bikes")
        assert (merged["state"], merged["alarms"]) == ("void", [])
        lead = await leader.get(f"/incidents/{second['id']}")
        assert len(lead["alarms"]) == 2
        assert lead["severity"] == "critical"
        assert await attached(s, lead) == reports
        assert (await leader.log(lead))[-1]["detail"] == {"case": first["id"], "alarms": 1}
        links = [(await leader.get(f"/incidents/{one['id']}/links"))["items"] for one in (first, second)]
        assert [[(one["id"], one["kind"]) for one in each] for each in links] == [
            [(second["id"], "merged_into")],
            [(first["id"], "merged")],
        ]
        await s.send(condition.now("updated", count=9))
        lead = await leader.get(f"/incidents/{second['id']}")
        assert {alarm["count"] for alarm in lead["alarms"]} >= {9}, "its conditions are the other case's now"

        again = await did(leader, merged, "split", reason="two rows after all")
        assert (again["state"], len(again["alarms"])) == ("filed", 1)
        after = await row_of(s, first)
        moving = {"version", "updated_at", "planned_version", "anchored_version", "marked_version"}
        assert {k: v for k, v in after.items() if k not in moving} == {
            k: v for k, v in before.items() if k not in moving
        }
        assert await attached(s, first) == reports
        lead = await leader.get(f"/incidents/{second['id']}")
        assert (lead["severity"], len(lead["alarms"])) == (second["severity"], 1)
        assert [line["action"] for line in await leader.log(lead)] == ["open", "merged", "split_off"]
        assert [line["action"] for line in await leader.log(first)][-2:] == ["merge", "split"]


async def test_a_duplicate_keeps_what_hangs_on_it(street, sender, seen) -> None:
    async with street() as s:
        _, leader, first, second = await two(s, sender, seen)
        marked = await did(leader, second, "duplicate", into=first["id"])
        assert (marked["state"], len(marked["alarms"])) == ("void", 1)
        assert await refused(leader, marked, "reopen") == "it is part of another case: split it off"
        assert (await did(leader, marked, "split"))["state"] == "detected"


async def test_what_takes_another_in_has_its_level_and_owes_its_reporter_an_answer(street) -> None:
    async with street() as s:
        leader, second = await s.log_in(), await hire(s, "second", Role.LEADER)
        await reported(s, "manual")
        await reported(s, "citizen", level="street")
        cases = {one["source"]: one for one in await leader.incidents()}
        case = await leader.done(cases["manual"], "accept", "dispatch", "start", "resolve")
        await did(leader, cases["citizen"], "duplicate", into=case["id"])
        case = await leader.get(f"/incidents/{case['id']}")
        line = (await leader.log(case))[-1]
        assert (case["level"], line["action"], line["detail"]["from"]) == ("street", "escalated", "grid")
        assert (await refused(second, case, "close")).startswith("who reported it must be told first")
        case = await did(second, case, "feedback", form="phone")
        case = await did(second, case, "feedback", form="notice")
        assert (await did(second, case, "close"))["state"] == "closed"


async def test_a_case_that_is_checked_goes_to_rework_when_what_is_there_comes_to_it(
    street, sender, seen
) -> None:
    async with street() as s:
        _, leader, first, _ = await two(s, sender, seen)
        await reported(s, "manual")
        number = next(one for one in await leader.incidents() if one["source"] == "manual")
        case = await leader.done(number, "accept", "dispatch", "start", "resolve")
        assert case["state"] == "checking"
        await did(leader, first, "merge", into=case["id"])
        case = await leader.get(f"/incidents/{case['id']}")
        assert case["state"] == "in_progress"
        merged = await leader.get(f"/incidents/{first['id']}")
        await did(leader, merged, "split")
        assert (await leader.get(f"/incidents/{case['id']}"))["state"] == "in_progress"


async def test_what_cannot_be_merged_is_said(street, sender, seen) -> None:
    async with street() as s:
        _, leader, first, second = await two(s, sender, seen)
        assert (await step(leader, first, "merge", into=first["id"])).status_code == 422
        assert (await step(leader, first, "merge", into=str(uuid7()))).status_code == 404
        void = await did(leader, second, "void")
        assert await refused(leader, first, "merge", into=second["id"]) == (
            "the other case is void: reopen it first, or take the other way"
        )
        assert await refused(leader, void, "split") == "it was not merged with another case"
        here = await hire(s, "here", Role.GRID_LEADER, areas=("G02",))
        assert (await step(here, first, "merge", into=second["id"])).status_code == 404


async def test_of_three_the_last_merged_is_split_first(street, sender, seen) -> None:
    async with street() as s:
        _, leader, first, second = await two(s, sender, seen)
        await reported(s, "manual")
        third = next(one for one in await leader.incidents() if one["source"] == "manual")
        first = await did(leader, first, "merge", into=second["id"])
        second = await did(leader, await leader.get(f"/incidents/{second['id']}"), "merge", into=third["id"])
        assert len((await leader.get(f"/incidents/{third['id']}"))["alarms"]) == 2
        why = "the other case is part of another one itself: split that first"
        assert await refused(leader, first, "split") == why
        second = await did(leader, second, "split")
        assert len(second["alarms"]) == 2
        first = await did(leader, first, "split")
        assert (first["state"], len(first["alarms"])) == ("filed", 1)


async def test_what_comes_back_after_it_was_closed_says_what_it_comes_back_from(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"), bike.now("cleared"))
        leader = await s.log_in()
        first = await leader.done(await leader.the_incident(), "close")
        await s.send(seen(sender).now("opened"))
        (second,) = await leader.incidents("open")
        links = (await leader.get(f"/incidents/{second['id']}/links"))["items"]
        assert [(one["id"], one["kind"]) for one in links] == [(first["id"], "recurrence_of")]
        async with s.app.state.context.engine.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM incident")) == 2
