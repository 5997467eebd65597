"""Seats of the patrol room over HTTP: taken once, handed over with two signatures, everything in the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from cloud.duty.tables import seat_event
from cloud.people.roles import Role
from cloud.settings import Settings
from tests.cloud.conftest import Someone
from tests.cloud.rosters_for_tests import roster
from tests.cloud.sessions_for_tests import client

pytestmark = pytest.mark.anyio
ROOM = roster(identity="room", seats=["s1", "s2"], pattern=["day"], shifts={"day": "00:00-24:00"},
              teams=[{"id": "A", "people": ["leader", "next"]}])  # fmt: skip
WRITTEN = {
    "timezone": "UTC",
    "rosters": [ROOM, roster(identity="w", job="worker")],
    "grids": {"G01": {"primary": "w-A0", "backups": ["w-B0"], "leader": "boss"}},
}


@pytest.fixture
def room(street, tmp_path) -> Callable[[], Any]:
    """`async with room() as s:` an app with two seats."""
    return lambda: street(Settings(state=tmp_path, page=tmp_path / "dist", policies={"rosters": WRITTEN}))


async def log_in(s: Any, username: str) -> httpx.AsyncClient:
    return await client(s, username, Role.OPERATOR)


async def take(http: httpx.AsyncClient, seat: str = "s1") -> int:
    return (await http.post(f"/api/v1/duty/seats/{seat}/take")).status_code


async def offer(http: httpx.AsyncClient, seat: str = "s1", notes: str = "all quiet") -> httpx.Response:
    return await http.post(f"/api/v1/duty/seats/{seat}/handover", json={"notes": notes})


async def sitting(http: httpx.AsyncClient) -> dict[str, str | None]:
    items = (await http.get("/api/v1/duty/seats")).json()["items"]
    return {one["seat"]: one["username"] for one in items}


async def log(s: Any) -> list[tuple[str, str, str, str, bool]]:
    statement = select(seat_event).order_by(seat_event.c.id)
    async with s.app.state.context.engine.connect() as connection:
        return [
            (row.seat, row.action, row.username, row.actor, row.on_roster)
            for row in await connection.execute(statement)
        ]


async def test_a_shift_is_handed_over_with_what_is_open_and_both_sign(room, sender, seen) -> None:
    async with room() as s:
        first, second = await log_in(s, "leader"), await log_in(s, "stranger")
        await s.send(seen(sender).now("opened"))
        assert await take(first) == 204
        assert await take(first) == 204, "once more changes nothing"
        answer = await offer(first, notes="P01 rings at night")
        assert answer.status_code == 201
        given = answer.json()
        assert (given["giver"], given["taker"], given["notes"]) == ("leader", None, "P01 rings at night")
        assert given["lists"]["open_count"] == 1
        (case,) = given["lists"]["open"]
        assert (case["state"], case["event_class"]) == ("detected", "05-06")
        assert given["lists"]["shelved"] == []
        own = await first.post(f"/api/v1/duty/handovers/{given['id']}/sign")
        assert (own.status_code, own.json()["code"]) == (409, "seat_taken")
        assert await sitting(first) == {"s1": "leader", "s2": None}
        signed = await second.post(f"/api/v1/duty/handovers/{given['id']}/sign")
        assert (signed.status_code, signed.json()["taker"]) == (200, "stranger")
        assert await sitting(second) == {"s1": "stranger", "s2": None}
        (head,) = (await second.get("/api/v1/duty/handovers")).json()["items"]
        assert (head["id"], head["taker"]) == (given["id"], "stranger")
        read = (await second.get(f"/api/v1/duty/handovers/{given['id']}")).json()
        assert (read["notes"], read["lists"]) == (given["notes"], given["lists"])
        assert await log(s) == [
            ("s1", "taken", "leader", "leader", True),
            ("s1", "handed_over", "stranger", "leader", False),
        ]


async def test_of_many_who_sit_down_at_once_one_does(room) -> None:
    async with room() as s:
        people = [await log_in(s, f"p{n}") for n in range(4)]
        assert sorted(await asyncio.gather(*(take(one) for one in people))) == [204, 409, 409, 409]
        answer = await people[0].post("/api/v1/duty/seats/s1/take")
        if answer.status_code == 409:
            assert "has had s1 since" in answer.json()["detail"]


async def test_nobody_has_two_seats(room) -> None:
    async with room() as s:
        first, second = await log_in(s, "leader"), await log_in(s, "next")
        assert (await take(first), await take(first, "s2")) == (204, 409)
        assert await take(second, "s2") == 204
        given = (await offer(first)).json()
        answer = await second.post(f"/api/v1/duty/handovers/{given['id']}/sign")
        assert (answer.status_code, "next has another seat" in answer.json()["detail"]) == (409, True)
        assert await sitting(first) == {"s1": "leader", "s2": "next"}, "nothing of it was done"
        assert (await second.get(f"/api/v1/duty/handovers/{given['id']}")).json()["taker"] is None


async def test_an_offer_is_signed_once_and_only_the_last_one(room) -> None:
    async with room() as s:
        first = await log_in(s, "leader")
        others = [await log_in(s, name) for name in ("a", "b")]
        await take(first)
        old, new = (await offer(first)).json(), (await offer(first)).json()
        assert (await others[0].post(f"/api/v1/duty/handovers/{old['id']}/sign")).status_code == 409
        path = f"/api/v1/duty/handovers/{new['id']}/sign"
        answers = await asyncio.gather(*(one.post(path) for one in others))
        assert sorted(one.status_code for one in answers) == [200, 409]
        assert (await offer(first)).status_code == 409, "who handed over has no seat any more"


async def test_a_seat_that_was_left_or_freed_says_why_and_takes_its_offer_back(room) -> None:
    async with room() as s:
        first, second = await log_in(s, "leader"), await log_in(s, "next")
        await take(second)
        given = (await offer(second)).json()
        path = "/api/v1/duty/seats/s1/leave"
        assert (await first.post(path, json={})).status_code == 422
        assert (await first.post(path, json={"reason": "went home without a word"})).status_code == 204
        assert (await first.post(path, json={"reason": "again"})).status_code == 404
        assert (await first.post(f"/api/v1/duty/handovers/{given['id']}/sign")).status_code == 409
        await take(second)
        assert (await second.post(path, json={"reason": "ill"})).status_code == 204
        assert [f"{action} {who} by {actor}" for _, action, who, actor, _ in await log(s)] == [
            "taken next by next",
            "freed next by leader",
            "taken next by next",
            "left next by next",
        ]
        with pytest.raises(DBAPIError, match="append-only"):
            async with s.app.state.context.engine.begin() as connection:
                await connection.execute(text("DELETE FROM seat_event"))


async def test_a_seat_or_hand_over_that_there_is_not_is_not_found(room) -> None:
    async with room() as s:
        leader = await log_in(s, "leader")
        assert await take(leader, "s9") == 404
        assert (await leader.get(f"/api/v1/duty/handovers/{uuid4()}")).status_code == 404
        assert (await leader.post(f"/api/v1/duty/handovers/{uuid4()}/sign")).status_code == 404
        assert (await offer(leader)).status_code == 409


async def test_who_is_on_duty_and_where_nobody_is(room) -> None:
    async with room() as s:
        leader = Someone(await log_in(s, "leader"))
        found = await leader.get("/duty", grid="G01", at="2026-01-01T12:00:00Z")
        assert (found["primary"], found["shift_leader"], found["uncovered"]) == ("w-A0", "leader", False)
        assert [(one["roster"], one["team"]) for one in found["turns"]] == [("room", "A"), ("w", "A")]
        assert {"zh", "en"} == found["names"]["leader"].keys()
        found = await leader.get("/duty", grid="G01", at="2026-01-02T12:00:00Z")
        assert (found["primary"], found["backup"], found["grid_leader"], found["uncovered"]) == (
            None, None, "boss", True,
        )  # fmt: skip
        assert (await leader.get("/duty"))["operators"] == ["leader", "next"]
        gaps = (await leader.get("/duty/holes", first="2026-01-01", days=4))["items"]
        assert [(one["grid"], one["begins_at"], one["ends_at"]) for one in gaps] == [
            ("G01", "2026-01-01T00:00:00Z", "2026-01-01T08:00:00Z"),
            ("G01", "2026-01-02T08:00:00Z", "2026-01-02T20:00:00Z"),
            ("G01", "2026-01-03T08:00:00Z", "2026-01-04T08:00:00Z"),
            ("G01", "2026-01-04T20:00:00Z", "2026-01-05T00:00:00Z"),
        ]
        for query in ({"grid": "G9"}, {"at": "2100-01-01T00:00:00Z"}):
            assert (await leader.http.get("/api/v1/duty", params=query)).status_code in (404, 422)


async def test_without_rosters_there_are_no_seats_and_nobody_is_on_duty(street) -> None:
    async with street() as s:
        leader = Someone(await log_in(s, "leader"))
        assert await leader.get("/duty/seats") == {"items": []}
        assert (await leader.http.get("/api/v1/duty")).status_code == 404
