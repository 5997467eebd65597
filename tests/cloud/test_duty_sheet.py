"""What a shift hands over: who was called and has not answered, what is late, and only what one may see."""

from __future__ import annotations

from typing import Any

import pytest

from cloud.people.roles import Role
from cloud.settings import Settings
from tests.cloud.case_people_for_tests import hire
from tests.cloud.rosters_for_tests import roster

pytestmark = pytest.mark.anyio
ROOM = roster(identity="room", seats=["s1"], pattern=["day"], shifts={"day": "00:00-24:00"},
              teams=[{"id": "A", "people": ["leader", "next"]}])  # fmt: skip
POLICIES: dict[str, Any] = {
    "rosters": {"timezone": "UTC", "rosters": [ROOM], "grids": {}},
    "deadlines": {"default": {"limits": {"acceptance": "1 h", "whole": "9 h"}}},
    "organisations": {
        "organisations": [{"id": "D1", "kind": "department", "name": {"zh": "城管", "en": "Works"}}]
    },
    "escalation": {"whistle": {"check_in": "30 min", "report": "4 h"}},
}


async def test_the_sheet_names_what_is_late_and_who_was_called_and_is_signed_as_it_stood(
    street, sender, seen, tmp_path
) -> None:
    settings = Settings(state=tmp_path, page=tmp_path / "dist", policies=POLICIES)
    async with street(settings) as s:
        leader = await s.log_in()
        await s.send(seen(sender).now("opened"))
        assert (await leader.http.post("/api/v1/duty/seats/s1/take")).status_code == 204
        sheet = await leader.get("/duty/seats/s1/sheet")
        assert [(one["point"], one["late"]) for one in sheet["open"]] == [("P01", False)]
        assert sheet["calls"] == []
        incident = await leader.the_incident()
        called = await leader.http.post(
            f"/api/v1/incidents/{incident['id']}/whistles",
            json={"organisations": ["D1"], "reason": "come"},
            headers={"If-Match": f'"v{incident["version"]}"'},
        )
        assert called.status_code == 201, called.text
        s.clock.forward(hours=2)
        offered = await leader.http.post("/api/v1/duty/seats/s1/handover", json={"notes": "P01"})
        given = offered.json()["lists"]
        assert [one["late"] for one in given["open"]] == [True]
        (call,) = given["calls"]
        assert (call["organisation"], call["number"], call["checked_in"]) == ("D1", incident["number"], False)
        assert call["late"], "it was to check in within half an hour"

        elsewhere = await hire(s, "elsewhere", Role.OPERATOR, areas=("G02",))
        hidden = (await elsewhere.get(f"/duty/handovers/{offered.json()['id']}"))["lists"]
        assert (hidden["open_count"], hidden["open"], hidden["calls"]) == (1, [], [])
