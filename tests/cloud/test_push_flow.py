from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from cloud import rounds
from cloud.areas import group_store
from cloud.areas.groups import Group, Market, Office, Rotation, Shop
from cloud.database.engine import make_engine
from cloud.incidents.store import Actor
from cloud.people.accounts import add_user
from cloud.people.roles import Role
from cloud.push.ladder import HELD_LOOK
from cloud.push.tables import attempt, notice
from cloud.settings import Settings
from devices.messages import Severity
from devices.site.model import Names
from tests.cloud.provider_for_tests import KEY, Providers, providers
from tests.cloud.sender_for_tests import START

pytestmark = pytest.mark.anyio
WITHIN = 5.0
"""Seconds from the alarm's ingest to the office and the duty shop."""
POLICY = {
    "page": "https://gridwatch.example.org",
    "channels": {
        "office": {"kind": "dingtalk", "address": "GRIDWATCH_PUSH_OFFICE_{office}"},
        "sms": {"kind": "sms", "address": "GRIDWATCH_PUSH_SMS"},
    },
    "ladders": [
        {
            "name": "market", "market": True, "severities": ["critical"],
            "rungs": [
                {"name": "shops", "to": ["group:duty", "group:office", "role:operator"],
                 "by": ["page", "office", "sms"], "wait": "60 s"},
                {"name": "officer", "to": ["person:officer"], "by": ["sms"], "wait": "2 min"},
            ],
        },
        {
            "name": "usual", "ends_with": ["read", "accepted"],
            "rungs": [{"name": "page", "to": ["role:operator"], "by": ["page"], "wait": "60 s"},
                      {"name": "leader", "to": ["role:leader"], "by": ["sms"], "wait": "60 s"}],
        },
    ],
}  # fmt: skip


def names(text: str) -> Names:
    return Names(zh=text, en=text)


def market() -> Market:
    """Twelve shops in two groups; those of the first stand at P01."""

    def shop(group: int, number: int) -> Shop:
        east = 120.005 + number / 10000 if group == 1 else 120.009
        return Shop(id=f"S{group}{number}", name=names("Shop"), lon=east, lat=30.005 + group / 100000)

    groups = tuple(
        Group(id=f"T{group}", name=names("Ten shops"), office="O1", centre=f"S{group}0",
              shops=tuple(shop(group, number) for number in range(6)))
        for group in (1, 2)
    )  # fmt: skip
    return Market(
        id="M1", name=names("Market"), rotation=Rotation(begins=date(2026, 11, 20)),
        offices=(Office(id="O1", grid="G01", name=names("Office")),), groups=groups,
    )  # fmt: skip


@pytest.fixture
async def played(monkeypatch) -> AsyncIterator[Providers]:
    async with providers() as found:
        monkeypatch.setenv("GRIDWATCH_PUSH_OFFICE_O1", found.at("dingtalk"))
        monkeypatch.setenv("GRIDWATCH_PUSH_OFFICE_O1_KEY", KEY)
        monkeypatch.setenv("GRIDWATCH_PUSH_SMS", found.at("sms"))
        monkeypatch.setenv("GRIDWATCH_PUSH_SMS_KEY", KEY)
        yield found


@pytest.fixture
def hurried(monkeypatch) -> None:
    """Looks more often than an install does."""
    monkeypatch.setattr(rounds, "POLL", 0.1)


@pytest.fixture
def pushing(street, tmp_path) -> Callable[[], Any]:
    """`async with pushing() as s:` an app that pushes."""
    paths = {"state": tmp_path, "page": tmp_path / "dist"}
    return lambda: street(Settings(**paths, policies={"push": POLICY}))


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while True:
            found = true()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)


