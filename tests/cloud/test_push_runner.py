from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update

from cloud.areas.registry import load_registry
from cloud.database.engine import make_engine
from cloud.database.schema import incident, person
from cloud.deadlines import store as deadlines
from cloud.deadlines.store import Deadline
from cloud.incidents import service
from cloud.incidents.opening import Report, open_report
from cloud.incidents.store import Actor
from cloud.people.roles import Role
from cloud.push.policy import PushPolicy
from cloud.push.runner import GRACE, Runner
from cloud.push.service import Notice, notify
from cloud.push.tables import attempt, notice
from cloud.push.views import of_incident
from devices.ids import uuid7
from devices.messages import Severity
from devices.site.model import Names
from tests.cloud.conftest import Clock
from tests.cloud.provider_for_tests import KEY, Providers, providers
from tests.cloud.test_push_ladder import CHANNELS, LADDER, QUIET

pytestmark = pytest.mark.anyio
WORDS = Names(zh="吹哨：请市容科报到", en="Whistle")
WHISTLE = {
    "name": "whistle", "kinds": ["whistle"], "ends_with": ["read"],
    "rungs": [{"name": "called", "to": ["notice"], "by": ["page", "sms"], "wait": "10 min"}],
}  # fmt: skip
WRITTEN = {
    "page": "https://gridwatch.example.org", "channels": CHANNELS, "quiet": QUIET,
    "ladders": [WHISTLE, LADDER],
}  # fmt: skip


@dataclass
class Room:
    """Runners over one database, providers, and a clock that stands still."""

    engine: Any
    clock: Clock
    played: Providers
    environment: dict[str, str]
    registry: Any
    policy: PushPolicy = field(default_factory=lambda: PushPolicy.model_validate(WRITTEN))
    told: int = 0
    runners: list[Runner] = field(default_factory=list)

    def runner(self, **more: Any) -> Runner:
        def changed() -> None:
            self.told += 1

        def rota(grid: str, _: Any) -> dict[str, list[str]]:
            return {"primary": [f"worker-{grid.lower()}"], "shift_leader": ["leader"]}

        made = Runner(
            self.engine, lambda: self.registry, lambda: self.policy, self.clock, changed, rota=rota,
            environment=self.environment, **more,
        )  # fmt: skip
        self.runners.append(made)
        return made

    async def open(self, severity: int = 1) -> UUID:
        report = Report("worker", "05-06", severity, grid="G01", point="P01")
        async with self.engine.begin() as connection:
            return await open_report(connection, report, Actor("user", "worker-g01"), self.clock())

    async def accept(self, incident: UUID) -> None:
        step = service.Request("accept", 1, None, "operator", (Role.OPERATOR,))
        async with self.engine.begin() as connection:
            await service.change(connection, incident, step, self.clock())

    async def turn(self, *runners: Runner, **forward: float) -> None:
        """Forward the clock, look once, and wait for what was sent; then look at what came of it."""
        self.clock.forward(**forward)
        for _ in range(2):
            await asyncio.gather(*(one.once() for one in runners))
            await asyncio.gather(*(one.settled() for one in runners))

    async def record(self, incident: UUID) -> Any:
        async with self.engine.connect() as connection:
            (found,) = await of_incident(connection, incident)
        return found

    async def tried(self, incident: UUID) -> list[tuple[str, str, str, str | None]]:
        """(rung, channel, state, answer), in order."""
        found = await self.record(incident)
        return [(one.rung_name, one.channel, one.state, one.answer) for one in found.attempts]


@pytest.fixture
async def room(url, clock) -> AsyncIterator[Room]:
    engine = make_engine(url)
    async with engine.begin() as connection:
        rows = [
            {
                "id": uuid7(), "username": name, "name": {"zh": name, "en": name}, "roles": ["grid_worker"],
                "created_at": clock(), "areas": ["G01"], "version": 1,
            }
            for name in ("worker-g01", "worker-g02")
        ]  # fmt: skip
        await connection.execute(insert(person), rows)
        registry = await load_registry(connection)
    async with providers() as played:
        environment = {
            "GRIDWATCH_PUSH_CENTRE": played.at("wecom"),
            "GRIDWATCH_PUSH_SMS": played.at("sms"), "GRIDWATCH_PUSH_SMS_KEY": KEY,
        }  # fmt: skip
        room = Room(engine, clock, played, environment, registry)
        yield room
        for one in room.runners:
            await one.stop()
    await engine.dispose()


