from __future__ import annotations

import asyncio

import pytest

from cloud.people.accounts import add_user
from cloud.people.roles import Role
from devices.site.model import Names
from tests.cloud.test_cloud_doors import is_problem
from tests.cloud.test_public_track import unlimited

pytestmark = pytest.mark.anyio
BIKES = {"words": "bikes", "event_class": "05-06", "lon": 120.0052, "lat": 30.005}


async def tell(street, **change) -> str:
    answer = await street.http.post("/api/v1/reports", json=BIKES | change)
    assert answer.status_code == 201, answer.text
    return answer.json()["public_number"]


async def decide(who, waiting, version: int = 1, **decision):
    return await who.http.post(
        f"/api/v1/triage/{waiting['id']}/decision",
        json=decision,
        headers={"If-Match": f'"v{version}"'},
    )


async def worker(street, grid: str, role: Role = Role.GRID_LEADER):
    name = f"worker-{grid}".lower()
    async with street.app.state.context.engine.begin() as connection:
        names = Names(zh=name, en=name)
        await add_user(connection, name, names, [role], "pw", street.clock(), areas=[grid])
    street.passwords[name] = "pw"
    return await street.log_in(name)


async def test_a_report_near_a_camera_case_is_offered_as_its_duplicate_and_a_person_merges_it(
    street, sender, seen
) -> None:
    async with street() as s:
        unlimited(s)
        await s.send(seen(sender).now("opened"))
        number = await tell(s)
        leader = await s.log_in()
        case = await leader.the_incident()
        (waiting,) = (await leader.get("/triage"))["items"]
        (near,) = waiting["candidates"]
        assert (near["incident_id"], near["reason"]) == (case["id"], "near")
        answer = await decide(leader, waiting, decision="merge", incident_id=case["id"])
        assert (answer.status_code, answer.json()["state"]) == (200, "merged")
        assert len(await leader.incidents()) == 1
        line = (await leader.log(case))[-1]
        assert (line["action"], line["detail"]["source"]) == ("report_joined", "citizen")
        (told,) = (await leader.get(f"/incidents/{case['id']}/reports"))["items"]
        assert told["public_number"] == number
        await leader.done(await leader.the_incident(), "void")
        assert (await s.http.get(f"/api/v1/track/{number}")).json()["status"] == "refused"


async def test_a_report_is_decided_once_and_with_what_the_decision_needs(street) -> None:
    async with street() as s:
        unlimited(s)
        await tell(s, event_class=None)
        leader = await s.log_in()
        (waiting,) = (await leader.get("/triage"))["items"]
        nothing = "01a20233-0000-7000-8000-000000000000"
        for decision, pointer in (
            ({"decision": "accept"}, "/body/event_class"),
            ({"decision": "accept", "event_class": "77"}, "/body/event_class"),
            ({"decision": "refuse"}, "/body/reason"),
            ({"decision": "merge"}, "/body/incident_id"),
        ):
            answer = await decide(leader, waiting, **decision)
            assert is_problem(answer, 422, "invalid")
            assert answer.json()["errors"][0]["pointer"] == pointer
        answer = await decide(leader, waiting, decision="merge", incident_id=nothing)
        assert is_problem(answer, 404, "not_found")
        answer = await decide(leader, waiting, 7, decision="accept", event_class="05-06")
        assert is_problem(answer, 412, "version_changed")
        assert is_problem(await decide(leader, {"id": nothing}, decision="accept"), 404, "not_found")
        answers = await asyncio.gather(
            *(decide(leader, waiting, decision="accept", event_class="05-06") for _ in range(5))
        )
        assert [answer.status_code for answer in answers].count(200) == 1
        assert len(await leader.incidents()) == 1
        assert (await leader.get("/triage"))["items"] == []
        (accepted,) = (await leader.get("/triage", state="accepted"))["items"]
        assert accepted["decided_by"] == "leader"


async def test_reports_of_other_grids_are_neither_shown_nor_decided(street) -> None:
    async with street() as s:
        unlimited(s)
        await tell(s)
        await tell(s, lon=120.015)
        leader, local = await s.log_in(), await worker(s, "G02")
        both = (await leader.get("/triage"))["items"]
        assert [one["grid"] for one in both] == ["G01", "G02"]
        queue = await local.get("/triage")
        assert ([one["grid"] for one in queue["items"]], queue["waiting"]) == (["G02"], 1)
        answer = await decide(local, both[0], decision="accept")
        assert is_problem(answer, 404, "not_found")
        assert (await decide(local, both[1], decision="accept")).status_code == 200


async def test_a_worker_reports_what_lies_in_another_grid_and_sees_what_became_of_it(street) -> None:
    async with street() as s:
        local = await worker(s, "G02", Role.GRID_WORKER)
        answer = await local.http.post("/api/v1/incidents", json=BIKES)
        assert answer.status_code == 201, answer.text
        (case,) = await local.incidents()
        assert (case["source"], case["area"]["grid"]["id"]) == ("worker", "G01")
        leader = await s.log_in()
        assert is_problem(await decide(local, {"id": case["id"]}, decision="accept"), 403, "forbidden")
        assert len(await leader.incidents()) == 1


async def test_what_the_public_reported_closes_when_the_reporter_is_told_and_the_result_is_public(
    street,
) -> None:
    async with street() as s:
        unlimited(s)
        await tell(s)
        leader = await s.log_in()
        other = await worker(s, "G01")
        (waiting,) = (await leader.get("/triage"))["items"]
        assert (await decide(leader, waiting, decision="accept")).status_code == 200
        case = await leader.done(await leader.the_incident(), "accept", "dispatch")
        case = await other.done(case, "start", "resolve")
        assert case["state"] == "checking"

        async def close(case, **more):
            return await leader.http.post(
                f"/api/v1/incidents/{case['id']}/transitions",
                json={"action": "close", **more},
                headers={"If-Match": f'"v{case["version"]}"'},
            )

        async def feedback(case, form):
            answer = await leader.http.post(
                f"/api/v1/incidents/{case['id']}/transitions",
                json={"action": "feedback", "reason": "the bikes are gone", "form": form},
                headers={"If-Match": f'"v{case["version"]}"'},
            )
            assert answer.status_code == 200, answer.text
            return answer.json()

        assert is_problem(await close(case), 409, "not_allowed")
        case = await feedback(case, "phone")
        assert is_problem(await close(case), 409, "not_allowed")
        case = await feedback(case, "notice")
        assert (await close(case)).status_code == 200
