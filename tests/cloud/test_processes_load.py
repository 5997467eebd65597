"""Three processes on one PostgreSQL under load, killed and stopped at any moment: what was promised holds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import URL, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from cloud.database.schema import (
    alarm,
    deadline,
    deadline_event,
    incident,
    incident_event,
    ledger,
    received,
)
from cloud.incidents import audit
from cloud.people.roles import Role
from cloud.push.tables import attempt, notice
from tests.cloud.conftest import TOKENS, make_site
from tests.cloud.processes_for_tests import TAKEN_OUT, Clouds
from tests.cloud.processes_history_for_tests import History, Kept, Listener, faults
from tests.cloud.processes_load_for_tests import HURRIED, PATIENCE, WORKERS, Headers, Load, caught_up
from tests.cloud.provider_for_tests import KEY, Providers, providers

pytestmark = pytest.mark.anyio
LIMIT = timedelta(seconds=1)
POLICIES = {
    "deadlines": {"classes": {HURRIED: {"limits": {"acceptance": "1 s"}}}},
    "escalation": {
        "acceptance": {"leader_after": 3600},
        "classes": {HURRIED: {"stay": {"grid": "1 s"}}},
    },
    "push": {
        "channels": {"sms": {"kind": "sms", "address": "GRIDWATCH_PUSH_SMS", "per_minute": 1000}},
        "ladders": [
            {
                "name": "all", "kinds": ["incident", "deadline"],
                "rungs": [{"name": "first", "to": ["role:operator"], "by": ["page", "sms"], "wait": "1 h"}],
            }
        ],
    },
}  # fmt: skip


@asynccontextmanager
async def street(url: URL, directory: Path, seed: int, without: str = "") -> AsyncIterator[Load]:
    """Three processes that serve, and the history of what follows."""
    engine = create_async_engine(url, pool_size=6)
    history = History()
    async with providers() as played, httpx.AsyncClient(timeout=60, limits=httpx.Limits()) as http:
        environment = {"GRIDWATCH_PUSH_SMS": played.at("sms"), "GRIDWATCH_PUSH_SMS_KEY": KEY}
        clouds = Clouds(directory, url, make_site(), TOKENS, POLICIES, environment, without=without)
        try:
            await clouds.start(*clouds.all)
            yield Load(clouds, engine, TOKENS, history, random.Random(seed), http)
        finally:
            clouds.end()
            history.messages += messages(played)
            await engine.dispose()


def messages(played: Providers) -> list[str]:
    return [one.headers["webhook-id"] for one in played.of("sms")]


async def work(load: Load, kills: int, rounds: int) -> None:
    """`rounds` of claims and of equal alarms while everything else goes on and `kills` processes die."""
    leader = await load.person("chief", Role.LEADER)
    workers = {f"worker{n}": await load.person(f"worker{n}", Role.GRID_WORKER) for n in range(WORKERS)}
    listening = []
    for number in range(4):
        load.history.listeners.append(Listener())
        who = await load.person(f"room{number}", Role.OPERATOR)
        listening.append(asyncio.create_task(load.listen(load.history.listeners[-1], who)))
    async with asyncio.timeout(PATIENCE):
        while not all(one.visits for one in load.history.listeners):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.gather(load.race(leader, workers), load.equal_alarms())
    assert all(claims.undisturbed for claims in load.history.claims), "nobody died yet"
    async with asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(load.node(f"n{number % 2 + 1}", number))
        tasks.create_task(load.leader(leader))
        tasks.create_task(special(load, leader, workers, rounds))
        await load.break_things(kills)
        load.stop.set()
    await settled(load)
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)


async def special(load: Load, leader: Headers, workers: dict[str, Headers], rounds: int) -> None:
    for _ in range(rounds):
        await asyncio.gather(load.slow_writer(), load.slow_firing())
        await load.race(leader, workers)
        await load.equal_alarms()


async def settled(load: Load) -> None:
    """Wait until nothing is planned, due or on its way any more; what never gets there, the checker names."""
    unplanned = select(func.count()).where(incident.c.planned_version.is_distinct_from(incident.c.version))
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                async with load.engine.connect() as connection:
                    now = datetime.now(UTC) + LIMIT
                    due = select(func.count()).where(deadline.c.look_at <= now)
                    left = await connection.scalar(unplanned) or await connection.scalar(due)
                    left = left or await connection.scalar(untold())
                    rows = await connection.execute(select(incident.c.id, incident.c.version))
                    versions = {str(row.id): row.version for row in rows}
                if not left and caught_up(load.history.listeners, versions):
                    return
                await asyncio.sleep(0.1)
    except TimeoutError:
        return


def untold():
    tried = select(attempt.c.id).where(attempt.c.notice_id == notice.c.id).exists()
    told = select(notice.c.id).where(notice.c.incident_id == incident.c.id).exists()
    return select(func.count()).where(
        ~told | select(notice.c.id).where(notice.c.ended_at.is_(None), ~tried).exists()
    )


async def kept(engine: AsyncEngine, history: History) -> Kept:
    """What the database holds."""
    async with engine.connect() as connection:
        mine = {epoch for epoch, _ in history.acknowledged.values()}
        committed, missing = {}, 0
        for row in await connection.execute(select(ledger)):
            whole = sum(part.upper - part.lower for part in row.committed)
            if row.epoch in mine:
                committed[row.epoch] = whole
                missing += max(part.upper for part in row.committed) - 1 - whole
        proof = await audit.verify(engine)
        return Kept(
            incidents=await _all(connection, select(incident)),
            lines=await _all(
                connection,
                select(incident_event).order_by(incident_event.c.incident_id, incident_event.c.version),
            ),
            alarms=await _all(connection, select(alarm)),
            received=list(await connection.scalars(select(received.c.event_id))),
            committed=committed,
            missing=missing,
            fired=await _all(connection, select(deadline_event)),
            notices=await _all(connection, select(notice)),
            attempts=await _all(connection, select(attempt)),
            proof=[fault.said for fault in proof.faults],
            at=datetime.now(UTC),
        )


async def run(url: URL, directory: Path, seed: int, kills: int, rounds: int, without: str = "") -> list[str]:
    """All of it; what is wrong in the end."""
    async with street(url, directory, seed, without) as load:
        await work(load, kills, rounds)
        found = await kept(load.engine, load.history)
    wrong = faults(load.history, found, LIMIT, HURRIED)
    print(summary(load.history, found))
    return wrong


def summary(history: History, found: Kept) -> str:
    heard = sum(len(one.heard) for one in history.listeners)
    visits = sum(len(one.visits) for one in history.listeners)
    sure = sum(claims.undisturbed for claims in history.claims)
    return (
        f"{history.kills} kills; {len(history.acknowledged)} events acknowledged, "
        f"{history.sent_again} batches sent again, {history.busy} answered busy; "
        f"{len(found.incidents)} incidents, {len(found.lines)} lines; {len(found.fired)} deadlines fired; "
        f"{len(history.claims)} races ({sure} undisturbed); {len(history.messages)} messages; "
        f"{heard} stream events in {visits} visits"
    )


async def _all(connection: AsyncConnection, statement: object) -> list[object]:
    return list((await connection.execute(statement)).all())


async def test_nothing_is_lost_doubled_or_missed_while_processes_are_killed(url, tmp_path) -> None:
    assert await run(url, tmp_path, seed=1, kills=2, rounds=1) == []


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_nothing_is_lost_doubled_or_missed_in_minutes_of_kills(url, tmp_path) -> None:
    assert await run(url, tmp_path, seed=2, kills=50, rounds=15) == []


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("without", TAKEN_OUT)
async def test_each_protection_taken_out_is_noticed(url, tmp_path, without) -> None:
    wrong = await run(url, tmp_path, seed=3, kills=2, rounds=2, without=without)
    print(*wrong[:5], sep="\n")
    assert wrong
