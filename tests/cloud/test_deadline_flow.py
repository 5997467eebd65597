from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from cloud.database.engine import make_engine
from cloud.database.schema import deadline, deadline_event, incident, outbox
from cloud.deadlines import planner, store
from cloud.deadlines.firing import RETRY_AT_MOST, fire
from cloud.deadlines.limits import Policy
from cloud.deadlines.plans import Clocks
from cloud.deadlines.steps import Rules
from cloud.deadlines.store import Deadline
from cloud.errors import CloudError
from cloud.incidents.store import lock
from cloud.reports import marking
from cloud.settings import Settings
from devices.ids import uuid7
from tests.cloud.sender_for_tests import START

pytestmark = pytest.mark.anyio
WRITTEN = {
    "hours": ["workdays 08:30-17:30"],
    "default": {"limits": {"acceptance": "60 s", "handling": "4 h"}, "clearing": "day"},
}
POLICY = Policy.model_validate(WRITTEN)
SECOND = timedelta(seconds=1)


@pytest.fixture
def timed(street, tmp_path) -> Callable[[], Any]:
    """`async with timed() as s:` an app with limits."""
    paths = {"state": tmp_path, "page": tmp_path / "dist"}
    return lambda written=WRITTEN: street(Settings(**paths, policies={"deadlines": written}))


@pytest.fixture
async def engine(url) -> AsyncIterator[Any]:
    found = make_engine(url)
    yield found
    await found.dispose()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await true():  # noqa: ASYNC110 - another task or process does it
            await asyncio.sleep(0.02)


PLANNED = text("""
    INSERT INTO incident (id, number, place, event_class, state, version, severity, opened_at, updated_at,
        source, level, pending, planned_version, marked_version, anchored_version)
    SELECT gen_random_uuid(), 'T' || n, 'report:' || n, '05-06', 'closed', 1, 2, now(), now(),
        'edge', 'grid', '{}', 1, 1, 1
    FROM generate_series(1, 3000) AS n""")


async def test_the_few_cases_that_are_behind_are_found_without_reading_all_others(engine) -> None:
    async with engine.begin() as connection:
        await connection.execute(PLANNED)
        await connection.execute(text("ANALYZE incident"))
        for statement in (planner.BEHIND.limit(50), marking.NEWEST):
            said = statement.compile(engine.sync_engine, compile_kwargs={"literal_binds": True})
            plan = "\n".join((await connection.scalars(text(f"EXPLAIN {said}"))).all())
            assert "incident_unplanned" in plan or "incident_unmarked" in plan, plan


async def fired(engine) -> list[tuple[str, str]]:
    """Kind and step, or kind and key, in the order of their times."""
    async with engine.connect() as connection:
        rows = await connection.execute(select(deadline_event).order_by(deadline_event.c.due_at))
        return [(row.kind, row.detail.get("step") or row.detail.get("clearing") or row.key) for row in rows]


async def planned(engine) -> dict[str, datetime]:
    """What waits, once every incident is planned for."""

    async def nothing_left() -> bool:
        behind = incident.c.planned_version.is_distinct_from(incident.c.version)
        async with engine.connect() as connection:
            return await connection.scalar(select(func.count()).where(behind)) == 0

    await until(nothing_left)
    async with engine.connect() as connection:
        rows = await connection.execute(select(deadline.c.key, deadline.c.due_at))
        return {row.key.split("/", 2)[2]: row.due_at for row in rows}


@asynccontextmanager
async def busy(engine, place: str) -> AsyncIterator[None]:
    """Somebody is at work on what happens at a place."""
    async with engine.connect() as connection, connection.begin():
        await lock(connection, [(place, "05-06")])
        yield


