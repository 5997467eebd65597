"""The whole life of a smoke alarm in the market: ten shops and security office first, then the officer.

A real HTTP server stands in for the street's SMS hook; the clock is the tests'.
"""

from __future__ import annotations

from typing import Any

import pytest

from cloud.areas.groups import Market
from tests.cloud.life_for_tests import SMOKE, Life, actions, living
from tests.cloud.provider_for_tests import KEY, providers

pytestmark = pytest.mark.anyio
NAME = {"zh": "名", "en": "name"}
MARKET = Market.model_validate(
    {
        "id": "M1",
        "name": NAME,
        "rotation": {"begins": "2026-11-23"},
        "offices": [{"id": "O1", "grid": "G01", "name": NAME}],
        "groups": [
            {
                "id": "TEN", "name": NAME, "office": "O1", "centre": "SHOP-1",
                "shops": [
                    {"id": f"SHOP-{n}", "name": NAME, "lon": 120.005 + n / 100_000, "lat": 30.005}
                    for n in range(1, 11)
                ],
            }
        ],
    }
)  # fmt: skip


@pytest.fixture
def market(street, url, tmp_path):
    return lambda: living(street, url, tmp_path, market=MARKET)


@pytest.fixture
async def sms(monkeypatch):
    """The hook that sends short messages."""
    async with providers() as played:
        monkeypatch.setenv("GRIDWATCH_PUSH_SMS", played.at("sms"))
        monkeypatch.setenv("GRIDWATCH_PUSH_SMS_KEY", KEY)
        yield lambda: [set(one.json["to"]) for one in played.of("sms")]


def smoke(sender: Any, seen: Any) -> Any:
    return seen(sender, place="P01-S1", event_class=SMOKE, severity="critical")


def of_sensor(life: Life, alarm: Any, change: str) -> Any:
    return life.see(
        alarm, change, device="P01-S1", zone=None, rule="smoke", label="smoke", box=None, count=None
    )


async def whistle(who: Any, case: dict[str, Any], *organisations: str) -> dict[str, dict[str, Any]]:
    answer = await who.http.post(
        f"/api/v1/incidents/{case['id']}/whistles",
        json={"organisations": list(organisations), "reason": "smoke in the market"},
        headers={"If-Match": f'"v{case["version"]}"'},
    )
    assert answer.status_code == 201, answer.text
    return {one["organisation"]: one for one in answer.json()["items"]}


async def say(who: Any, call: dict[str, Any], answer: str, words: str | None = None) -> dict[str, Any]:
    got = await who.http.post(
        f"/api/v1/whistles/{call['id']}/answers",
        json={"answer": answer, "words": words},
        headers={"If-Match": f'"v{call["version"]}"'},
    )
    assert got.status_code == 200, got.text
    found: dict[str, Any] = got.json()
    return found


async def refused(who: Any, action: str) -> str:
    answer = await who.do(await who.the_incident(), action)
    assert answer.status_code == 409, answer.text
    return str(answer.json()["detail"])


