"""What falls due by the rosters: a shift without anybody in a seat, a grid without anybody on duty."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.areas.current import Current
from cloud.database.engine import make_engine
from cloud.database.schema import deadline
from cloud.deadlines.firing import fire
from cloud.duty.model import Rosters
from cloud.duty.tables import seat
from cloud.duty.watch import EMPTY, GRACE, UNCOVERED, effects, plan_rows, wanted
from cloud.push.tables import notice
from cloud.settings import Settings
from tests.cloud.conftest import START
from tests.cloud.rosters_for_tests import roster, rosters

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROOM = rosters(roster(2, "room", seats=["s1"]))
GRID = rosters(
    roster(1, "w", job="worker"),
    grids={"G01": {"primary": "w-A0", "backups": ["w-B0", "w-C0"], "leader": "boss"}},
)


@pytest.fixture
async def engine(url) -> AsyncIterator[AsyncEngine]:
    found = make_engine(url)
    yield found
    await found.dispose()


async def plan(engine: AsyncEngine, those: Rosters | None, now: datetime) -> list[str]:
    """Keys that wait after planning."""
    async with engine.begin() as connection:
        await plan_rows(connection, those, now)
        return list(await connection.scalars(select(deadline.c.key).order_by(deadline.c.due_at)))


async def fired(engine: AsyncEngine, now: datetime) -> list[tuple[str, list[str]]]:
    """Notices there are after firing what is due."""
    current = Current(engine)
    await current.load()
    await fire(engine, now, effects(current))
    async with engine.connect() as connection:
        rows = await connection.execute(select(notice).order_by(notice.c.id))
        return [(row.kind, row.targets) for row in rows]


async def sit(engine: AsyncEngine, username: str, since: datetime) -> None:
    row = {"seat": "s1", "roster": "room", "username": username, "since": since, "on_roster": True}
    async with engine.begin() as connection:
        await connection.execute(insert(seat), row)


def test_each_shift_of_a_roster_with_seats_is_due_a_while_after_it_begins() -> None:
    found = wanted(ROOM, NOON)
    assert [(one.key, one.due) for one in found] == [
        ("seats_empty/room/2026-01-01/day/A", NOON - 4 * HOUR + GRACE),
        ("seats_empty/room/2026-01-01/night/B", NOON + 8 * HOUR + GRACE),
        ("seats_empty/room/2026-01-02/day/D", NOON + 20 * HOUR + GRACE),
    ]
    assert wanted(rosters(roster(2)), NOON) == []
    assert wanted(ROOM, NOON, since=NOON - HOUR) == found[1:], "nobody was asked to sit down at eight"


def test_a_grid_is_due_when_its_hole_begins() -> None:
    (one,) = wanted(GRID, NOON)
    assert (one.key, one.due) == ("grid_uncovered/G01/2026-01-02T08:00", NOON + 20 * HOUR)
    assert one.detail == {"grid": "G01", "leader": "boss", "until": "2026-01-02T20:00:00+00:00"}
    later = wanted(GRID, NOON + 21 * HOUR)
    assert one in later, "it is going on"
    assert one not in wanted(GRID, NOON + 32 * HOUR)


async def test_rows_follow_the_rosters(engine) -> None:
    assert len(await plan(engine, ROOM, NOON)) == 3
    assert await plan(engine, GRID, NOON) == ["grid_uncovered/G01/2026-01-02T08:00"]
    assert await plan(engine, None, NOON) == []


async def test_a_shift_in_which_nobody_sits_down_is_told_once(engine) -> None:
    await plan(engine, ROOM, NOON)
    told = [(EMPTY, ["person:room-A0", "role:leader"])]
    assert await fired(engine, NOON) == told
    assert len(await plan(engine, ROOM, NOON)) == 2, "what fired does not come back"
    assert await fired(engine, NOON + HOUR) == told


@pytest.mark.parametrize(
    ("who", "since", "told"),
    [
        ("room-A1", -30, 0),  # of this shift, early
        ("room-D0", -3.9, 0),  # stepped in after it began
        ("room-C0", -15, 1),  # of the shift before, never handed over
    ],
)
async def test_a_seat_counts_when_somebody_of_the_shift_or_since_it_began_has_it(
    engine, who: str, since: float, told: int
) -> None:
    await sit(engine, who, NOON + since * HOUR)
    await plan(engine, ROOM, NOON)
    assert len(await fired(engine, NOON)) == told


async def test_a_grid_without_anybody_is_told_to_its_leader_when_it_begins(engine) -> None:
    await plan(engine, GRID, NOON)
    assert await fired(engine, NOON + 19 * HOUR) == []
    assert await fired(engine, NOON + 20 * HOUR) == [(UNCOVERED, ["person:boss", "role:leader"])]
    async with engine.connect() as connection:
        words: Any = await connection.scalar(select(notice.c.words))
    assert words["en"] == "nobody is on duty in G01"


async def test_a_running_app_keeps_the_rows_in_step(street, tmp_path) -> None:
    written = {"timezone": "UTC", "rosters": [roster(2, "room", seats=["s1"])]}
    settings = Settings(state=tmp_path, page=tmp_path / "dist", policies={"rosters": written})
    async with street(settings) as s, asyncio.timeout(60):
        while True:
            async with s.app.state.context.engine.connect() as connection:
                kinds = set(await connection.scalars(select(deadline.c.kind)))
                told = set(await connection.scalars(select(notice.c.kind)))
            if EMPTY in kinds and s.clock.at == START:
                assert told == set(), "the shift that was on had begun before there was a roster"
                s.clock.forward(hours=13)
            elif EMPTY in told:
                break
            await asyncio.sleep(0.05)
