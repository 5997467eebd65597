"""Shelving, devices out of service and what is allowed, over HTTP, with real deadlines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cloud.alarms.effects import effects
from cloud.alarms.policy import AlarmPolicy
from cloud.deadlines.firing import fire
from cloud.policies.kind import Policies
from devices.messages import Severity
from tests.cloud.test_alarm_asides import MARKET

pytestmark = pytest.mark.anyio


async def post(who, alarm, action, **body):
    return await who.http.post(
        f"/api/v1/alarms/{alarm['id']}/{action}",
        json=body or None,
        headers={"If-Match": f'"v{alarm["version"]}"'},
    )


async def shelve(s, who, alarm, **more):
    until = (s.clock() + timedelta(**(more or {"minutes": 10}))).isoformat()
    return await post(who, alarm, "shelve", until=until, reason="roadworks")


async def the_alarm(who, **query):
    (found,) = (await who.get("/alarms", **query))["items"]
    return found


async def due(s):
    """Fire what is due by the street's clock; whoever else fires, each fires once."""
    context = s.app.state.context
    await fire(context.engine, s.clock(), effects(context.current))


async def steps(who, alarm):
    return [line["action"] for line in (await who.get(f"/alarms/{alarm['id']}/events"))["items"]]


async def test_a_shelved_place_opens_no_case_until_its_shelf_ends_once(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        first = seen(sender)
        await s.send(first.now("opened"))
        answer = await shelve(s, operator, await the_alarm(operator))
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"]["name"] == "shelved"
        assert answer.json()["state"]["aside"]["by"] == "operator"
        (shelf,) = (await operator.get("/alarms/shelves"))["items"]
        assert (shelf["place"], shelf["reason"]) == ("P01-C1-Z1", "roadworks")

        leader = await s.log_in()
        await leader.done(await leader.the_incident(), "false_alarm")
        second = seen(sender)
        await s.send(first.now("cleared"), second.now("opened"))
        assert len(await operator.incidents()) == 1, "the second one called nobody"
        aside = await the_alarm(operator, aside=True)
        assert (aside["id"], aside["incident_id"]) == (str(second.id), None)

        s.clock.forward(minutes=10)
        await due(s)
        alarm = await operator.get(f"/alarms/{second.id}")
        assert alarm["state"]["name"] == "unacknowledged"
        incident = await operator.get(f"/incidents/{alarm['incident_id']}")
        assert incident["state"] == "detected"
        await due(s)
        assert len(await operator.incidents()) == 2
        assert await steps(operator, alarm) == ["shelve", "shelf_ended"]
        assert await steps(operator, {"id": first.id}) == ["shelve", "judge_false"]
        assert (await operator.get("/alarms/shelves"))["items"] == []


async def test_what_goes_while_it_is_aside_is_over_and_counted(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        first, second = seen(sender), seen(sender)
        await s.send(first.now("opened"))
        await shelve(s, operator, await the_alarm(operator))
        await s.send(first.now("cleared"))
        leader = await s.log_in()
        await leader.done(await leader.the_incident(), "void")
        await s.send(second.now("opened"))
        await s.send(second.now("cleared"))
        s.clock.forward(minutes=11)
        await due(s)
        alarm = await operator.get(f"/alarms/{second.id}")
        assert alarm["state"]["name"] == "normal"
        assert alarm["incident_id"] is None
        assert len((await operator.get("/alarms"))["items"]) == 2


async def test_what_is_worse_than_what_was_shelved_breaks_out(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        bikes = seen(sender)
        await s.send(bikes.now("opened"))
        await shelve(s, operator, await the_alarm(operator))
        leader = await s.log_in()
        await leader.done(await leader.the_incident(), "void")
        more = seen(sender)
        await s.send(bikes.now("cleared"), more.now("opened"))
        assert (await operator.get(f"/alarms/{more.id}"))["incident_id"] is None
        await s.send(more.now("updated", severity=Severity.HIGH))
        alarm = await operator.get(f"/alarms/{more.id}")
        assert alarm["state"]["name"] == "unacknowledged"
        assert alarm["incident_id"] is not None
        assert await steps(operator, alarm) == ["shelve", "broke_out"]


async def test_fire_is_not_shelved_for_long_and_not_by_shelving_again(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        await s.send(seen(sender, severity=Severity.CRITICAL).now("opened"))
        alarm = await the_alarm(operator)
        answer = await shelve(s, operator, alarm, minutes=16)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/body/until"
        alarm = (await shelve(s, operator, alarm, minutes=15)).json()
        s.clock.forward(minutes=10)
        assert (await shelve(s, operator, alarm, minutes=6)).status_code == 422
        again = await shelve(s, operator, alarm, minutes=2)
        assert again.status_code == 200, again.text
        assert await steps(operator, alarm) == ["shelve", "shelve"]


async def test_unshelving_calls_again_and_what_was_seen_has_to_be_seen_anew(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        await s.send(seen(sender).now("opened"))
        alarm = (await post(operator, await the_alarm(operator), "acknowledge")).json()
        assert alarm["state"]["name"] == "acknowledged"
        alarm = (await shelve(s, operator, alarm)).json()
        assert (await post(operator, alarm, "acknowledge")).json()["code"] == "not_allowed"
        answer = await post(operator, alarm, "unshelve")
        assert answer.json()["state"]["name"] == "unacknowledged"
        assert answer.json()["acknowledged_by"] is None
        assert await steps(operator, alarm) == ["acknowledge", "shelve", "unshelve"]
        s.clock.forward(minutes=11)
        await due(s)
        assert await steps(operator, alarm) == ["acknowledge", "shelve", "unshelve"]
        seen_again = (await post(operator, answer.json(), "acknowledge")).json()
        assert (await post(operator, seen_again, "unacknowledge")).json()["state"]["name"] == "unacknowledged"


async def test_doors_of_alarms_want_the_version_that_was_seen_and_a_reason(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        await s.send(seen(sender).now("opened"))
        alarm = await the_alarm(operator)
        until = (s.clock() + timedelta(minutes=5)).isoformat()
        path = f"/api/v1/alarms/{alarm['id']}"
        for action in ("acknowledge", "unacknowledge", "shelve", "unshelve"):
            body = {"until": until, "reason": "x"} if action == "shelve" else None
            assert (await operator.http.post(f"{path}/{action}", json=body)).status_code == 428
        old = alarm | {"version": 7}
        assert (await shelve(s, operator, old)).status_code == 412
        assert (await post(operator, alarm, "shelve", until=until, reason="")).status_code == 422
        assert (await post(operator, alarm, "unshelve")).json()["allowed_actions"] == [
            "acknowledge",
            "shelve",
        ]
        device = await operator.http.put(
            "/api/v1/devices/P01-C1/service", json={"until": until, "reason": "x"}
        )
        assert device.status_code == 428


async def test_a_device_out_of_service_calls_nobody_until_it_is_put_back(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        path = "/api/v1/devices/P01-C1/service"
        state = await operator.get("/devices/P01-C1/service")
        assert (state["version"], state["out"]) == (1, None)
        body = {"until": (s.clock() + timedelta(hours=2)).isoformat(), "reason": "new lens"}
        answer = await operator.http.put(path, json=body, headers={"If-Match": '"v1"'})
        assert (answer.status_code, answer.json()["out"]["by"]) == (200, "operator")
        assert (await operator.http.put(path, json=body, headers={"If-Match": '"v1"'})).status_code == 412
        (out,) = (await operator.get("/devices/out-of-service"))["items"]
        assert out["device"] == "P01-C1"
        bike = seen(sender)
        await s.send(bike.now("opened"))
        assert await operator.incidents() == []
        assert (await the_alarm(operator))["state"]["aside"]["state"] == "out_of_service"
        answer = await operator.http.delete(path, headers={"If-Match": '"v2"'})
        assert (answer.status_code, answer.json()["version"]) == (200, 3)
        assert (await operator.the_incident())["state"] == "detected"
        assert await steps(operator, {"id": bike.id}) == ["take_out", "put_back"]
        too_long = {"until": (s.clock() + timedelta(days=8)).isoformat(), "reason": "new lens"}
        assert (await operator.http.put(path, json=too_long, headers={"If-Match": '"v3"'})).status_code == 422
        assert (await operator.http.get("/api/v1/devices/P09-C1/service")).status_code == 404


async def test_a_device_comes_back_by_itself_when_its_time_is_over(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        body = {"until": (s.clock() + timedelta(hours=2)).isoformat(), "reason": "new lens"}
        await operator.http.put("/api/v1/devices/P01-C1/service", json=body, headers={"If-Match": '"v1"'})
        await s.send(seen(sender).now("opened"))
        s.clock.forward(hours=2)
        await due(s)
        assert (await operator.the_incident())["state"] == "detected"
        assert (await operator.get("/devices/P01-C1/service"))["version"] == 3


async def test_a_night_market_is_stored_and_called_when_it_outlasts_its_hours(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        s.clock.at = s.clock.at.replace(day=20, hour=11, minute=0)  # Friday, 19:00 in Shanghai
        policy = AlarmPolicy(suppressions=(MARKET.model_copy(update={"where": ("G01",)}),))
        s.app.state.context.current.policies = Policies({"alarms": policy}, {"alarms": 1})
        stall = seen(sender)
        await s.send(stall.now("opened"))
        assert await operator.incidents() == []
        alarm = await the_alarm(operator)
        assert alarm["state"]["aside"] == {
            "state": "suppressed",
            "until": "2026-11-20T15:00:00Z",
            "by": "market",
            "reason": "permitted",
        }
        s.clock.forward(hours=4)
        await due(s)
        assert (await operator.the_incident())["state"] == "detected"
        assert await steps(operator, alarm) == ["suppress", "suppression_ended"]


async def test_an_alarms_log_is_never_changed(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        await s.send(seen(sender).now("opened"))
        await post(operator, await the_alarm(operator), "acknowledge")
        engine = s.app.state.context.engine
        for statement in ("UPDATE alarm_event SET reason = 'x'", "DELETE FROM alarm_event"):
            with pytest.raises(DBAPIError, match="append-only"):
                async with engine.begin() as connection:
                    await connection.execute(text(statement))


async def test_what_joins_a_case_while_aside_is_part_of_it_and_photos_of_what_has_none_are_kept(
    street, sender, seen, store_photo
) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        await s.send(seen(sender).now("opened"))
        await shelve(s, operator, await the_alarm(operator))
        more = seen(sender)
        await s.send(more.now("opened"))
        incident = await operator.the_incident()
        assert {alarm["state"]["name"] for alarm in incident["alarms"]} == {"shelved"}
        alone = seen(sender, place="P01-S1", event_class="01-01")
        await s.send(alone.now("opened"))
        body = {"until": (s.clock() + timedelta(hours=2)).isoformat(), "reason": "new lens"}
        await operator.http.put("/api/v1/devices/P01-C1/service", json=body, headers={"If-Match": '"v1"'})
        third = seen(sender, place="elsewhere", event_class="01-01")
        await s.send(third.now("opened"))
        assert (await s.send(sender.photo(third.id, await store_photo(s))))["refused"] == []