class TestACase:
    async def test_not_accepted_within_a_minute_turns_yellow_and_red_and_tells_the_walls(
        self, timed, sender, seen, engine
    ) -> None:
        async with timed() as s:
            leader = await s.log_in()
            await s.send(seen(sender).now("opened"))
            case = await leader.the_incident()
            assert (await planned(engine))["acceptance/red"] == s.clock.at + 60 * SECOND
            (clocks,) = await leader.get("/deadlines", incident=case["id"])
            (step,) = clocks["steps"]
            assert (step["light"], step["used_s"], step["running"]) == ("green", 0, True)
            for seconds, light, told in ((48, "yellow", 1), (12, "red", 2)):
                wall = s.app.state.context.tail.subscribe()
                s.clock.forward(seconds=seconds)
                s.app.state.context.tail.changed()
                async with asyncio.timeout(60):
                    item = await wall.queue.get()
                assert case["id"] in str(item)
                assert len(await fired(engine)) == told
                (clocks,) = await leader.get("/deadlines", incident=case["id"])
                assert clocks["steps"][0]["light"] == light
                s.app.state.context.tail.leave(wall)
            assert await fired(engine) == [("yellow", "acceptance"), ("red", "acceptance")]

    async def test_its_clocks_follow_what_people_do(self, timed, sender, seen, engine) -> None:
        async with timed() as s:
            leader = await s.log_in()
            await s.send(seen(sender).now("opened"))
            case = await leader.the_incident()
            s.clock.forward(seconds=30)
            case = await leader.done(case, "accept", "dispatch")
            begun = s.clock.at
            waiting = await planned(engine)
            assert waiting.keys() == {"clearing", "handling/yellow", "handling/red"}
            assert waiting["handling/red"] == begun + timedelta(hours=4)
            s.clock.forward(hours=1)
            case = await leader.done(case, "suspend")
            assert (await planned(engine)).keys() == {"clearing"}
            s.clock.forward(hours=2)
            case = await leader.done(case, "resume", "start")
            assert (await planned(engine))["handling/red"] == begun + timedelta(hours=6)
            s.clock.forward(hours=1)
            await s.send(seen(sender).now("opened"))  # another condition joins: nothing is begun anew
            (clocks,) = await leader.get("/deadlines", incident=case["id"])
            handling = {one["step"]: one for one in clocks["steps"]}["handling"]
            assert (handling["used_s"], handling["light"], handling["limit"]) == (7200, "green", "4 h")
            case = await leader.done(await leader.the_incident(), "void")
            assert await planned(engine) == {}
            (clocks,) = await leader.get("/deadlines", incident=case["id"])
            assert clocks["durations"]["total_s"] == 30 + 4 * 3600
            parts = [clocks["durations"][f"to_{word}_s"] for word in ("know", "resolve", "answer")]
            assert sum(parts) == clocks["durations"]["total_s"]
            assert await fired(engine) == []

    async def test_open_at_midnight_stands_in_the_days_list_and_closed_before_does_not(
        self, timed, sender, seen, engine
    ) -> None:
        async with timed() as s:
            leader = await s.log_in()
            await s.send(seen(sender).now("opened"), seen(sender, place="elsewhere").now("opened"))
            late, done = sorted(await leader.incidents(), key=lambda one: one["place"] == "elsewhere")
            await leader.done(done, "void")
            end = (await planned(engine))["clearing"]
            asked = {"clearing": "day", "day": end.astimezone(s.app.state.context.registry.timezone).date()}
            asked["day"] -= timedelta(days=1)
            assert (await leader.get("/deadlines/uncleared", **asked))["items"] == []
            s.clock.at = end
            s.app.state.context.tail.changed()
            await until(lambda: has(engine, "clearing"))
            leader = await s.log_in()
            listed = await leader.get("/deadlines/uncleared", **asked)
            assert [one["number"] for one in listed["items"]] == [late["number"]]
            assert datetime.fromisoformat(listed["ended_at"]) == end
            s.clock.forward(hours=1)
            await leader.done(await leader.get(f"/incidents/{late['id']}"), "void")
            listed = await leader.get("/deadlines/uncleared", **asked)
            assert [(one["number"], one["state"]) for one in listed["items"]] == [(late["number"], "void")]
            other = await leader.get("/deadlines/uncleared", **asked | {"clearing": "week"})
            assert other["items"] == []

    async def test_new_limits_hold_for_cases_that_are_open_and_none_are_none(
        self, timed, sender, seen, engine
    ) -> None:
        async with timed() as s:
            await s.send(seen(sender).now("opened"))
            assert (await planned(engine))["acceptance/red"] == s.clock.at + 60 * SECOND
            shorter = Policy.model_validate({"default": {"limits": {"acceptance": "90 s"}}})
            planners = (Clocks(Rules(shorter, s.app.state.context.rules().work)),)
        assert await planner.take_over(engine, planners)
        assert not await planner.take_over(engine, planners)
        assert await planner.plan(engine, planners) == (1, False)
        assert await planned(engine) == {
            "acceptance/yellow": START + 72 * SECOND,
            "acceptance/red": START + 90 * SECOND,
        }
        async with timed({}) as s:
            await until(lambda: nothing_waits(engine))
            leader = await s.log_in()
            (clocks,) = await leader.get("/deadlines", incident=(await leader.the_incident())["id"])
            assert (clocks["steps"], clocks["clearing"]) == ([], None)

    async def test_a_cloud_that_never_had_limits_has_no_lists(self, street) -> None:
        async with street() as s:
            leader = await s.log_in()
            refused = await leader.http.get("/api/v1/deadlines/uncleared?clearing=day&day=2026-11-20")
            assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