async def test_acknowledged_departments_come_report_and_it_is_closed_and_rated(
    market, sms, sender, seen
) -> None:
    async with market() as life:
        leader, operator = await life.street.log_in(), await life.street.log_in("operator")
        office = await life.hire("office", "department", organisation="O1")
        fire = await life.hire("fire", "department", organisation="XF")
        police = await life.hire("police", "department", organisation="GA")
        community = await life.hire("li", "community", areas=("C1",))
        alarm = smoke(sender, seen)

        # First rung: the shop on duty, the security office of the grid and the patrol room.
        await of_sensor(life, alarm, "opened")
        case = await leader.the_incident()
        await life.climbed(leader, case, "shops and office")
        assert {"shop:SHOP-1", "office:O1", "person:office", "person:operator"} in sms()

        # Accepted within the minute: nobody further is called.
        await life.pass_time(seconds=30)
        case = await operator.done(case, "accept")
        await life.pass_time(minutes=3)
        await life.climbed(leader, case, "shops and office", "accepted")

        # It is the security office's, and two departments are whistled for; fire comes, police are late.
        answer = await leader.http.post(
            f"/api/v1/incidents/{case['id']}/transitions",
            json={"action": "dispatch", "organisation": "O1"},
            headers={"If-Match": f'"v{case["version"]}"'},
        )
        assert answer.status_code == 200, answer.text
        calls = await whistle(leader, answer.json(), "XF", "GA")
        await life.pass_time(minutes=4)
        here = await say(fire, calls["XF"], "check_in")
        await life.pass_time(minutes=6)
        assert (await leader.get("/whistles"))["late"] == 1
        assert "check_in_late" in actions(await leader.log(case))

        # The office puts it out, and the sensor tells that the smoke is gone.
        await office.done(await office.the_incident(), "start", "resolve")
        await of_sensor(life, alarm, "cleared")
        case = await leader.the_incident()
        assert case["state"] == "checking"

        # It is not the grid's to finish; and it is not closed before both have reported.
        assert case["level"] == "community", "it was with the grid for longer than ten minutes"
        assert "have not reported: GA, XF" in await refused(community, "close")
        await say(fire, here, "report", "a pan on a stove; no damage")
        theirs = (await police.get(f"/incidents/{case['id']}/whistles"))["items"]
        (called,) = [one for one in theirs if one["organisation"] == "GA"]
        assert "have not reported: GA" in await refused(community, "close")
        await say(police, await say(police, called, "check_in"), "report", "lane kept free")
        case = await community.done(await community.the_incident(), "close")

        # The community rates who came, and the case.
        rating = {"score": 5, "words": "there in four minutes"}
        answer = await community.http.post(f"/api/v1/whistles/{calls['XF']['id']}/rating", json=rating)
        assert (answer.status_code, answer.json()["rating"]["score"]) == (201, 5)
        case = await community.done(await community.the_incident(), "rate")
        assert case["state"] == "evaluated"


async def test_not_acknowledged_the_officer_is_called_and_unsolved_it_goes_up_to_the_street(
    market, sms, sender, seen
) -> None:
    async with market() as life:
        leader = await life.street.log_in()
        fire = await life.hire("fire", "department", organisation="XF")
        await life.hire("police", "department", organisation="GA")
        alarm = smoke(sender, seen)
        await of_sensor(life, alarm, "opened")
        case = await leader.the_incident()
        await life.climbed(leader, case, "shops and office")

        # Nobody accepts it: after a minute the officer is called and the wall rings again ...
        await life.pass_time(seconds=60)
        await life.climbed(leader, case, "shops and office", "officer")
        assert any("person:police" in one for one in sms())
        assert await life.told("deadline") == [("role:operator",)]
        # ... after two minutes the shift leader is asked, and so the ladder ends.
        await life.pass_time(minutes=2)
        assert await life.told("deadline") == [("role:operator",), ("duty:shift_leader",)]
        await life.climbed(leader, case, "shops and office", "officer", "shift leader")
        assert (await leader.the_incident())["level"] == "grid"

        # The leader takes it up and calls the fire brigade, which refuses: that holds the case.
        case = await leader.done(await leader.the_incident(), "accept", "dispatch")
        calls = await whistle(leader, case, "XF")
        await say(fire, calls["XF"], "refuse", "no engine free")

        # Nothing is solved: ten minutes in the grid, half an hour in the community, then it is the street's.
        levels = []
        for minutes in (10, 29, 1):
            await life.pass_time(minutes=minutes)
            levels.append((await leader.the_incident())["level"])
        assert levels == ["community", "community", "street"]

        # Even with the smoke gone it is not closed while the refused call stands.
        await of_sensor(life, alarm, "cleared")
        assert "have not reported: XF" in await refused(leader, "close")
        log = actions(await leader.log(await leader.the_incident()))
        assert log.count("escalated") == 2
        assert log[-1] == "seen_gone"