async def test_a_ladder_climbs_from_page_to_shift_leader_and_says_what_came_of_each_rung(
    room,
) -> None:
    case, runner = await room.open(), room.runner()
    await room.turn(runner)
    assert await room.tried(case) == [("page", "page", "sent", "on the stream")]
    assert room.told == 1
    await room.turn(runner, seconds=19)
    assert room.played.got == []
    await room.turn(runner, seconds=1)
    (robot,), (sms,) = room.played.of("wecom"), room.played.of("sms")
    assert robot.text.startswith("【网格哨】紧急：中Bikes，中G01，中Point 1\n案卷 20261122-")
    assert robot.text.split("\n")[-1].startswith("https://gridwatch.example.org/p/")
    assert sms.json["to"] == ["person:worker-g01"]
    await room.turn(runner, seconds=60)
    assert room.played.of("sms")[1].json["to"] == ["person:leader"]
    await room.turn(runner, seconds=120)
    found = await room.record(case)
    assert found.ended_by == "exhausted"
    assert [(one.rung, one.channel, one.state, one.answer) for one in found.attempts] == [
        (0, "page", "sent", "on the stream"), (1, "robot", "sent", "taken"), (1, "sms", "sent", "taken"),
        (2, "sms", "sent", "taken"),
    ]  # fmt: skip
    await room.turn(runner, hours=1)
    assert len(room.played.got) == 3


async def test_who_accepts_ends_it_and_nobody_else_is_called(room) -> None:
    case, runner = await room.open(), room.runner()
    await room.turn(runner)
    await room.accept(case)
    await room.turn(runner, seconds=20)
    assert (await room.record(case)).ended_by == "accepted"
    assert room.played.got == []


async def test_while_a_playbook_gives_time_to_set_it_right_nobody_is_called(room) -> None:
    case, other, runner = await room.open(), await room.open(), room.runner()
    async with room.engine.begin() as connection:
        for one, minutes in ((case, 5), (other, 3)):
            due = room.clock() + timedelta(minutes=minutes)
            row = Deadline(f"window of {one}", "playbook", due, one, {"step": "file"})
            await deadlines.put(connection, [row])
    await room.turn(runner)
    await room.turn(runner, minutes=3, seconds=55)
    assert await room.tried(case) == await room.tried(other) == []
    async with room.engine.begin() as connection:
        await deadlines.cancel(connection, [f"window of {case}"])
    await room.turn(runner, seconds=5)
    assert await room.tried(case) == [("page", "page", "sent", "on the stream")], "its window is over"
    assert len(await room.tried(other)) == 1, "it should have been filed a minute ago: nothing holds it now"


async def test_a_case_that_may_have_time_to_be_set_right_waits_until_it_is_planned_or_for_ten_seconds(
    room,
) -> None:
    runner = room.runner(patient=lambda event_class: event_class == "05-06")
    case, other = await room.open(), await room.open()
    await room.turn(runner)
    await room.turn(runner, seconds=5)
    assert await room.tried(case) == await room.tried(other) == []
    async with room.engine.begin() as connection:
        planned = update(incident).where(incident.c.id == case).values(planned_version=1)
        await connection.execute(planned)
    await room.turn(runner, seconds=4)
    await room.turn(runner, seconds=1)
    assert len(await room.tried(case)) == len(await room.tried(other)) == 1


async def test_a_provider_that_fails_hands_over_to_the_next_rung_at_once(room) -> None:
    room.played.faults["wecom"].append("errcode 93000")
    room.played.faults["sms"].append("status 500")
    case, runner = await room.open(), room.runner()
    await room.turn(runner)
    await room.turn(runner, seconds=20)
    assert await room.tried(case) == [
        ("page", "page", "sent", "on the stream"),
        ("group", "robot", "failed", "errcode 93000: there is no such robot"),
        ("group", "sms", "failed", "status 500"),
        ("leader", "sms", "sent", "taken"),
    ]


