"""The whole life of shared bikes left on the pavement, by the shipped playbook: 先宣传 → 后清理 → 再维保."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cloud.life_for_tests import BIKES, actions, living

pytestmark = pytest.mark.anyio


@pytest.fixture
def bikes(street, url, tmp_path):
    return lambda: living(street, url, tmp_path)


async def test_set_right_within_the_window_it_is_counted_and_not_filed(bikes, sender, seen) -> None:
    async with bikes() as life:
        leader, alarm = await life.street.log_in(), seen(sender, event_class=BIKES)
        await life.see(alarm, "opened")
        case = await leader.the_incident()
        assert case["state"] == "verifying", "it waits, and nobody is sent"

        await life.pass_time(minutes=4)
        await life.see(alarm, "cleared")
        notices = (await leader.get(f"/incidents/{case['id']}/notices"))["items"]
        assert not any(one["attempts"] for one in notices), "nobody was called"

        case = await leader.the_incident()
        assert case["state"] == "closed"
        assert actions(await leader.log(case)) == ["open", "verify", "seen_gone", "self_corrected"]
        assert await life.told("playbook") == []
        assert await life.told("deadline") == [], "nor was anybody told that nobody accepts it"

        # What comes out of an outage, too late to call anybody, is a person's: nothing is done by itself.
        late = seen(sender, event_class=BIKES, at=life.clock() - timedelta(hours=3))
        await life.street.send(sender.wrap(late.condition("opened", 1), late.at))
        await life.pass_time(minutes=30)
        (case,) = await leader.incidents("open")
        assert (case["state"], case["history"]) == ("detected", True)


async def test_solved_told_cleared_handled_looked_at_again_closed_and_rated(bikes, sender, seen) -> None:
    async with bikes() as life:
        leader, alarm = await life.street.log_in(), seen(sender, event_class=BIKES)
        company = await life.hire("whale", "department", organisation="BIKE-A")
        crew = await life.hire("crew", "department", organisation="CG")
        community = await life.hire("li", "community", areas=("C1",))

        # The camera tells of bikes; they have five minutes.
        await life.see(alarm, "opened")
        assert await company.incidents() == [], "not yet theirs to see"

        # Still there: filed by itself, and first the companies are told; only now the ladder begins.
        await life.pass_time(minutes=5)
        case = await company.the_incident()
        await life.climbed(leader, case, "page")
        assert (case["state"], case["level"], case["organisation"]) == ("filed", "grid", None)
        assert await life.told("playbook") == [
            ("organisation:BIKE-A", "organisation:BIKE-B", "organisation:BIKE-C")
        ]

        assert await life.told("deadline") == [], "nobody was to accept it while it was left to be set right"

        # Still there: dispatched to urban management, which is to clear it within the hour.
        await life.pass_time(minutes=20)
        case = await crew.the_incident()
        assert (case["state"], case["organisation"]) == ("dispatched", "CG")

        # The crew clears it and says so; the camera is asked to look again.
        case = await crew.done(case, "start", "resolve")
        (asked,) = (await leader.get("/nodes/n1/commands"))["items"]
        assert asked["kind"] == "look_again"
        refused = await leader.do(await leader.the_incident(), "close")
        assert refused.status_code == 409, "nobody has seen that it is gone"

        # Seen gone; somebody else closes it, and the community rates it.
        await life.see(alarm, "cleared")
        case = await leader.the_incident()
        assert case["state"] == "checking"
        case = await leader.done(case, "close")
        await life.pass_time(days=2)
        community = await life.street.log_in("li")
        case = await community.done(case, "rate")

        assert case["state"] == "evaluated"
        assert actions(await community.log(case)) == [
            "open", "verify", "accept", "file", "playbook", "dispatch", "start", "resolve", "seen_gone",
            "close", "rate",
        ]  # fmt: skip


async def test_not_solved_it_goes_up_and_the_third_time_it_is_a_project(bikes, sender, seen) -> None:
    async with bikes() as life:
        for _ in range(2):
            leader, alarm = await life.street.log_in(), seen(sender, event_class=BIKES)
            await life.see(alarm, "opened")
            await life.pass_time(minutes=6)
            await life.see(alarm, "cleared")
            (case,) = await leader.incidents("checking")
            await leader.done(case, "close")
            await life.pass_time(days=9)

        # The third time in 30 days at this point: filed, told, and a project with its tasks.
        leader, alarm = await life.street.log_in(), seen(sender, event_class=BIKES)
        await life.see(alarm, "opened")
        await life.pass_time(minutes=5)
        (case,) = await leader.incidents("open")
        log = await leader.log(case)
        (project,) = [line for line in log if line["action"] == "project"]
        assert project["detail"]["new"] is True
        assert ("duty:grid_leader", "role:community") in await life.told("playbook")

        # Nobody clears it: the last stage's hour is over, and it is the community's; then the street's.
        await life.pass_time(minutes=20)
        assert (await leader.get(f"/incidents/{case['id']}"))["level"] == "grid"
        await life.pass_time(hours=1)
        assert (await leader.get(f"/incidents/{case['id']}"))["level"] == "community"
        await life.pass_time(hours=8)
        leader = await life.street.log_in()
        case = await leader.get(f"/incidents/{case['id']}")
        assert (case["level"], case["state"]) == ("street", "dispatched")
        raised = [line["detail"] for line in await leader.log(case) if line["action"] == "escalated"]
        assert [(one["from"], one["level"]) for one in raised] == [
            ("grid", "community"),
            ("community", "street"),
        ]
        await life.pass_time(days=3)
        leader = await life.street.log_in()
        log = actions(await leader.log(case))
        assert (log.count("escalated"), log.count("project")) == (2, 1), "nobody is above the street"
