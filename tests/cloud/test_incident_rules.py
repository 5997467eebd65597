from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from cloud.database.engine import make_engine
from cloud.incidents import store

pytestmark = pytest.mark.anyio


async def test_a_second_condition_at_the_same_place_and_class_joins_the_incident(
    street, sender, seen
) -> None:
    async with street() as s:
        first, second = seen(sender), seen(sender)
        await s.send(first.now("opened"))
        await s.send(second.now("opened", severity="critical"))
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert {alarm["id"] for alarm in incident["alarms"]} == {str(first.id), str(second.id)}
        assert incident["severity"] == "critical"
        assert [line["action"] for line in await leader.log(incident)] == ["open", "join"]


async def test_another_class_or_place_is_another_incident(street, sender, seen) -> None:
    async with street() as s:
        await s.send(
            seen(sender).now("opened"),
            seen(sender, event_class="01-01").now("opened"),
            seen(sender, place="P01-C1-Z2").now("opened"),
        )
        leader = await s.log_in()
        assert len(await leader.incidents()) == 3


async def test_cameras_that_share_a_place_share_its_incident(street, sender, seen, other_sender) -> None:
    async with street() as s:
        await s.send(seen(sender, place="corner").now("opened"))
        await s.send(seen(other_sender, place="corner").now("opened"), node="n2")
        leader = await s.log_in()
        assert len((await leader.the_incident())["alarms"]) == 2