async def test_a_provider_that_hangs_holds_up_no_other_and_no_transaction(room) -> None:
    room.played.faults["wecom"] += ["hang"] * 6
    cases, runner = [await room.open() for _ in range(3)], room.runner()
    await room.turn(runner)
    room.clock.forward(seconds=20)
    await runner.once()
    settled = text("SELECT count(*) = 3 FROM push_attempt WHERE channel = 'sms' AND state = 'sent'")
    under_way = text("SELECT count(*) FROM push_attempt WHERE state = 'sending'")
    idle = text(
        "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        " AND datname = current_database()"
    )
    async with asyncio.timeout(30), room.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        while not await connection.scalar(settled) or not room.played.of("wecom"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        # The robot still hangs, and nothing is open at the database.
        assert await connection.scalar(under_way) >= 1
        while await connection.scalar(idle):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        assert await connection.scalar(under_way) >= 1
    await runner.stop()
    room.played.faults.clear()
    # Nobody came back from the robot in its time; the shift leader is called by whoever runs now.
    other = room.runner()
    await room.turn(other, seconds=60)
    for case in cases:
        assert ("leader", "sms", "sent", "taken") in await room.tried(case)


async def test_a_provider_without_an_address_has_failed_before_anybody_waits(room) -> None:
    del room.environment["GRIDWATCH_PUSH_CENTRE"]
    case, runner = await room.open(), room.runner()
    await room.turn(runner)
    await room.turn(runner, seconds=20)
    said = "not configured: GRIDWATCH_PUSH_CENTRE is not set"
    assert ("group", "robot", "failed", said) in await room.tried(case)


async def test_a_burst_becomes_few_messages_within_what_the_robot_takes_and_all_are_told(room) -> None:
    runner = room.runner()
    cases = [await room.open(severity=2) for _ in range(50)]
    await room.turn(runner)
    await room.turn(runner, seconds=20)
    first = room.played.of("wecom")
    assert 1 < len(first) <= 6
    (most,) = [
        one.text for one in first if one.text.startswith("【网格哨】45 条通知合并发送：\n1. 一般：中Bikes")
    ]
    assert len(most.encode()) <= 2048
    for case in cases:
        assert ("group", "robot", "sent", "taken") in await room.tried(case)


async def test_what_an_address_may_not_take_in_this_minute_waits_for_the_next_and_the_ladder_does_not(
    room,
) -> None:
    channels = CHANNELS | {"robot": CHANNELS["robot"] | {"per_minute": 1}}
    room.policy = PushPolicy.model_validate(WRITTEN | {"channels": channels})
    runner = room.runner()
    first = await room.open()
    await room.turn(runner)
    second = None
    await room.turn(runner, seconds=20)
    second = await room.open()
    await room.turn(runner)
    await room.turn(runner, seconds=20)
    assert len(room.played.of("wecom")) == 1
    assert ("group", "robot", "queued", None) in await room.tried(second)
    assert ("group", "sms", "sent", "taken") in await room.tried(second)
    await room.turn(runner, seconds=41)
    assert len(room.played.of("wecom")) == 2
    assert ("group", "robot", "sent", "taken") in await room.tried(second)
    assert ("leader", "sms", "sent", "taken") in await room.tried(first)


async def test_three_runners_say_everything_once(room) -> None:
    channels = CHANNELS | {"sms": CHANNELS["sms"] | {"per_minute": 1000}}
    room.policy = PushPolicy.model_validate(WRITTEN | {"channels": channels})
    runners = [room.runner() for _ in range(3)]
    cases = [await room.open() for _ in range(20)]
    await room.turn(*runners)
    for _ in range(6):
        await room.turn(*runners, seconds=20 if _ == 0 else 0)
    assert len(room.played.of("sms")) == 20
    assert len({one.json["id"] for one in room.played.of("sms")}) == 20
    for case in cases:
        states = Counter(state for _, _, state, _ in await room.tried(case))
        assert states == {"sent": 3}


async def test_what_a_dead_process_left_under_way_is_sent_again_and_then_given_up(room) -> None:
    case, runner = await room.open(), room.runner()
    await room.turn(runner)
    await room.turn(runner, seconds=20)

    async def die() -> None:
        """As if it was killed after it sent and before it wrote that down."""
        async with room.engine.begin() as connection:
            values = {"state": "sending", "settled_at": None}
            mine = attempt.c.channel == "robot"
            await connection.execute(update(attempt).where(mine).values(values))

    await die()
    other = room.runner()
    await room.turn(other, seconds=5)
    assert len(room.played.of("wecom")) == 1
    await room.turn(other, seconds=GRACE.total_seconds() + 1)
    assert len(room.played.of("wecom")) == 2
    assert ("group", "robot", "sent", "taken") in await room.tried(case)
    await die()
    await room.turn(other, seconds=GRACE.total_seconds() + 6)
    assert len(room.played.of("wecom")) == 2
    unknown = "not known whether it was taken: the sender ended"
    assert ("group", "robot", "failed", unknown) in await room.tried(case)


async def test_a_notice_is_told_when_its_transaction_is_there_and_to_whom_it_names(room) -> None:
    runner, case = room.runner(), await room.open()
    await room.turn(runner)
    called = Notice("whistle", case, ("person:worker-g02", "role:leader"), WORDS)
    with pytest.raises(ZeroDivisionError):
        async with room.engine.begin() as connection:
            await notify(connection, called, room.clock())
            raise ZeroDivisionError
    await room.turn(runner)
    assert room.played.got == []
    async with room.engine.begin() as connection:
        key = await notify(connection, called, room.clock())
    await room.turn(runner)
    (sms,) = room.played.of("sms")
    assert sms.json["to"] == ["person:leader", "person:worker-g02"]
    assert sms.text.startswith("【网格哨】吹哨：请市容科报到\n案卷 20261122-")
    async with room.engine.connect() as connection:
        row = (await connection.execute(select(notice).where(notice.c.id == key))).one()
    assert (row.ladder, row.severity, row.look_at) == ("whistle", 1, room.clock() + timedelta(minutes=10))


def test_a_notice_to_nobody_that_there_could_be_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="targets: 'leader' names nobody"):
        Notice("whistle", None, ("leader",), WORDS)


