"""Playbooks played by several processes on one PostgreSQL, some of them killed in the middle of a step."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from cloud.database.engine import make_engine
from cloud.database.schema import incident, incident_event
from cloud.incidents.opening import Report, open_report
from cloud.incidents.store import GRIDWATCH
from cloud.incidents.transitions import State
from tests.cloud.test_deadline_processes import Processes, working

pytestmark = pytest.mark.anyio
LIFE = ["open", "verify", "accept", "file", "playbook", "dispatch", "playbook", "escalated"]


@pytest.fixture
def processes(url):
    found = Processes(url, "tests.cloud.playbook_process_for_tests")
    yield found
    found.starter.communicate()


async def play(url, processes: Processes, count: int, kills: int) -> None:
    """`count` cases that nobody clears; three processes, `kills` times one of them killed in a step."""
    engine = make_engine(url, pool_size=1)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE done (key text, pid integer)"))
        for _ in range(count):
            await open_report(connection, Report("edge", "05-06", 2), GRIDWATCH, datetime.now(UTC))
    for _ in range(3):
        processes.start()
    for _ in range(kills):
        processes.kill(await working(engine, processes.running))
        processes.start()
    over = select(func.count()).where(incident.c.level == "community")
    async with asyncio.timeout(240):
        while True:
            async with engine.connect() as connection:
                if await connection.scalar(over) == count:
                    break
            await asyncio.sleep(0.05)
    async with engine.connect() as connection:
        lines = select(incident_event.c.incident_id, incident_event.c.action)
        lines = lines.order_by(incident_event.c.incident_id, incident_event.c.version)
        logs: dict[object, list[str]] = {}
        for row in await connection.execute(lines):
            logs.setdefault(row.incident_id, []).append(row.action)
        done = Counter((await connection.scalars(text("SELECT key FROM done"))).all())
        states = Counter((await connection.scalars(select(incident.c.state))).all())
    await engine.dispose()
    assert list(logs.values()) == [LIFE] * count, "each step once, none lost, in order"
    assert set(done.values()) == {1}
    assert len(done) == 5 * count
    assert states == {State.DISPATCHED: count}


async def test_every_step_is_done_once_also_when_a_process_is_killed_in_the_middle(url, processes) -> None:
    await play(url, processes, count=12, kills=1)


@pytest.mark.long
async def test_hundreds_of_cases_are_played_once_while_processes_are_killed(url, processes) -> None:
    await play(url, processes, count=600, kills=10)
