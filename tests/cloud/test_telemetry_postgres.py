"""PostgreSQL as the store of telemetry: its pieces, its minutes and hours, and what a kill leaves."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.database.embedded import EmbeddedServer
from cloud.database.engine import make_engine
from cloud.database.migrate import upgrade
from cloud.errors import DatabaseUnavailable
from cloud.telemetry.catalogue import Catalogue, listed
from cloud.telemetry.partitions import AHEAD, GRAINS, RAW, Pieces, name_of, over
from cloud.telemetry.postgres import PostgresStore
from cloud.telemetry.rollup import roll_up
from cloud.telemetry.values import Trace, Value, begin_of, down_sampled
from tests.cloud.sender_for_tests import START

pytestmark = pytest.mark.anyio
TRACE = Trace("n1", "P01", "S1", "", "water_level", "cm")
HOUR = timedelta(hours=1)
STEPS = (10, 60, 300, 1800, 3600, 10_800, 86_400)


@pytest.fixture
async def engine(url) -> AsyncIterator[AsyncEngine]:
    found = make_engine(url)
    yield found
    await found.dispose()


async def tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")
        )
        return {row.relname for row in rows}


MOMENTS = st.integers(-5 * 3_600_000, 3_600_000).map(lambda ms: START + timedelta(milliseconds=ms))
VALUES = st.builds(
    Value,
    trace=st.sampled_from([TRACE, replace(TRACE, zone="Z1")]),
    at=MOMENTS,
    value=st.integers(-50, 50).map(float),
    sound=st.booleans(),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_chart_is_the_same_however_far_the_rollup_is(url, data) -> None:
    """Writes and turns of the job in any order; at any moment every step reads as if by hand."""

    async def run() -> None:
        engine = make_engine(url)
        try:
            async with engine.begin() as connection:
                await connection.execute(
                    text("TRUNCATE sample, sample_mark, sample_minute, sample_hour, trace RESTART IDENTITY")
                )
            store = PostgresStore(engine, Catalogue(engine), lambda: START)
            written: dict[tuple[Trace, datetime], Value] = {}
            for _ in range(data.draw(st.integers(1, 4))):
                batch = data.draw(st.lists(VALUES, max_size=30))
                await store.write(batch)
                for one in batch:
                    written.setdefault((one.trace, one.at), one)
                if data.draw(st.booleans()):
                    await roll_up(
                        engine, Pieces(engine), START + timedelta(hours=data.draw(st.integers(-4, 3)))
                    )
                for seconds in STEPS:
                    step = timedelta(seconds=seconds)
                    since, until = begin_of(START - 5 * HOUR, step), begin_of(START + HOUR, step) + step
                    for trace in (TRACE, replace(TRACE, zone="Z1")):
                        own = [one for one in written.values() if one.trace == trace]
                        found = await store.read(trace, since, until, step)
                        assert [replace(one, mean=round(one.mean, 6)) for one in found] == [
                            replace(one, mean=round(one.mean, 6)) for one in down_sampled(own, step)
                        ]
        finally:
            await engine.dispose()

    asyncio.run(run())


async def test_hours_that_are_over_are_rolled_up_once_and_read_without_their_raw_values(engine) -> None:
    store = PostgresStore(engine, Catalogue(engine), lambda: START)
    values = [Value(TRACE, START - 3 * HOUR + timedelta(seconds=30 * n), float(n)) for n in range(360)]
    await store.write(values)
    now = START + timedelta(minutes=1)
    assert await roll_up(engine, Pieces(engine), now) == 2, (
        "the hour that is just over waits for what is on its way"
    )
    assert await roll_up(engine, Pieces(engine), now) == 0
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM sample WHERE at < :at"), {"at": START - HOUR})
    found = await store.read(TRACE, START - 3 * HOUR, START, HOUR)
    assert found == down_sampled(values, HOUR)


async def test_a_writer_that_comes_while_the_job_runs_is_not_forgotten(engine) -> None:
    """The writer has its mark and has not committed; the job must not take that mark off behind its back."""
    store = PostgresStore(engine, Catalogue(engine), lambda: START)
    first = Value(TRACE, START - 4 * HOUR, 1.0)
    await store.write([first])
    async with engine.connect() as writer:
        mark = {"trace": 1, "hour": START - 4 * HOUR, "at": START - 4 * HOUR + timedelta(seconds=1)}
        await writer.execute(
            text(
                "INSERT INTO sample_mark VALUES (:trace, :hour) "
                "ON CONFLICT (trace, hour) DO UPDATE SET hour = excluded.hour"
            ),
            mark,
        )
        await writer.execute(text("INSERT INTO sample VALUES (:trace, :at, 5.0, true)"), mark)
        assert await roll_up(engine, Pieces(engine), START) == 0
        await writer.commit()
    assert await roll_up(engine, Pieces(engine), START) == 1
    (hour,) = await store.read(TRACE, START - 4 * HOUR, START - 3 * HOUR, HOUR)
    assert (hour.count, hour.high) == (2, 5.0)


async def test_pieces_are_made_ahead_and_dropped_when_all_of_one_is_old(engine) -> None:
    store = PostgresStore(engine, Catalogue(engine), lambda: START)
    await store.tend(START)
    ahead = {
        name_of(grain, begin_of(START + n * grain.piece, grain.piece))
        for grain in GRAINS
        for n in range(AHEAD + 1)
    }
    assert ahead <= await tables(engine)
    oldest = Value(TRACE, START - RAW.kept + timedelta(minutes=1), 1.0)
    await store.write([oldest])
    await store.tend(START)
    assert len(await store.read(TRACE, oldest.at - HOUR, START, timedelta(seconds=10))) == 1
    before = await tables(engine)
    await store.tend(START + RAW.piece)
    assert before - await tables(engine) == {name_of(RAW, begin_of(oldest.at, RAW.piece))}
    since = begin_of(oldest.at, HOUR)
    assert await store.read(TRACE, since, since + HOUR, timedelta(seconds=10)) == []
    assert [one.last for one in await store.read(TRACE, since, since + HOUR, HOUR)] == [1.0]


@given(st.integers(0, 4000), st.integers(0, 20_000))
def test_nothing_is_dropped_that_is_still_kept(day, minutes) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    for grain in GRAINS:
        begin = begin_of(now - timedelta(days=day), grain.piece)
        dropped = over(grain, [name_of(grain, begin)], now)
        assert bool(dropped) == (begin + grain.piece - timedelta(microseconds=1) < now - grain.kept)


async def test_values_of_other_times_than_are_kept_are_refused_by_their_place(engine) -> None:
    store = PostgresStore(engine, Catalogue(engine), lambda: START)
    times = (START, START - RAW.kept - HOUR, START + timedelta(days=2), START - timedelta(days=3))
    refused = await store.write([Value(TRACE, at, 1.0) for at in times])
    assert {place: reason.split(";")[0] for place, reason in refused.items()} == {
        1: "is of 2026-10-18",
        2: "is of 2026-11-24, which is yet to come",
    }
    assert len(await store.read(TRACE, START - timedelta(days=4), START + HOUR, HOUR)) == 2


async def test_the_catalogue_gives_a_trace_one_number_and_keeps_its_latest_sound_value(engine) -> None:
    one, other = Catalogue(engine), Catalogue(engine)
    ids = await asyncio.gather(*(each.ids([TRACE, replace(TRACE, zone="Z")]) for each in (one, other) * 3))
    assert len({tuple(sorted(found.values())) for found in ids}) == 1
    later = START + timedelta(seconds=9)
    await one.note([Value(TRACE, later, 9.0), Value(TRACE, START, 1.0)])
    await other.note([Value(TRACE, START, 2.0), Value(TRACE, later + HOUR, 3.0, sound=False)])
    async with engine.connect() as connection:
        (found, _) = await listed(connection, points=["P01"])
    assert (found.trace, found.last_at, found.last_value) == (TRACE, later, 9.0)


WRITER = """
import asyncio, sys
from datetime import datetime, timedelta, UTC
from sqlalchemy.engine import make_url
from cloud.database.engine import make_engine
from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.postgres import PostgresStore
from cloud.telemetry.values import Trace, Value

