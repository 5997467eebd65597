"""Verdicts over HTTP, and what they add up to."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import text

from devices.messages import Severity

pytestmark = pytest.mark.anyio


async def alarms_of(who):
    return (await who.get("/alarms"))["items"]


async def judge(who, alarm, **body):
    return await who.http.post(
        f"/api/v1/alarms/{alarm['id']}/verdict", json=body, headers={"If-Match": f'"v{alarm["version"]}"'}
    )


async def test_an_alarm_is_judged_with_a_reason_from_the_list_and_the_log_keeps_each_word(
    street, sender, seen
) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        await s.send(seen(sender).now("opened"))
        (alarm,) = await alarms_of(operator)
        reasons = [one["id"] for one in (await operator.get("/alarms/false-reasons"))["items"]]
        assert "light" in reasons
        for wrong in (
            {"verdict": "false"},
            {"verdict": "false", "reason": "because"},
            {"verdict": "true", "reason": "light"},
            {"verdict": "other_class"},
            {"verdict": "other_class", "event_class": "99-99"},
            {"verdict": "unsure", "event_class": "01-01"},
        ):
            answer = await judge(operator, alarm, **wrong)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), wrong
            assert answer.json()["errors"][0]["pointer"] in ("/body/reason", "/body/event_class")
        first = await judge(operator, alarm, verdict="false", reason="light")
        assert (first.status_code, first.json()["verdict"], first.json()["verdict_reason"]) == (
            200,
            "false",
            "light",
        )
        assert (await judge(operator, alarm, verdict="true")).status_code == 412
        again = await judge(operator, first.json(), verdict="other_class", event_class="01-01")
        assert again.json()["verdict_class"] == "01-01"
        assert again.json()["verdict_reason"] is None
        log = (await operator.get(f"/alarms/{alarm['id']}/events"))["items"]
        assert [(line["action"], line["reason"]) for line in log] == [
            ("judge_false", "light"),
            ("judge_other_class", "01-01"),
        ]


async def test_several_are_judged_at_once_and_what_changed_meanwhile_is_left_and_named(
    street, sender, seen
) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        await s.send(*(seen(sender, place=f"place{n}").now("opened") for n in range(4)))
        alarms = await alarms_of(operator)
        refs = [{"id": one["id"], "version": one["version"]} for one in alarms]
        refs[0]["version"] = 9
        case = next(one for one in await operator.incidents() if one["alarms"][0]["id"] == alarms[3]["id"])
        body = {
            "verdict": "false",
            "reason": "weather",
            "alarms": refs[:3],
            "incidents": [{"id": case["id"], "version": case["version"]}],
        }
        answer = (await operator.http.post("/api/v1/alarms/verdicts", json=body)).json()
        assert set(answer["judged"]) == {one["id"] for one in alarms[1:]}
        assert answer["skipped"] == [alarms[0]["id"]]
        again = (await operator.http.post("/api/v1/alarms/verdicts", json=body)).json()
        assert again["judged"] == []


async def test_accepting_a_case_says_true_but_overrules_nobody_and_a_false_one_is_false(
    street, sender, seen
) -> None:
    async with street() as s:
        leader = await s.log_in()
        await s.send(seen(sender).now("opened"), seen(sender).now("opened"))
        one, other = await alarms_of(leader)
        await judge(leader, one, verdict="other_class", event_class="01-01")
        case = await leader.done(await leader.the_incident(), "accept")
        verdicts = {alarm["id"]: alarm["verdict"] for alarm in case["alarms"]}
        assert verdicts == {one["id"]: "other_class", other["id"]: "true"}
        case = await leader.done(case, "false_alarm")
        assert {alarm["verdict"] for alarm in case["alarms"]} == {"false"}


async def test_precision_counts_by_camera_class_and_the_sites_hour(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        await s.send(*(seen(sender, place=f"place{n}").now("opened") for n in range(5)))
        alarms = await alarms_of(operator)
        for alarm in alarms[:3]:
            await judge(operator, alarm, verdict="true")
        await judge(operator, alarms[3], verdict="false", reason="zone")
        found = await operator.get("/precision", until=(s.clock() + timedelta(hours=1)).isoformat())
        (item,) = found["items"]
        assert (item["device"], item["event_class"]) == ("P01-C1", "05-06")
        assert item["count"] == {"true": 3, "false": 1, "other_class": 0, "unsure": 0}
        assert item["reasons"] == {"zone": 1}
        assert item["precision"]["share"] == 0.75
        assert item["precision"]["low"] < 0.5
        (hour,) = item["hours"]
        assert hour["hour"] == 12, "04:00 in UTC is noon in Shanghai"
        assert found["total"] == item["count"]
        assert found["advice"] == []
        too_long = await operator.http.get(
            "/api/v1/precision", params={"since": "2020-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}
        )
        assert too_long.status_code == 422


async def test_figures_tell_rate_flood_chatter_top_and_what_called_nobody(street, sender, seen) -> None:
    async with street() as s:
        operator = await s.log_in("operator")
        await s.send(*(seen(sender, place=f"place{n}").now("opened") for n in range(12)))
        for _ in range(3):
            bell = seen(sender, place="bell", event_class="01-01", severity=Severity.HIGH)
            await s.send(bell.now("opened"))
            await s.send(bell.now("cleared"))
        (last,) = [one for one in await alarms_of(operator) if one["id"] == str(bell.id)]
        until = (s.clock() + timedelta(minutes=10)).isoformat()
        await operator.http.post(
            f"/api/v1/alarms/{last['id']}/shelve",
            json={"until": until, "reason": "mended tomorrow"},
            headers={"If-Match": f'"v{last["version"]}"'},
        )
        leader = await s.log_in()
        (case,) = [one for one in await leader.incidents() if one["place"] == "bell"]
        await leader.done(case, "void")
        s.clock.forward(minutes=5)
        quiet = seen(sender, place="bell", event_class="01-01", at=s.clock())
        await s.send(quiet.now("opened"))
        s.clock.forward(minutes=55)
        found = await operator.get("/alarms/figures")
        assert (found["annunciated"], found["not_annunciated"]) == (15, {"shelved": 1})
        assert found["by_severity"] == {"medium": 12, "high": 3}
        assert found["peak_per_operator_per_10_min"] == 15
        (flood,) = found["floods"]
        assert flood["alarms"] == 15
        assert [(one["place"], one["times"]) for one in found["chattering"]] == [("bell", 1)]
        assert (found["top"][0]["device"], found["top"][0]["alarms"]) == ("P01-C1", 12)
        assert found["top_share"] == 1.0
        assert found["stale"] == 0
        await s.send(quiet.now("cleared"))
        s.clock.forward(days=1)
        operator = await s.log_in("operator")
        assert (await operator.get("/alarms/figures"))["stale"] == 12
        lines = (await s.http.get("/metrics")).text.splitlines()
        assert 'gridwatch_alarms_active{state="unacknowledged"} 12.0' in lines
        assert "gridwatch_alarms_stale 12.0" in lines
        assert "gridwatch_alarms_flood 0.0" in lines
        assert (
            await operator.http.get("/api/v1/alarms/figures?since=2026-01-01T00:00:00Z")
        ).status_code == 422


MANY = text("""
    INSERT INTO alarm (id, incident_id, version, rev, state, node, point, device, rule, place, event_class,
        label, score, severity, since, at_least, suspected, opened_at, changed_at, cleared_at, received_at,
        hints, history, parts, aside, aside_until, verdict, verdict_reason)
    SELECT gen_random_uuid(), NULL, 1, 1, 'cleared', 'n1', 'P01', 'C' || n % 38, 'r', 'p', '05-0' || n % 5,
        'bicycle', (n % 100) / 100.0, 'low', t, false, false, t, t, t, t, '[]', false, '[]',
        'shelved', t, CASE WHEN n % 10 < 7 THEN 'true' ELSE 'false' END,
        CASE WHEN n % 10 < 7 THEN NULL ELSE 'light' END
    FROM generate_series(1, :count) AS n,
        LATERAL (SELECT CAST(:now AS timestamptz) - n * interval '1 second' AS t) AS at
""")


@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=pytest.mark.long)])
async def test_precision_of_very_many_judged_alarms_is_quick(street, count) -> None:
    async with street() as s:
        engine = s.app.state.context.engine
        async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text("SET statement_timeout = 0"))
            await connection.execute(MANY, {"count": count, "now": s.clock()})
            await connection.execute(text("VACUUM ANALYZE alarm"))
            await connection.execute(text("RESET statement_timeout"))
        operator = await s.log_in("operator")
        began = time.perf_counter()
        found = await operator.get("/precision")
        took = time.perf_counter() - began
        assert found["total"]["true"] + found["total"]["false"] == count
        assert took < 10.0, f"{took:.2f} s"
        print(f"{count} judged alarms: {took:.2f} s")
