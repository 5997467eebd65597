"""A database of an earlier release, with cases in every state, comes up to this one and down again.

`data/v0014.dump` was written by the release of revision 0014 itself (`pg_dump --format=custom`): eleven cases
of two nodes, with their logs, a photo, a reopened place, a gap, readings and deadlines.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.app import create_app
from cloud.database import migrate
from cloud.database.engine import make_engine
from cloud.incidents import audit, views
from cloud.keeping import tools
from cloud.people.scope import STREET
from cloud.settings import Settings
from tests.cloud.sender_for_tests import START

pytestmark = pytest.mark.anyio

DUMP = Path(__file__).parent / "data" / "v0014.dump"
STATES = (
    "accepted", "closed", "detected", "dispatched", "evaluated", "false_alarm", "filed", "in_progress",
    "resolved", "suspended", "void",
)  # fmt: skip
KEPT = (
    "SELECT number, state, place, event_class, version, severity, opened_at, closed_at FROM incident",
    "SELECT incident_id, version, at, actor_name, action, from_state, to_state, reason FROM incident_event",
    "SELECT id, incident_id, rev, state, verdict, acknowledged_by FROM alarm",
    "SELECT condition_id, kind, sha256, size FROM evidence",
    "SELECT node, epoch, series, committed, refused, evicted FROM ledger",
    "SELECT username, roles, password_hash FROM person",
    "SELECT trace, at, value FROM sample",
)
"""What an upgrade may not change, nor the way back."""


@pytest.fixture
async def earlier(empty_url: URL) -> AsyncIterator[AsyncEngine]:
    """The earlier release's database."""
    tools.restore(empty_url, DUMP)
    engine = make_engine(empty_url)
    yield engine
    await engine.dispose()


async def contents(connection: AsyncConnection) -> list[list[tuple[object, ...]]]:
    return [sorted(map(tuple, await connection.execute(text(query))), key=repr) for query in KEPT]


async def test_nothing_of_an_earlier_release_is_lost_on_the_way_up_and_down(earlier: AsyncEngine) -> None:
    assert await migrate.current(earlier) == "0014"
    async with earlier.connect() as connection:
        before = await contents(connection)
    assert [len(rows) for rows in before][:2] == [11, 41]
    for _ in range(2):
        await migrate.upgrade(earlier)
        async with earlier.connect() as connection:
            assert await contents(connection) == before
        await migrate.downgrade(earlier, "0014")
        async with earlier.connect() as connection:
            assert await contents(connection) == before


async def test_the_cases_of_an_earlier_release_are_served_and_their_logs_proved(
    earlier: AsyncEngine, empty_url: URL, tmp_path: Path
) -> None:
    await migrate.upgrade(earlier)
    app = create_app(Settings(state=tmp_path, page=tmp_path / "dist"), empty_url, lambda: START)
    async with app.router.lifespan_context(app), earlier.connect() as connection:
        context = app.state.context
        found, _ = await views.page(connection, STREET, "all", 50, None, context.registry, START)
        assert sorted(one.state for one in found) == sorted(STATES)
        assert all(one.alarms for one in found)
    proof = await audit.verify(earlier)
    assert (proof.faults, proof.cases, proof.lines) == ([], 11, 41)