async def main():
    engine = make_engine(make_url(sys.argv[1]))
    start = datetime.fromisoformat(sys.argv[2])
    store = PostgresStore(engine, Catalogue(engine), lambda: start)
    trace = Trace("n1", "P01", "S1", "", "water_level", "cm")
    for n in range(10**6):
        at = start + timedelta(milliseconds=20 * n)
        await store.write([Value(trace, at + timedelta(milliseconds=k), float(n)) for k in range(20)])
        print(n, flush=True)

asyncio.run(main())
"""


async def test_no_acknowledged_range_is_lost_when_postgresql_is_killed_while_it_is_written(
    roomy: Path,
) -> None:
    """`kill -9` of the server and all its children in the middle of writing; then it is started again."""
    server = EmbeddedServer(roomy / "pg")
    server.start()
    stopping = threading.Event()
    keeping = threading.Thread(target=server.keep, args=(stopping, 0.1))
    try:
        url = server.url()
        engine = make_engine(url)
        await upgrade(engine)
        writer = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, url.render_as_string(hide_password=False), START.isoformat(),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert writer.stdout is not None
        acknowledged = -1
        while acknowledged < 30:
            acknowledged = int(await asyncio.wait_for(writer.stdout.readline(), 60))
        kill_server(roomy / "pg")
        rest = await asyncio.wait_for(writer.stdout.read(), 60)
        acknowledged = int(([str(acknowledged), *rest.decode().split()])[-1])
        await asyncio.wait_for(writer.wait(), 60)
        keeping.start()
        await asyncio.wait_for(answering(engine), 120)
        async with engine.connect() as connection:
            kept = await connection.scalar(
                text("SELECT count(*) FROM sample WHERE value <= :n"), {"n": acknowledged}
            )
            whole = await connection.scalar(text("SELECT count(*) % 20 FROM sample"))
        await engine.dispose()
        assert (kept, whole) == ((acknowledged + 1) * 20, 0)
    finally:
        stopping.set()
        keeping.join(120)
        server.stop()


async def answering(engine: AsyncEngine) -> None:
    while True:
        with contextlib.suppress(DatabaseUnavailable):
            async with engine.connect():
                return
        await asyncio.sleep(0.1)


def kill_server(data: Path) -> None:
    """The postmaster's whole family at once, as a power cut would."""
    leader = int((data / "postmaster.pid").read_text().split("\n")[0])
    children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
    for pid in (leader, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
