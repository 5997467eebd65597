"""A wall that is silenced: with a reason, for ten minutes at most, listed when the seat is handed over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from cloud.people.roles import Role
from cloud.settings import Settings
from tests.cloud.sessions_for_tests import client
from tests.cloud.test_duty_seats import WRITTEN, log_in, offer, take

pytestmark = pytest.mark.anyio
PATH = "/api/v1/duty/mutes"


@pytest.fixture
def room(street, tmp_path) -> Callable[[], Any]:
    """`async with room() as s:` an app with two seats."""
    return lambda: street(Settings(state=tmp_path, page=tmp_path / "dist", policies={"rosters": WRITTEN}))


async def test_silence_has_a_reason_and_an_end_within_ten_minutes(room) -> None:
    async with room() as s:
        http = await log_in(s, "leader")
        made = (await http.post(PATH, json={"reason": "phone call", "minutes": 10})).json()
        first, last = (datetime.fromisoformat(made[name]) for name in ("since", "until"))
        assert (made["username"], made["reason"], last - first) == (
            "leader", "phone call", timedelta(minutes=10),
        )  # fmt: skip
        for wish in ({"reason": "x", "minutes": 11}, {"reason": "", "minutes": 1}, {"reason": "x"}):
            assert (await http.post(PATH, json=wish)).status_code == 422


async def test_silence_is_not_made_longer_and_ends_by_its_own_person(room) -> None:
    async with room() as s:
        http, other = await log_in(s, "leader"), await log_in(s, "next")
        made = (await http.post(PATH, json={"reason": "drill", "minutes": 5})).json()
        again = await http.post(PATH, json={"reason": "drill", "minutes": 5})
        assert (again.status_code, again.json()["code"]) == (409, "already_muted")
        assert (await other.post(PATH, json={"reason": "mine", "minutes": 1})).status_code == 201
        assert (await other.post(f"{PATH}/{made['id']}/end")).status_code == 404
        assert (await http.post(f"{PATH}/{uuid4()}/end")).status_code == 404
        assert [(await http.post(f"{PATH}/{made['id']}/end")).status_code for _ in range(2)] == [204, 204]
        assert (await http.post(PATH, json={"reason": "drill again", "minutes": 5})).status_code == 201
        listed = (await other.get(PATH)).json()["items"]
        assert [(one["username"], one["reason"], one["ended_at"] is not None) for one in listed] == [
            ("leader", "drill again", False), ("next", "mine", False), ("leader", "drill", True),
        ]  # fmt: skip


async def test_the_silence_of_a_shift_is_handed_over(room) -> None:
    async with room() as s:
        http = await log_in(s, "leader")
        before = (await http.post(PATH, json={"reason": "before the shift", "minutes": 1})).json()
        await http.post(f"{PATH}/{before['id']}/end")
        s.clock.forward(minutes=1)
        await take(http)
        made = (await http.post(PATH, json={"reason": "phone call", "minutes": 2})).json()
        given = (await offer(http)).json()
        assert given["lists"]["muted"] == [made]


async def test_who_does_not_watch_silences_nothing(room) -> None:
    async with room() as s:
        http = await client(s, "walker", Role.GRID_WORKER)
        assert (await http.post(PATH, json={"reason": "x", "minutes": 1})).status_code == 403