async def test_a_smoke_alarm_in_the_market_reaches_office_and_duty_shop_in_time_and_then_the_officer(
    url, pushing, played, sender, seen
) -> None:
    engine = make_engine(url)
    async with engine.begin() as connection:
        await group_store.keep(connection, market(), Actor("system", "test"), START)
        await add_user(
            connection, "officer", names("Officer"), [Role.STREET], "long enough a password", START
        )
    await engine.dispose()
    async with pushing() as s:
        smoke = seen(sender, event_class="01-01", severity=Severity.CRITICAL)
        await s.send(smoke.now("opened"), sent_at=s.clock())
        began = time.monotonic()
        await until(lambda: played.of("dingtalk") and played.of("sms"))
        took = time.monotonic() - began
        print(f"alarm to office and duty shop: {took:.2f} s")
        assert took <= WITHIN
        (office,), (first,) = played.of("dingtalk"), played.of("sms")
        assert office.text.startswith("【网格哨】特急：中Lid，中G01，中Point 1")
        # Day three of the rotation, in the morning: the third shop of the group that stands there.
        assert first.json["to"] == ["person:operator", "shop:S12", "office:O1"]
        s.clock.forward(seconds=61)
        began = time.monotonic()
        await until(lambda: len(played.of("sms")) == 2)
        print(f"unacknowledged, its minute over, to the officer: {time.monotonic() - began:.2f} s")
        assert played.of("sms")[1].json["to"] == ["person:officer"]
        who = await s.log_in("leader")
        case = await who.the_incident()
        await who.done(case, "accept")
        (record,) = (await who.get(f"/incidents/{case['id']}/notices"))["items"]
        assert [(one["rung_name"], one["channel"], one["state"]) for one in record["attempts"]] == [
            ("shops", "office", "sent"), ("shops", "page", "sent"), ("shops", "sms", "sent"),
            ("officer", "sms", "sent"),
        ]  # fmt: skip


@pytest.mark.usefixtures("hurried")
async def test_a_link_in_a_message_lets_nobody_in_and_says_who_read_it(
    url, pushing, played, sender, seen
) -> None:
    engine = make_engine(url)
    async with engine.begin() as connection:
        await group_store.keep(connection, market(), Actor("system", "test"), START)
    await engine.dispose()
    async with pushing() as s:
        await s.send(seen(sender, severity=Severity.CRITICAL).now("opened"), sent_at=s.clock())
        await until(lambda: played.of("dingtalk"))
        token = played.of("dingtalk")[0].text.rpartition("/p/")[2]
        landing = await s.http.get(f"/p/{token}")
        assert (landing.status_code, landing.headers["location"]) == (303, f"/#/notice/{token}")
        assert (await s.http.post("/api/v1/push/links", json={"token": token})).status_code == 401
        who = await s.log_in("leader")
        case = await who.the_incident()
        path = f"/incidents/{case['id']}/notices"
        assert (await who.get(path))["items"][0]["receipts"] == []
        unknown = await who.http.post("/api/v1/push/links", json={"token": "x" * 43})
        assert unknown.status_code == 404
        followed = await who.http.post("/api/v1/push/links", json={"token": token})
        assert followed.json()["incident_id"] == case["id"]
        (receipt,) = (await who.get(path))["items"][0]["receipts"]
        assert (receipt["username"], receipt["how"]) == ("leader", "link")
        s.clock.forward(days=8)
        other = await s.log_in("leader")
        late = await other.http.post("/api/v1/push/links", json={"token": token})
        assert late.status_code == 404


@pytest.mark.usefixtures("hurried")
async def test_a_page_says_that_it_rang_and_was_read_and_opening_the_case_says_so_too(
    pushing, played, sender, seen
) -> None:
    async with pushing() as s:
        operator, leader = await s.log_in("operator"), await s.log_in("leader")
        await s.send(seen(sender).now("opened"), sent_at=s.clock())
        case = await operator.the_incident()
        path = f"/incidents/{case['id']}/notices"

        async def rung() -> bool:
            items = (await operator.get(path))["items"]
            return bool(items and items[0]["attempts"])

        await until(rung)
        notice = (await operator.get(path))["items"][0]["id"]
        door = f"/api/v1/push/notices/{notice}"
        assert (await leader.http.post(f"{door}/delivered")).status_code == 404
        assert (await operator.http.post(f"{door}/delivered")).status_code == 204
        s.clock.forward(seconds=2)
        await leader.get(f"/incidents/{case['id']}")
        await operator.get(f"/incidents/{case['id']}", seen="false")
        (only,) = (await operator.get(path))["items"][0]["receipts"]
        assert only["read_at"] is None, (
            "the leader was not called, and a page that loads by itself reads nothing"
        )
        await operator.get(f"/incidents/{case['id']}")
        s.clock.forward(seconds=2)
        assert (await operator.http.post(f"{door}/read")).status_code == 204
        (only,) = (await operator.get(path))["items"][0]["receipts"]
        assert (only["username"], only["how"]) == ("operator", "case"), "the first time counts"
        assert only["delivered_at"] < only["read_at"]
        s.clock.forward(seconds=60)

        async def ended() -> bool:
            return (await operator.get(path))["items"][0]["ended_by"] == "read"

        await until(ended)
        assert played.got == []