async def test_the_highest_revision_wins_in_any_order(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        opened, grown, cleared = (
            bike.now("opened"),
            bike.now("updated", count=5),
            bike.now("cleared", count=0),
        )
        await s.send(cleared)
        await s.send(opened)
        await s.send(grown)
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert incident["state"] == "checking"
        assert incident["condition"]["state"] == "cleared"
        assert incident["alarms"][0]["rev"] == 3
        assert [line["action"] for line in await leader.log(incident)] == ["open", "seen_gone"]


async def test_a_batch_with_a_whole_life_ends_in_checking(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"), bike.now("held"), bike.now("resumed"), bike.now("cleared"))
        leader = await s.log_in()
        assert (await leader.the_incident())["state"] == "checking"


async def test_an_incident_is_seen_gone_only_when_nothing_is_left(street, sender, seen) -> None:
    async with street() as s:
        first, second = seen(sender), seen(sender)
        await s.send(first.now("opened"), second.now("opened"))
        await s.send(first.now("cleared"))
        leader = await s.log_in()
        assert (await leader.the_incident())["state"] == "detected"
        await s.send(second.now("held"))
        assert (await leader.the_incident())["state"] == "detected", "held is not gone"
        await s.send(second.now("cleared"))
        assert (await leader.the_incident())["state"] == "checking"


async def test_seen_again_while_checking_is_rework(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"), bike.now("cleared"))
        again = seen(sender, reopens=bike.id)
        await s.send(again.now("opened"))
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert incident["state"] == "in_progress"
        assert incident["seen_gone_at"] is None
        log = await leader.log(incident)
        assert [line["cause"] for line in log] == ["condition", "seen_gone", "condition", "seen_again"]


async def test_a_closed_incident_is_reopened_by_the_condition_that_names_it(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"), bike.now("cleared"))
        leader = await s.log_in()
        closed = await leader.done(await leader.the_incident(), "close")
        assert closed["closed_at"] is not None
        await s.send(seen(sender, reopens=bike.id).now("opened"))
        incident = await leader.the_incident()
        assert (incident["id"], incident["state"]) == (closed["id"], "accepted")
        assert incident["closed_at"] is None


async def test_a_new_condition_that_names_nothing_is_a_new_incident(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"), bike.now("cleared"))
        leader = await s.log_in()
        await leader.done(await leader.the_incident(), "close")
        await s.send(seen(sender).now("opened"))
        assert sorted(one["state"] for one in await leader.incidents()) == ["closed", "detected"]


async def test_an_alarm_judged_false_does_not_come_back_through_its_own_updates(street, sender, seen) -> None:
    async with street() as s:
        shadow = seen(sender)
        await s.send(shadow.now("opened"))
        operator = await s.log_in("operator")
        judged = await operator.done(await operator.the_incident(), "false_alarm")
        assert judged["alarms"][0]["verdict"] == "false"
        for change in ("updated", "held", "resumed", "cleared"):
            await s.send(shadow.now(change))
            incident = await operator.the_incident()
            assert (incident["state"], incident["version"]) == ("false_alarm", judged["version"])
        await s.send(seen(sender, reopens=shadow.id).now("opened"))
        assert len(await operator.incidents()) == 2, "a new thing at that place is a new incident"


async def test_accepting_says_that_the_alarm_was_true(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        operator = await s.log_in("operator")
        incident = await operator.done(await operator.the_incident(), "accept")
        assert incident["alarms"][0]["verdict"] == "true"


async def test_a_suspended_incident_goes_back_to_where_it_was(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"))
        leader = await s.log_in()
        incident = await leader.done(await leader.the_incident(), "accept", "dispatch", "suspend")
        assert (await leader.done(incident, "resume"))["state"] == "dispatched"


async def test_what_went_while_suspended_is_checked_when_it_is_resumed(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"))
        leader = await s.log_in()
        await leader.done(await leader.the_incident(), "accept", "suspend")
        await s.send(bike.now("cleared"))
        incident = await leader.the_incident()
        assert incident["state"] == "suspended"
        assert (await leader.done(incident, "resume"))["state"] == "checking"


async def test_a_failed_check_goes_back_to_work_and_is_checked_when_resolved(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"), bike.now("cleared"))
        leader = await s.log_in()
        incident = await leader.done(await leader.the_incident(), "check_failed")
        assert incident["state"] == "in_progress"
        assert (await leader.done(incident, "resolve"))["state"] == "checking"


async def test_fifty_identical_alarms_at_once_make_one_incident(street, sender, seen) -> None:
    async with street() as s:
        events = [seen(sender).now("opened") for _ in range(50)]

        async def send(event):
            """As a node does: sent again when a busy cloud says that its database does not answer."""
            while (answer := await s.post(event)).status_code == 503:
                pass
            assert answer.status_code == 200, answer.text

        await asyncio.gather(*map(send, events))
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert incident["alarms_total"] == 50
        assert [line["id"] for line in await leader.log(incident)] == list(range(1, 51))


async def test_batches_in_opposite_order_do_not_deadlock(street, sender, seen, other_sender, caplog) -> None:
    async with street() as s:
        places = [f"place-{n}" for n in range(20)]
        for _ in range(5):
            forth = [seen(sender, place=place).now("opened") for place in places]
            back = [seen(other_sender, place=place).now("opened") for place in reversed(places)]
            answers = await asyncio.gather(s.send(*forth), s.send(*back, node="n2"))
            assert all(answer["committed"] and not answer["refused"] for answer in answers)
        leader = await s.log_in()
        assert len(await leader.incidents()) == len(places)
        assert "collided" not in caplog.text


async def test_places_are_locked_in_one_order_whatever_the_batch_says(url) -> None:
    """Who waits for the first lock holds none of the later ones; so nobody waits in a circle."""
    low, high = sorted([("p1", "05-06"), ("p2", "05-06")], key=store.lock_number)
    attempt = text("SELECT pg_try_advisory_xact_lock(:key)")
    engine = make_engine(url)
    async with engine.connect() as first, engine.connect() as second, engine.connect() as third:
        await store.lock(first, [low])
        backend = await second.scalar(text("SELECT pg_backend_pid()"))
        waiting = asyncio.create_task(store.lock(second, [high, low]))
        blocked = text("SELECT cardinality(pg_blocking_pids(:pid))")
        async with asyncio.timeout(30):
            while not await third.scalar(blocked, {"pid": backend}):
                await third.rollback()
        assert await third.scalar(attempt, {"key": store.lock_number(high)})
        await third.rollback()
        await first.rollback()
        await waiting
        assert not await third.scalar(attempt, {"key": store.lock_number(high)})
    await engine.dispose()


async def test_a_condition_that_comes_back_while_it_is_checked_is_rework(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"), bike.now("cleared"))
        await s.send(bike.now("updated"))
        leader = await s.log_in()
        assert (await leader.the_incident())["state"] == "in_progress"


async def test_of_twenty_people_who_do_the_same_step_one_wins(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        incident = await leader.the_incident()
        answers = await asyncio.gather(*(leader.do(incident, "accept") for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 19


async def test_incidents_come_worst_first_page_by_page(street, sender, seen) -> None:
    async with street() as s:
        severities = ["low", "critical", "medium", "high", "critical", "low", "medium"]
        await s.send(
            *(
                seen(sender, place=f"p{n}").now("opened", severity=severity)
                for n, severity in enumerate(severities)
            )
        )
        leader = await s.log_in()
        found, cursor = [], None
        while True:
            params = {"state": "open", "limit": 3} | ({"cursor": cursor} if cursor else {})
            page = await leader.get("/incidents", **params)
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        order = ["critical", "critical", "high", "medium", "medium", "low", "low"]
        assert [one["severity"] for one in found] == order
        assert len({one["id"] for one in found}) == len(severities)
        newest = [one["id"] for one in (await leader.get("/incidents", state="all", limit=2))["items"]]
        assert len(newest) == 2
