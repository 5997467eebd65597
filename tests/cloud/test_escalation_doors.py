"""Levels over HTTP and by deadlines: by hand with a reason, by itself when it stayed too long, once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cloud.push.tables import notice
from tests.cloud.life_for_tests import SMOKE, living
from tests.cloud.test_cloud_doors import is_problem

pytestmark = pytest.mark.anyio


@pytest.fixture
def streets(street, url, tmp_path):
    return lambda: living(street, url, tmp_path, but=("playbooks",))


async def hand_up(who: Any, case: dict[str, Any], reason: str | None = "too much for us", **more: str) -> Any:
    return await who.http.post(
        f"/api/v1/incidents/{case['id']}/escalations",
        json={"reason": reason},
        headers={"If-Match": f'"v{case["version"]}"'} | more,
    )


async def test_by_hand_one_level_at_a_time_by_whoever_has_that_level(streets, sender, seen) -> None:
    async with streets() as life:
        await life.see(seen(sender, event_class="01-01"), "opened")
        grid = await life.hire("gridder", "grid_leader", areas=("G01",))
        community = await life.hire("li", "community", areas=("C1",))
        elsewhere = await life.hire("far", "grid_leader", areas=("G02",))
        case = await grid.the_incident()
        assert is_problem(await hand_up(elsewhere, case), 404, "not_found")
        assert is_problem(await hand_up(grid, case, " "), 422, "invalid")

        answers = await asyncio.gather(*(hand_up(grid, case) for _ in range(20)))
        assert sorted(one.status_code for one in answers) == [201] + [412] * 19, "at once, and up by one"
        (raised,) = [one.json() for one in answers if one.status_code == 201]
        case = await grid.the_incident()
        assert (case["level"], case["version"]) == (raised["level"], raised["version"])
        assert case["level"] == "community"

        assert is_problem(await hand_up(grid, case), 403, "forbidden")
        first = await hand_up(community, case, **{"Idempotency-Key": "from-the-phone"})
        again = await hand_up(community, case, **{"Idempotency-Key": "from-the-phone"})
        assert (first.json()["level"], again.json()) == ("street", first.json())
        leader = await life.street.log_in()
        case = await leader.the_incident()
        assert is_problem(await hand_up(leader, case), 409, "not_allowed")
        last = (await leader.log(case))[-1]
        assert (last["actor"]["name"], last["detail"]) == (
            "li", {"level": "street", "from": "community", "why": "too much for us"},
        )  # fmt: skip
        assert await life.told("escalation") == [
            ("role:community", "duty:shift_leader"), ("role:street", "duty:shift_leader"),
        ]  # fmt: skip


async def test_what_stays_too_long_goes_up_by_itself_and_is_closed_where_its_class_may_be(
    streets, sender, seen
) -> None:
    async with streets() as life:
        alarm = seen(sender, event_class=SMOKE)
        await life.see(alarm, "opened")
        leader = await life.street.log_in()
        case = await leader.done(await leader.the_incident(), "accept")
        await life.pass_time(minutes=5)
        await leader.done(case, "suspend")
        await life.pass_time(hours=5)
        await leader.done(await leader.the_incident(), "resume")
        await life.pass_time(minutes=4)
        await life.see(alarm, "cleared")
        case = await leader.the_incident()
        assert (case["level"], case["state"]) == ("grid", "checking"), "nine of ten minutes were used"
        refused = await leader.do(case, "close")
        assert is_problem(refused, 409, "not_allowed")
        assert "finished by the community at the lowest, and this is at the grid" in refused.json()["detail"]

        await life.pass_time(minutes=1)
        case = await leader.done(await leader.the_incident(), "close")
        assert case["level"] == "community"
        await life.pass_time(hours=5)
        raised = [one for one in await leader.log(case) if one["action"] == "escalated"]
        assert [(one["actor"]["kind"], one["detail"]["from"]) for one in raised] == [("system", "grid")]


async def test_not_accepted_within_a_minute_the_wall_is_told_again_and_then_the_shift_leader(
    streets, sender, seen
) -> None:
    wall, leader_on_duty = ("role:operator",), ("duty:shift_leader",)
    async with streets() as life:
        await life.see(seen(sender, event_class="01-01"), "opened")
        await life.pass_time(seconds=59)
        assert await life.told("deadline") == []
        stream = life.street.app.state.context.tail.subscribe()
        await life.pass_time(seconds=1)
        assert await life.told("deadline") == [wall]
        async with asyncio.timeout(60):
            assert "incident" in str(await stream.queue.get())
        life.street.app.state.context.tail.leave(stream)
        await life.pass_time(seconds=59)
        assert await life.told("deadline") == [wall]
        await life.pass_time(seconds=1)
        assert await life.told("deadline") == [wall, leader_on_duty]
        await life.pass_time(hours=1)
        assert await life.told("deadline") == [wall, leader_on_duty], "once each"

        # Another one is accepted after the wall was told again: the shift leader is left alone.
        await life.see(seen(sender, event_class="05-06"), "opened")
        await life.pass_time(seconds=70)
        leader = await life.street.log_in()
        (case,) = [one for one in await leader.incidents() if one["event_class"]["code"] == "05-06"]
        await leader.done(case, "accept")
        await life.pass_time(minutes=5)
        assert await life.told("deadline") == [wall, leader_on_duty, wall]

        # What comes out of an outage hours late, and what is put aside, calls nobody by its clock either.
        old = seen(sender, place="P01-C1-Z3", event_class="01-01", at=life.clock() - timedelta(hours=3))
        await life.street.send(sender.wrap(old.condition("opened", 1), old.at))
        shelved = seen(sender, place="P01-C1-Z4", event_class="01-01")
        await life.see(shelved, "opened")
        wish = {"until": (life.clock() + timedelta(hours=1)).isoformat(), "reason": "road works"}
        answer = await leader.http.post(
            f"/api/v1/alarms/{shelved.id}/shelve", json=wish, headers={"If-Match": '"v1"'}
        )
        assert answer.status_code == 200, answer.text
        await life.pass_time(minutes=1)
        await life.pass_time(minutes=5)
        assert await life.told("deadline") == [wall, leader_on_duty, wall]


async def test_what_a_day_left_uncleared_is_told_to_the_leaders_in_one_word(streets, sender, seen) -> None:
    async with streets() as life:
        for place in ("P01-C1-Z1", "P01-C1-Z2"):
            await life.see(seen(sender, place=place, event_class="01-01"), "opened")
        leader = await life.street.log_in()
        for case in await leader.incidents():
            await leader.done(case, "accept")
        await life.pass_time(hours=15)
        await life.pass_time(minutes=2)
        async with life.street.app.state.context.engine.connect() as connection:
            rows = (await connection.execute(select(notice).where(notice.c.kind == "deadline"))).all()
        assert [(row.targets, row.words["zh"]) for row in rows] == [
            (["duty:shift_leader", "role:leader"], "日清未清 2 件，请查看未清清单")
        ]
        leader = await life.street.log_in()
        day = await leader.get("/deadlines/uncleared", clearing="day", day="2026-11-23")
        assert len(day["items"]) == 2
