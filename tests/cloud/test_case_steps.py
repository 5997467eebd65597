"""The steps of a case over HTTP: who may, what stands in the way, what is told."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update

from cloud.database.schema import person
from cloud.incidents import log, opening
from cloud.incidents.opening import Report
from cloud.incidents.service import by_system
from cloud.incidents.store import GRIDWATCH, Actor
from cloud.people.roles import Role
from cloud.sources.tables import photo_upload
from tests.cloud.case_people_for_tests import hire

pytestmark = pytest.mark.anyio


HALF = ("accept", "dispatch", "start")
PHOTO = "ab" * 32


async def step(person: Any, incident: dict[str, Any], action: str, **fields: Any) -> Any:
    return await person.http.post(
        f"/api/v1/incidents/{incident['id']}/transitions",
        json={"action": action, "reason": "because"} | fields,
        headers={"If-Match": f'"v{incident["version"]}"'},
    )


async def did(person: Any, incident: dict[str, Any], action: str, **fields: Any) -> dict[str, Any]:
    answer = await step(person, incident, action, **fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(person: Any, incident: dict[str, Any], action: str, **fields: Any) -> str:
    answer = await step(person, incident, action, **fields)
    assert answer.status_code == 409, answer.text
    return str(answer.json()["detail"])


async def reported(s: Any, source: str = "citizen", **more: Any) -> str:
    async with s.app.state.context.engine.begin() as connection:
        report = Report(source, "05-06", 2, lon=120.005, lat=30.005, **more)  # type: ignore[arg-type]
        return str(await opening.open_report(connection, report, Actor("user", source), s.clock()))


async def upload(s: Any, username: str, sha256: str = PHOTO) -> None:
    async with s.app.state.context.engine.begin() as connection:
        mine = await connection.scalar(select(person.c.id).where(person.c.username == username))
        row = {"sha256": sha256, "sender": f"person:{mine}", "at": s.clock(), "size": 1, "used": False}
        await connection.execute(insert(photo_upload), row)


async def why_not(person: Any, incident: dict[str, Any]) -> dict[str, str | None]:
    found = await person.get(f"/incidents/{incident['id']}/transitions")
    return {one["action"]: one["why_not"] for one in found["items"]}


async def test_a_report_is_a_case_without_an_alarm(street, sender, seen) -> None:
    async with street() as s:
        leader = await s.log_in()
        number = await reported(s, description="bikes", reported_class="共享单车")
        incident = await leader.the_incident()
        assert incident["id"] == number
        assert (incident["source"], incident["area"]["grid"]["id"], incident["alarms"]) == (
            "citizen",
            "G01",
            [],
        )
        assert incident["point"]["position"] == {"lon": 120.005, "lat": 30.005}
        assert incident["label"] == "05-06"
        assert (incident["history"], incident["evidence_due"], incident["condition"]) == (False, False, None)
        (line,) = await leader.log(incident)
        assert (line["action"], line["cause"], line["actor"]["name"]) == ("open", "report", "citizen")
        assert line["detail"] == {"source": "citizen", "reported_class": "共享单车"}
        clocks = await leader.get("/deadlines", incident=number)
        assert [one["incident_id"] for one in clocks] == [number]


async def test_reports_of_one_place_are_cases_of_their_own(street) -> None:
    async with street() as s:
        await reported(s)
        await reported(s)
        assert len(await (await s.log_in()).incidents()) == 2


async def test_of_twenty_who_claim_a_case_one_has_it_and_nineteen_are_told_so(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        incident = await leader.done(await leader.the_incident(), "accept", "dispatch")
        worker = await hire(s, "worker", Role.GRID_WORKER, areas=("G01",))
        answers = await asyncio.gather(*(step(worker, incident, "claim") for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
        assert {answer.json()["detail"] for answer in answers if answer.status_code == 409} == {
            "somebody has it already"
        }
        assert (await leader.the_incident())["handler"] == "worker"


async def test_what_another_worker_has_is_not_yours(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        one, other = [await hire(s, name, Role.GRID_WORKER, areas=("C1",)) for name in ("one", "other")]
        incident = await leader.done(await leader.the_incident(), "accept")
        incident = await did(leader, incident, "dispatch", handler="one")
        assert (
            await refused(other, incident, "start")
            == "it is not yours to handle: another handler or organisation has it"
        )
        incident = await did(one, incident, "start")
        incident = await did(leader, incident, "assign", handler="other")
        assert await refused(one, incident, "claim") == "somebody has it already"
        async with s.app.state.context.engine.begin() as connection:
            left = update(person).where(person.c.username == "other")
            await connection.execute(left.values(locked_at=s.clock()))
        incident = await did(one, incident, "claim")
        assert incident["handler"] == "one", "whoever is here no more has nothing"
        assert (await did(one, incident, "resolve"))["state"] == "resolved"


async def test_an_organisation_handles_what_it_is_given_and_nothing_else(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        ours = await hire(s, "ours", Role.DEPARTMENT, organisation="D1")
        theirs = await hire(s, "theirs", Role.DEPARTMENT, organisation="D2")
        incident = await leader.done(await leader.the_incident(), "accept")
        incident = await did(leader, incident, "dispatch", organisation="D1")
        assert (await step(theirs, incident, "start")).status_code == 404
        incident = await did(ours, incident, "start")
        assert (incident["organisation"], incident["handler"]) == ("D1", "ours")


async def test_nobody_checks_their_own_work(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"))
        leader = await s.log_in()
        second = await hire(s, "second", Role.LEADER)
        incident = await leader.done(await leader.the_incident(), *HALF, "resolve")
        await s.send(bike.now("cleared"))
        incident = await leader.the_incident()
        own = "who handled it does not check it: another person must"
        for action in ("confirm", "close", "check_failed"):
            assert await refused(leader, incident, action) == own
        assert (await why_not(leader, incident))["close"] == own
        incident = await did(second, incident, "confirm")
        assert (await did(second, incident, "close"))["state"] == "closed"


async def test_a_level_closes_its_own_and_no_higher_cases(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        grid = await hire(s, "grid", Role.GRID_LEADER, areas=("G01",))
        incident = (
            await leader.done(await leader.the_incident(), *HALF, "resolve", "check") if False else None
        )
        incident = await leader.done(await leader.the_incident(), *HALF, "resolve")
        incident = await did(grid, incident, "check")
        async with s.app.state.context.engine.begin() as connection:
            await connection.execute(text("UPDATE incident SET level = 'community'"))
        assert await refused(grid, incident, "close") == "its level is closed by a level above yours"
        async with s.app.state.context.engine.begin() as connection:
            await connection.execute(text("UPDATE incident SET level = 'grid'"))
        assert (await did(grid, incident, "close"))["state"] == "closed"


async def test_who_reported_it_is_told_before_it_is_closed_or_it_is_said_why_not(street) -> None:
    async with street() as s:
        leader, second = await s.log_in(), await hire(s, "second", Role.LEADER)
        for forms in (("phone", "notice"), ()):
            await reported(s)
            (incident,) = await leader.incidents("open")
            incident = await leader.done(incident, *HALF, "resolve")
            assert incident["state"] == "checking", "no camera tells of it: a person looks"
            assert "must be told first" in await refused(second, incident, "close")
            for form in forms:
                incident = await did(second, incident, "feedback", form=form)
            why = {} if forms else {"without_feedback": "no number was left"}
            assert (await did(second, incident, "close", **why))["state"] == "closed"


async def test_the_asked_for_is_granted_or_refused_by_those_who_decide(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        worker = await hire(s, "worker", Role.GRID_WORKER, areas=("G01",))
        incident = await leader.done(await leader.the_incident(), *HALF[:2])
        incident = await did(worker, incident, "claim")
        assert await refused(leader, incident, "refuse", wish="extend") == "nobody asked for that"
        incident = await did(worker, incident, "ask_extend", hours=4)
        assert incident["pending"] == ["extend"]
        assert (await step(worker, incident, "extend", hours=4)).status_code == 403
        incident = await did(leader, incident, "refuse", wish="extend")
        incident = await did(worker, incident, "ask_return")
        incident = await did(leader, incident, "return", to="accepted")
        assert (incident["state"], incident["handler"], incident["pending"]) == ("accepted", None, [])
        incident = await leader.done(incident, "dispatch")
        incident = await did(worker, incident, "ask_suspend")
        incident = await did(leader, incident, "suspend")
        incident = await did(leader, incident, "supervise")
        incident = await did(leader, incident, "answer")
        incident = await did(leader, incident, "resume")
        assert incident["state"] == "dispatched", "notes do not forget from where"
        incident = await did(worker, incident, "ask_void")
        incident = await did(leader, incident, "false_alarm")
        assert incident["pending"] == [], "nothing waits in what is over"


async def test_more_time_that_was_granted_moves_the_deadline(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        incident = await leader.done(await leader.the_incident(), *HALF)
        answer = await step(leader, incident, "extend", hours=24 * 93)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/body/hours")
        incident = await did(leader, incident, "extend", hours=2)
        line = (await leader.log(incident))[-1]
        assert (line["action"], line["from_state"], line["to_state"]) == (
            "extend",
            "in_progress",
            "in_progress",
        )
        assert line["detail"] == {"hours": 2}


async def test_a_supervised_case_is_not_closed_before_the_answer(street) -> None:
    async with street() as s:
        leader, second = await s.log_in(), await hire(s, "second", Role.LEADER)
        await reported(s, "manual")
        incident = await leader.done(await leader.the_incident(), *HALF)
        incident = await did(second, incident, "supervise", reason="three days already")
        incident = await leader.done(incident, "resolve")
        assert await refused(second, incident, "close") == "a supervision waits for its answer"
        incident = await did(leader, incident, "answer", reason="the lorry comes at noon")
        assert (await did(second, incident, "close"))["state"] == "closed"
        assert (await leader.log(incident))[-2]["reason"] == "the lorry comes at noon"


async def test_what_is_handled_on_the_spot_needs_a_photo_and_some_of_it_is_checked(street) -> None:
    async with street() as s:
        worker = await hire(s, "worker", Role.GRID_WORKER, areas=("G01",))
        leader = await s.log_in()
        seen_states = set()
        for _ in range(16):
            await reported(s, "worker")
        (incident, *_) = await worker.incidents("open")
        assert "a photo of afterwards" in await refused(worker, incident, "self_handle")
        answer = await step(worker, incident, "self_handle", photos=[PHOTO])
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/body/photos/0")
        await upload(s, "worker")
        for incident in await worker.incidents("open"):
            incident = await did(worker, incident, "self_handle", photos=[PHOTO])
            line = next(one for one in await leader.log(incident) if one["action"] == "self_handle")
            assert line["detail"]["photos"] == [PHOTO]
            assert incident["state"] == ("checking" if line["detail"]["sampled"] else "closed")
            seen_states.add(incident["state"])
        assert "closed" in seen_states
        if "checking" in seen_states:
            (case, *_) = await leader.incidents("checking")
            assert (
                await refused(worker, case, "confirm")
                == "who handled it does not check it: another person must"
            )


async def test_people_reopen_within_the_window_and_not_after(street) -> None:
    async with street() as s:
        leader, second = await s.log_in(), await hire(s, "second", Role.LEADER)
        await reported(s, "manual")
        incident = await leader.done(await leader.the_incident(), *HALF, "resolve")
        incident = await did(second, incident, "close")
        incident = await did(leader, incident, "reopen")
        assert (incident["state"], incident["closed_at"], incident["handler"]) == ("accepted", None, None)
        incident = await leader.done(incident, "dispatch", "start", "resolve")
        incident = await did(second, incident, "close")
        s.clock.forward(hours=73)
        leader = await s.log_in()
        assert await refused(leader, incident, "reopen") == "it was closed too long ago: open a new case"


async def test_a_case_is_not_reopened_beside_another_of_its_place_and_class(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        incident = await did(leader, await leader.the_incident(), "false_alarm")
        await s.send(seen(sender).now("opened"))
        assert await refused(leader, incident, "reopen") == "another case of this place and class is open"


async def test_fields_are_those_of_the_action_and_name_what_is_there(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        incident = await leader.done(await leader.the_incident(), "accept")
        await hire(s, "auditor", Role.AUDITOR)
        await hire(s, "gone", Role.GRID_WORKER, areas=("G01",))
        async with s.app.state.context.engine.begin() as connection:
            left = update(person).where(person.c.username == "gone")
            await connection.execute(left.values(locked_at=s.clock()))
        for action, fields, pointer in (
            ("dispatch", {"handler": "nobody"}, "/body/handler"),
            ("dispatch", {"handler": "auditor"}, "/body/handler"),
            ("dispatch", {"handler": "gone"}, "/body/handler"),
            ("dispatch", {"hours": 2}, "/body/hours"),
            ("merge", {}, "/body/into"),
            ("return", {"to": "closed"}, "/body/to"),
            ("supervise", {"reason": " "}, "/body/reason"),
            ("supervise", {"reason": "\0"}, "/body/reason"),
        ):
            if action == "return":
                incident = await leader.done(incident, "dispatch")
            answer = await step(leader, incident, action, **fields)
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text


async def test_the_choices_say_what_may_be_done_and_for_the_rest_why_not(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        operator, leader = await s.log_in("operator"), await s.log_in()
        incident = await leader.the_incident()
        answer = await operator.http.get(f"/api/v1/incidents/{incident['id']}/transitions")
        assert answer.headers["ETag"] == '"v1"'
        found = {one["action"]: one for one in answer.json()["items"]}
        assert found["accept"] == {
            "action": "accept", "allowed": True, "why_not": None, "targets": ["accepted"], "reason": False,
            "needs": [], "takes": [],
        }  # fmt: skip
        assert found["void"]["why_not"] == "it is for leader, street"
        assert found["close"]["why_not"] == "not while detected; it is done while checking"
        incident = await leader.done(incident, *HALF)
        found = {
            one["action"]: one
            for one in (await leader.get(f"/incidents/{incident['id']}/transitions"))["items"]
        }
        assert found["return"]["targets"] == ["filed", "accepted", "verifying"]
        assert (found["resolve"]["needs"], found["resolve"]["takes"]) == ([], ["photos"])
        assert found["extend"]["needs"] == ["hours"]


async def test_the_system_takes_the_tables_steps_only_and_its_guards_hold(street, sender, seen) -> None:
    async with street() as s:
        await reported(s)
        leader = await s.log_in()
        incident = await leader.the_incident()
        engine = s.app.state.context.engine
        async with engine.begin() as connection:
            await by_system(
                connection, incident_uuid(incident), "accept", "trusted class", {"a": 1}, s.clock()
            )
        line = (await leader.log(incident))[-1]
        assert (line["actor"]["name"], line["cause"], line["reason"]) == (
            "gridwatch",
            "automatic",
            "trusted class",
        )
        incident = await leader.done(await leader.the_incident(), "dispatch", "start", "resolve")
        for action, why in (("rate", "not possible"), ("close", "must be told first")):
            with pytest.raises(Exception, match=why):
                async with engine.begin() as connection:
                    await by_system(connection, incident_uuid(incident), action, None, {}, s.clock())


def incident_uuid(incident: dict[str, Any]) -> Any:
    return UUID(incident["id"])


async def test_notes_of_many_at_once_are_all_lines_of_one_chain(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        incident = await leader.the_incident()
        engine = s.app.state.context.engine

        async def one(number: int) -> int:
            async with engine.begin() as connection:
                return await log.note(
                    connection, incident_uuid(incident), "noted", GRIDWATCH, {"n": number}, s.clock()
                )

        assert sorted(await asyncio.gather(*map(one, range(8)))) == list(range(2, 10))
        lines = await leader.log(incident)
        assert [line["id"] for line in lines] == list(range(1, 10))
        assert {line["to_state"] for line in lines} == {"detected"}
