"""Deadlines with several processes on one PostgreSQL, some of them killed in the middle of firing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.database.engine import make_engine
from cloud.database.schema import deadline, deadline_event
from cloud.deadlines import store
from cloud.deadlines.store import Deadline

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


class Processes:
    """Workers in processes of their own."""

    def __init__(self, url: URL, module: str = "tests.cloud.deadline_process_for_tests") -> None:
        words = [sys.executable, "-m", module]
        environment = os.environ | {"DEADLINE_TEST_URL": url.render_as_string(hide_password=False)}
        self.starter = subprocess.Popen(
            words, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.running: list[int] = []

    def start(self) -> None:
        assert self.starter.stdin is not None
        assert self.starter.stdout is not None
        self.starter.stdin.write("one\n")
        self.starter.stdin.flush()
        self.running.append(int(self.starter.stdout.readline()))

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.running.remove(pid)


@pytest.fixture
def processes(url) -> Iterator[Processes]:
    found = Processes(url)
    yield found
    found.starter.communicate()


async def fire_with_kills(url: URL, processes: Processes, count: int, kills: int) -> Counter[int]:
    """`count` deadlines, three processes, `kills` times one of them killed and another started."""
    engine = make_engine(url, pool_size=1)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE done (key text, pid integer)"))
        now = datetime.now(UTC)
        for first in range(0, count, 1000):
            part = range(first, min(first + 1000, count))
            wanted = [Deadline(f"k{n}", "x", now + timedelta(milliseconds=n)) for n in part]
            await store.put(connection, wanted)
    for _ in range(3):
        processes.start()
    for _ in range(kills):
        victim = await working(engine, processes.running)
        processes.kill(victim)
        processes.start()
    async with asyncio.timeout(240):
        while await waiting(engine):  # noqa: ASYNC110 - other processes do it
            await asyncio.sleep(0.05)
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT key, pid FROM done"))).all()
        events = list(await connection.scalars(select(deadline_event.c.key)))
    await engine.dispose()
    keys = sorted(f"k{n}" for n in range(count))
    assert sorted(row.key for row in rows) == keys, "each effect once, none lost"
    assert sorted(events) == keys, "and each written down once"
    return Counter(row.pid for row in rows)


async def working(engine: AsyncEngine, pids: list[int]) -> int:
    """One of the processes that fired something; it is stopped in a transaction that fires more."""
    async with asyncio.timeout(120):
        while True:
            async with engine.connect() as connection:
                did = set(await connection.scalars(text("SELECT DISTINCT pid FROM done")))
            for pid in did.intersection(pids):
                os.kill(pid, signal.SIGSTOP)
                if await firing(engine, pid):
                    return pid
                os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(0.01)


async def firing(engine: AsyncEngine, pid: int) -> bool:
    """Whether a transaction is open in which that process has run an effect last."""
    asked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE :last AND state LIKE '%transaction%'"
        " AND datname = current_database()"
    )
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_sleep(0.01)"))  # what it asked for before it was stopped
        return bool(await connection.scalar(asked, {"last": f"%pg\\_sleep(0.004) /* {pid} */%"}))


async def waiting(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return await connection.scalar(select(func.count()).select_from(deadline)) or 0


async def test_three_processes_fire_everything_once_also_when_one_is_killed_in_the_middle(
    url, processes
) -> None:
    fired = await fire_with_kills(url, processes, count=180, kills=1)
    assert len(fired) >= 3


@pytest.mark.long
async def test_thousands_fire_once_while_processes_are_killed_again_and_again(url, processes) -> None:
    fired = await fire_with_kills(url, processes, count=12_000, kills=12)
    assert len(fired) >= 12