async def test_at_night_a_slight_case_rings_at_the_page_and_the_robot_waits_for_the_morning(room) -> None:
    room.clock.forward(hours=11)
    case, runner = await room.open(severity=list(Severity).index(Severity.LOW)), room.runner()
    await room.turn(runner)
    await room.turn(runner, minutes=30)
    assert await room.tried(case) == [("page", "page", "sent", "on the stream")]
    await room.turn(runner, hours=7, minutes=30)
    assert ("group", "robot", "sent", "taken") in await room.tried(case)


async def test_without_a_policy_nobody_is_told_and_a_later_one_calls_nobody_for_what_is_old(room) -> None:
    policy, runner = room.policy, room.runner()
    room.policy = None
    case = await room.open()
    await room.turn(runner)
    room.policy = policy
    await room.turn(runner, minutes=1)
    found = await room.record(case)
    assert (found.ended_by, found.attempts) == ("no_ladder", [])


async def test_no_address_or_key_is_in_any_row(room) -> None:
    room.played.faults["wecom"].append("errcode 1")
    case, runner = await room.open(), room.runner()
    await room.turn(runner)
    await room.turn(runner, seconds=20)
    assert len(await room.tried(case)) == 3
    async with room.engine.connect() as connection:
        for table in ("push_notice", "push_attempt", "push_receipt", "push_link", "outbox"):
            rows = await connection.scalars(
                text(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            )
            held = rows.one()
            assert KEY not in held
            assert "127.0.0.1" not in held
    (robot,) = room.played.of("wecom")
    token = robot.text.rpartition("/p/")[2]
    assert token
    assert token not in held
