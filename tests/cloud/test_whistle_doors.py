"""Whistles over HTTP: calling, checking in, reporting, being late, closing and rating."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from cloud.push.tables import notice
from cloud.whistles.tables import whistle_rating
from tests.cloud.life_for_tests import Life, actions, living
from tests.cloud.test_cloud_doors import is_problem

pytestmark = pytest.mark.anyio


@pytest.fixture
def streets(street, url, tmp_path):
    return lambda: living(street, url, tmp_path, but=("playbooks",))


async def call(who: Any, case: dict[str, Any], *organisations: str, **more: Any) -> Any:
    return await who.http.post(
        f"/api/v1/incidents/{case['id']}/whistles",
        json={"organisations": list(organisations), "reason": "the lane is blocked"},
        headers={"If-Match": f'"v{case["version"]}"'} | more,
    )


async def say(who: Any, call: dict[str, Any], answer: str, words: str | None = None, **more: str) -> Any:
    return await who.http.post(
        f"/api/v1/whistles/{call['id']}/answers",
        json={"answer": answer, "words": words},
        headers={"If-Match": f'"v{call["version"]}"'} | more,
    )


async def a_case(life: Life, sender: Any, seen: Any) -> dict[str, Any]:
    """One that is being checked: but for its calls it could be closed."""
    leader, alarm = await life.street.log_in(), seen(sender, event_class="01-01")
    await life.see(alarm, "opened")
    case = await leader.done(await leader.the_incident(), "accept", "dispatch")
    await life.see(alarm, "cleared")
    found: dict[str, Any] = await leader.get(f"/incidents/{case['id']}")
    return found


async def of_case(who: Any, case: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = await who.get(f"/incidents/{case['id']}/whistles")
    return {one["organisation"]: one for one in found["items"]}


async def test_each_department_has_its_own_clock_and_the_case_waits_for_every_report(
    streets, sender, seen
) -> None:
    async with streets() as life:
        leader, case = await life.street.log_in(), await a_case(life, sender, seen)
        fire = await life.hire("fire", "department", organisation="XF")
        other = await life.hire("other", "department", organisation="SJ")
        assert (await fire.get("/whistles"))["items"] == []
        assert await fire.incidents() == []

        answer = await call(leader, case, "XF", "SJ")
        assert answer.status_code == 201, answer.text
        assert await life.told("whistle") == [("organisation:SJ",), ("organisation:XF",)]
        (theirs,) = await fire.incidents()
        assert theirs["id"] == case["id"], "who is called sees the case"
        calls = await of_case(fire, case)
        waits = {name: one["check_in"]["due_at"] for name, one in calls.items()}
        assert waits == {"XF": "2026-11-23T01:05:00Z", "SJ": "2026-11-23T01:30:00Z"}

        # Fire checks in in time; the other does not, and that is red, counted and told.
        answer = await say(fire, calls["XF"], "check_in")
        assert (answer.status_code, answer.json()["state"]) == (200, "checked_in")
        await life.pass_time(minutes=30)
        assert await life.told("deadline") == [("organisation:SJ", "duty:shift_leader", "role:operator")]
        async with life.street.app.state.context.engine.connect() as connection:
            words = await connection.scalar(select(notice.c.words).where(notice.c.kind == "deadline"))
        assert words["zh"] == "区市场监督管理局逾期未报到", "by the name that people know"
        shown = await leader.get("/whistles")
        lights = {one["organisation"]: one["check_in"]["light"] for one in shown["items"]}
        assert (lights, shown["late"]) == ({"XF": "green", "SJ": "red"}, 1)

        # Until each has reported the case is not closed.
        fires, others = calls["XF"] | answer.json(), (await of_case(other, case))["SJ"]
        assert (await say(fire, fires, "report", "put out")).status_code == 200
        refused = await leader.do(await leader.the_incident(), "close")
        assert is_problem(refused, 409, "not_allowed")
        assert "have not reported: SJ" in refused.json()["detail"]
        late = (await say(other, others, "check_in")).json()
        assert (late["check_in"]["late"], late["check_in"]["light"]) == (True, "red"), "it stays so"
        assert (await say(other, late, "report", "shop fined")).status_code == 200
        closed = await leader.done(await leader.the_incident(), "close")
        assert actions(await leader.log(closed))[-8:] == [
            "whistled", "whistled", "checked_in", "check_in_late", "reported", "checked_in", "reported",
            "close",
        ]  # fmt: skip


async def test_who_refuses_holds_the_case_until_the_call_is_withdrawn_or_made_again(
    streets, sender, seen
) -> None:
    async with streets() as life:
        leader, case = await life.street.log_in(), await a_case(life, sender, seen)
        fire = await life.hire("fire", "department", organisation="XF")
        (called,) = (await call(leader, case, "XF")).json()["items"]
        assert is_problem(await say(fire, called, "refuse"), 422, "invalid")
        refused = (await say(fire, called, "refuse", "not a fire")).json()
        assert (refused["state"], refused["words"], refused["allowed_answers"]) == (
            "refused", "not a fire", ["withdraw"],
        )  # fmt: skip
        case = await leader.the_incident()
        assert is_problem(await leader.do(case, "close"), 409, "not_allowed")
        again = (await call(leader, case, "XF")).json()["items"][-1]
        assert is_problem(await call(leader, await leader.the_incident(), "XF"), 409, "not_allowed")
        assert is_problem(await say(fire, again, "withdraw", "no"), 403, "forbidden")
        assert (await say(leader, again, "withdraw", "settled by phone")).json()["state"] == "withdrawn"
        await leader.done(await leader.the_incident(), "close")
        await life.pass_time(days=2)
        assert await life.told("deadline") == [], "nobody waits for it any more"


async def test_a_phone_that_sends_twice_is_heard_once_and_only_the_organisation_itself_answers(
    streets, sender, seen
) -> None:
    async with streets() as life:
        leader, case = await life.street.log_in(), await a_case(life, sender, seen)
        fire = await life.hire("fire", "department", organisation="XF")
        other = await life.hire("other", "department", organisation="SJ")
        keys = {"Idempotency-Key": "sent-from-a-tunnel"}
        unknown = await call(leader, case, "XF", "NOBODY")
        assert is_problem(unknown, 422, "invalid")
        assert unknown.json()["errors"][0]["pointer"] == "/body/organisations/1"
        first, second = await call(leader, case, "XF", **keys), await call(leader, case, "XF", **keys)
        assert (first.status_code, second.json()) == (201, first.json())
        assert is_problem(await call(leader, case, "SJ"), 412, "version_changed")
        unseen = await leader.http.post(
            f"/api/v1/incidents/{case['id']}/whistles", json={"organisations": ["SJ"], "reason": "x"}
        )
        assert is_problem(unseen, 428, "version_required")

        (called,) = first.json()["items"]
        assert is_problem(await say(other, called, "check_in"), 404, "not_found")
        assert is_problem(await say(leader, called, "check_in"), 403, "forbidden")
        assert is_problem(await call(fire, case, "SJ"), 403, "forbidden")
        first, second = [await say(fire, called, "check_in", **keys) for _ in range(2)]
        assert (first.status_code, second.json()) == (200, first.json())
        assert actions(await leader.log(case)).count("checked_in") == 1
        assert is_problem(await say(fire, called, "report", "done"), 412, "version_changed")


async def test_of_a_false_alarm_nobody_has_to_come_and_nobody_is_late(streets, sender, seen) -> None:
    async with streets() as life:
        leader, case = await life.street.log_in(), await a_case(life, sender, seen)
        fire = await life.hire("fire", "department", organisation="XF")
        called = {one["organisation"]: one for one in (await call(leader, case, "XF", "SJ")).json()["items"]}
        await say(fire, called["XF"], "check_in")
        ended = await leader.done(await leader.the_incident(), "false_alarm")
        assert actions(await leader.log(ended))[-3:] == ["false_alarm", "call_withdrawn", "call_withdrawn"]
        assert {one["state"] for one in (await of_case(leader, case)).values()} == {"withdrawn"}
        assert (await life.told("whistle"))[-1] == ("organisation:SJ", "organisation:XF"), "and they are told"
        assert (await leader.get("/whistles"))["items"] == []
        await life.pass_time(days=2)
        assert await life.told("deadline") == []
        assert ended["state"] == "false_alarm"


async def test_the_community_rates_each_department_once_however_often_it_asks(streets, sender, seen) -> None:
    async with streets() as life:
        leader, case = await life.street.log_in(), await a_case(life, sender, seen)
        fire = await life.hire("fire", "department", organisation="XF")
        community = await life.hire("li", "community", areas=("C1",))
        (called,) = (await call(leader, case, "XF")).json()["items"]

        async def rate(who: Any, score: int) -> Any:
            words = {"score": score, "words": "came at once"}
            return await who.http.post(f"/api/v1/whistles/{called['id']}/rating", json=words)

        assert is_problem(await rate(community, 5), 409, "not_allowed")
        here = (await say(fire, called, "check_in")).json()
        await say(fire, here, "report", "put out")
        assert is_problem(await rate(leader, 5), 403, "forbidden")
        assert is_problem(await rate(community, 6), 422, "invalid")
        answers = await asyncio.gather(*(rate(community, score) for score in (5, 4, 3, 2)))
        assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
        (won,) = [one.json() for one in answers if one.status_code == 201]
        assert (won["rating"]["community"], won["rating"]["words"]) == ("C1", "came at once")
        assert actions(await leader.log(case)).count("department_rated") == 1
        row = {
            "incident_id": case["id"], "organisation": "XF", "score": 1, "words": "again", "community": "C1",
            "rated_by": "li", "rated_at": life.clock(),
        }  # fmt: skip
        async with life.street.app.state.context.engine.connect() as connection:
            with pytest.raises(IntegrityError, match="whistle_rating_pkey"):
                await connection.execute(insert(whistle_rating), row)