@pytest.mark.usefixtures("hurried")
async def test_only_who_is_called_hears_of_it_on_the_stream(pushing, played, sender, seen) -> None:
    async with pushing() as s:
        context = s.app.state.context
        subscription = context.tail.subscribe()
        await s.send(seen(sender).now("opened"), sent_at=s.clock())
        async with asyncio.timeout(60):
            while True:
                item = await subscription.queue.get()
                if item.kind == "notice":
                    break
        body = json.loads(item.body.model_dump_json())
        assert body["to"] == ["operator"]
        assert item.is_for(None, (Role.OPERATOR,), "operator")
        assert not item.is_for(None, (Role.LEADER,), "leader")
        context.tail.leave(subscription)


@pytest.mark.usefixtures("hurried")
async def test_history_calls_nobody_until_it_is_live(pushing, played, sender, seen) -> None:
    async with pushing() as s:
        old, fresh = seen(sender), seen(sender, place="elsewhere")
        await s.send(old.now("opened"), sent_at=START + timedelta(hours=2))
        await s.send(fresh.now("opened"), sent_at=fresh.at)
        who = await s.log_in("leader")
        cases = {one["place"]: one for one in await who.incidents()}
        silent, told = (f"/incidents/{cases[place]['id']}/notices" for place in (old.place, "elsewhere"))

        async def called(path: str) -> bool:
            return bool((await who.get(path))["items"])

        await until(lambda: called(told))
        assert not await called(silent)
        old.at = s.clock()
        await s.send(old.now("updated"), sent_at=old.at)
        await until(lambda: called(silent))


@pytest.mark.usefixtures("hurried")
async def test_while_its_alarm_is_shelved_a_ladder_stands_still_and_then_goes_on(
    url, pushing, played, sender, seen
) -> None:
    async with pushing() as s:
        leader, alarm = await s.log_in("leader"), seen(sender)
        await s.send(alarm.now("opened"), sent_at=s.clock())
        case = await leader.the_incident()
        engine = make_engine(url, pool_size=1)

        async def looks_at() -> tuple[datetime, int]:
            """When the ladder is looked at next, and how many were tried."""
            tried = select(func.count()).select_from(attempt).scalar_subquery()
            async with engine.connect() as connection:
                return tuple((await connection.execute(select(notice.c.look_at, tried))).one())

        async def told_once() -> bool:
            async with engine.connect() as connection:
                return await connection.scalar(select(func.count()).select_from(attempt)) == 1

        async def shelf(action: str, **more: Any) -> None:
            found = (await leader.get("/alarms"))["items"][0]
            door = f"/api/v1/alarms/{found['id']}/{action}"
            answer = await leader.http.post(door, json=more, headers={"If-Match": f'"v{found["version"]}"'})
            assert answer.status_code == 200, answer.text

        await until(told_once)
        until_when = (s.clock() + timedelta(minutes=30)).isoformat()
        await shelf("shelve", until=until_when, reason="roadworks")
        s.clock.forward(seconds=61)

        async def held() -> bool:
            return await looks_at() == (s.clock() + HELD_LOOK, 1)

        await until(held)
        assert played.got == []
        (record,) = (await leader.get(f"/incidents/{case['id']}/notices"))["items"]
        assert record["ended_at"] is None
        await shelf("unshelve")
        s.clock.forward(seconds=5)
        await until(lambda: played.of("sms"))
        await engine.dispose()