async def has(engine, kind: str) -> bool:
    return kind in [found for found, _ in await fired(engine)]


async def nothing_waits(engine) -> bool:
    async with engine.connect() as connection:
        return await connection.scalar(select(func.count()).select_from(deadline)) == 0


class TestFiring:
    async def put(self, engine, *wanted: Deadline) -> int:
        async with engine.begin() as connection:
            return await store.put(connection, wanted)

    async def test_a_key_moves_and_is_cancelled_and_fires_once_for_a_time(self, engine) -> None:
        assert await self.put(engine, Deadline("a", "x", START), Deadline("b", "x", START)) == 2
        assert await self.put(engine, Deadline("a", "x", START + SECOND)) == 1
        assert await self.put(engine, Deadline("a", "x", START + SECOND)) == 0
        assert await fire(engine, START, {}) == (1, False)
        assert await fired(engine) == [("x", "b")]
        async with engine.begin() as connection:
            assert await store.cancel(connection, ["a", "b"]) == 1
        assert await fire(engine, START + 10 * SECOND, {}) == (0, False)
        assert await self.put(engine, Deadline("b", "x", START)) == 0, "it fired for that time"
        assert await self.put(engine, Deadline("b", "x", START + SECOND)) == 1, "but not for this one"
        assert await fire(engine, START + SECOND, {}) == (1, False)

    async def test_what_slipped_past_that_still_fires_only_once(self, engine) -> None:
        """A row put again while the first one fired: the key of what fired stands in its way."""
        await self.put(engine, Deadline("a", "x", START))
        async with engine.connect() as connection:
            (one,) = (await connection.execute(select(deadline))).mappings()
        assert await fire(engine, START, {}) == (1, False)
        async with engine.begin() as connection:
            await connection.execute(insert(deadline).values(**one))
        done: list[str] = []

        async def effect(_: Any, one: Deadline, __: datetime) -> None:
            done.append(one.key)

        assert await fire(engine, START, {"x": effect}) == (0, False)
        assert (done, await nothing_waits(engine)) == ([], True)

    async def test_what_fired_is_never_changed(self, engine) -> None:
        await self.put(engine, Deadline("a", "x", START))
        await fire(engine, START, {})
        with pytest.raises(DBAPIError, match="append-only"):
            async with engine.begin() as connection:
                await connection.execute(delete(deadline_event))

    async def test_an_effect_that_fails_leaves_nothing_is_tried_again_and_costs_the_others_nothing(
        self, engine, caplog
    ) -> None:
        broken = True

        async def effect(connection: Any, one: Deadline, _: datetime) -> None:
            await connection.execute(insert(outbox).values(kind="incident", subject=one.key))
            if broken and one.key == "bad":
                await connection.execute(text("SELECT 1 / 0"))
            if broken and one.key == "refused":
                raise CloudError("not now")

        keys = ("bad", "good", "refused")
        await self.put(engine, *(Deadline(key, "x", START) for key in keys))
        assert await fire(engine, START, {"x": effect}) == (1, False)
        assert await self.subjects(engine) == ["good"]
        assert "deadline bad could not fire: DBAPIError" in caplog.text
        assert await fire(engine, START + SECOND, {"x": effect}) == (0, False), (
            "two seconds later, not at once"
        )
        for hour in range(1, 13):
            last = START + timedelta(hours=hour)
            await fire(engine, last, {"x": effect})
        async with engine.connect() as connection:
            assert await store.next_look(connection) == last + RETRY_AT_MOST
        broken = False
        assert await fire(engine, START + timedelta(days=2), {"x": effect}) == (2, False)
        assert sorted(await self.subjects(engine)) == ["bad", "good", "refused"]
        async with engine.connect() as connection:
            assert set(await connection.scalars(select(deadline_event.c.due_at))) == {START}

    async def subjects(self, engine) -> list[str]:
        async with engine.connect() as connection:
            return list(await connection.scalars(select(outbox.c.subject).order_by(outbox.c.id)))

    async def test_what_was_due_while_nobody_looked_fires_and_is_told(self, engine, caplog) -> None:
        await self.put(engine, *(Deadline(f"k{n}", "x", START + n * SECOND) for n in range(45)))
        now, count, more = START + timedelta(hours=3), 0, True
        while more:
            found, more = await fire(engine, now, {})
            count += found
        assert count == 45
        assert "20 deadlines fired late, the first 10800 s after it was due" in caplog.text
        assert await fired(engine) == [("x", f"k{n}") for n in range(45)]

    async def test_of_an_incident_that_somebody_works_on_nothing_fires_until_that_is_done(
        self, timed, sender, seen, engine
    ) -> None:
        async with timed() as s:
            await s.send(seen(sender, place="here").now("opened"))
            await planned(engine)
        async with engine.connect() as connection:
            key = (await connection.scalars(select(incident.c.id))).one()
        other = uuid7()
        await self.put(engine, Deadline("mine", "x", START, key), Deadline("theirs", "x", START, other))
        later = START + timedelta(minutes=5)
        async with busy(engine, "here"):
            assert await fire(engine, later, {}) == (1, False)
            assert await fired(engine) == [("x", "theirs")]
        assert await fire(engine, later, {}) == (3, False)

    async def test_a_step_that_was_done_in_time_does_not_fire_before_that_is_planned_for(
        self, timed, sender, seen, engine
    ) -> None:
        async with timed() as s:
            await s.send(seen(sender).now("opened"))
            await planned(engine)
            rules = s.app.state.context.rules()
        async with engine.begin() as connection:
            line = "INSERT INTO incident_event SELECT id, 2, opened_at + interval '59 s', 'user', 'leader',"
            line += " 'accept', 'detected', 'accepted', 'person', NULL, '{}', '' FROM incident"
            accept = (line, "UPDATE incident SET state = 'accepted', version = 2")
            for statement in accept:
                await connection.execute(text(statement))
        later = START + timedelta(minutes=5)
        assert await fire(engine, later, {}) == (0, False)
        assert await planner.plan(engine, (Clocks(rules),)) == (1, False)
        assert await fire(engine, later, {}) == (1, False)
        assert await fired(engine) == [("yellow", "acceptance")], "that it was, at 48 of 60 seconds"
