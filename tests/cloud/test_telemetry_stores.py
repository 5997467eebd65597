"""Every store of telemetry keeps the same promises; the servers are real."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cloud.database.engine import make_engine
from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.influx import InfluxStore
from cloud.telemetry.influx_settings import Server
from cloud.telemetry.postgres import PostgresStore
from cloud.telemetry.store import FakeStore, StoreAway, TelemetryStore
from cloud.telemetry.values import STEPS, Bucket, Trace, Value, begin_of, down_sampled
from cloud.telemetry.victoria import VictoriaStore
from tests.cloud.sender_for_tests import START
from tests.cloud.stores_for_tests import RealServer, running

pytestmark = pytest.mark.anyio
_numbers = itertools.count(1)
MIN = timedelta(minutes=1)


@dataclass
class Subject:
    """A store to be tested."""

    store: TelemetryStore
    settle: Callable[[], None] = lambda: None

    async def read(
        self, trace: Trace, step: timedelta = MIN, back: timedelta = timedelta(hours=3)
    ) -> list[Bucket]:
        self.settle()
        until = begin_of(START + timedelta(hours=1), step) + step
        return await self.store.read(trace, begin_of(START - back, step), until, step)


@pytest.fixture(scope="module")
def influx(tmp_path_factory) -> Iterator[RealServer]:
    with running(tmp_path_factory.mktemp("influx"), Server.INFLUXDB_1) as server:
        yield server


@pytest.fixture(scope="module")
def victoria(tmp_path_factory) -> Iterator[RealServer]:
    with running(tmp_path_factory.mktemp("victoria"), Server.VICTORIA) as server:
        yield server


@pytest.fixture(params=["fake", "postgres", "influx", "victoria"])
def needs(request) -> tuple[str, Any, Any]:
    """Which store; its server and its database, where it has them."""
    kind = request.param
    server = request.getfixturevalue(kind) if kind in ("influx", "victoria") else None
    return kind, server, request.getfixturevalue("url") if kind in ("postgres", "victoria") else None


@pytest.fixture
async def subject(needs) -> AsyncIterator[Subject]:
    kind, server, url = needs
    engine = None if url is None else make_engine(url)
    if kind == "fake":
        found = Subject(FakeStore())
    elif kind == "influx":
        found = Subject(InfluxStore(server.settings))
    elif kind == "postgres":
        found = Subject(PostgresStore(engine, Catalogue(engine), lambda: START))
    else:
        found = Subject(VictoriaStore(server.settings, engine, lambda: START), server.settle)
    yield found
    await found.store.close()
    if engine is not None:
        await engine.dispose()


def a_trace(**more: str) -> Trace:
    values = {"node": "n1", "point": "P01", "zone": "", "quantity": "water_level", "unit": "cm"}
    return Trace(**{"device": f"S{next(_numbers)}", **values, **more})


def series(trace: Trace, *numbers: float, every: float = 7.0) -> list[Value]:
    return [Value(trace, START + timedelta(seconds=n * every), one) for n, one in enumerate(numbers)]


def close(found: list[Bucket]) -> list[Any]:
    """Means are summed in another order elsewhere."""
    return [replace(one, mean=pytest.approx(one.mean)) for one in found]


async def test_what_was_written_is_read_down_sampled_at_every_step(subject) -> None:
    trace = a_trace()
    values = series(trace, *(((n * 37) % 101) / 4 - 5 for n in range(300)), every=11.3)
    assert await subject.store.write(values) == {}
    subject.settle()
    for seconds in STEPS:
        step = timedelta(seconds=seconds)
        assert close(down_sampled(values, step)) == await subject.read(trace, step), seconds


async def test_doubled_and_disordered_writes_change_nothing(subject) -> None:
    trace = a_trace()
    values = series(trace, 1.0, 5.0, 3.0, 4.0)
    for part in (values[2:], values, values[::-1], values[:1]):
        assert await subject.store.write(part) == {}
    assert close(down_sampled(values, MIN)) == await subject.read(trace)


async def test_traces_are_kept_apart_by_every_word_of_them(subject) -> None:
    first = a_trace(zone="Z1")
    others = [replace(first, zone=""), replace(first, unit="m"), replace(first, quantity="count")]
    for n, trace in enumerate((first, *others)):
        await subject.store.write(series(trace, float(n)))
    assert [[one.last for one in await subject.read(trace)] for trace in (first, *others)] == [
        [0],
        [1],
        [2],
        [3],
    ]


WORDS = ("a b", "a,b=c", "it's", 'say "so"', "%RH", "µg/m³", "水位", "{x}", "a|b", "$", "-", "a=")


async def test_words_that_need_care_come_back(subject) -> None:
    traces = [a_trace(quantity=word, unit=word) for word in WORDS]
    for n, trace in enumerate(traces):
        assert await subject.store.write(series(trace, float(n))) == {}
    assert [[one.last for one in await subject.read(trace)] for trace in traces] == [[n] for n in range(12)]


async def test_what_is_not_sound_is_kept_out_of_every_chart(subject) -> None:
    trace = a_trace()
    values = series(trace, 1.0, 99.0, 2.0)
    values[1] = replace(values[1], sound=False)
    await subject.store.write(values)
    assert [(one.count, one.high) for one in await subject.read(trace)] == [(2, 2.0)]


async def test_nothing_is_read_of_what_was_never_written(subject) -> None:
    assert await subject.read(a_trace()) == []


async def test_numbers_of_every_size_that_is_measured_come_back(subject) -> None:
    trace = a_trace()
    numbers = [0.0, -0.1, 0.001, 12345.25, -1e6]
    await subject.store.write(series(trace, *numbers, every=60.0))
    assert [one.last for one in await subject.read(trace)] == pytest.approx(numbers)


async def test_a_store_that_is_not_there_is_away_and_says_so_without_its_token() -> None:
    server = RealServer(Path("/nowhere"), Server.VICTORIA)
    for kind in (Server.INFLUXDB_1, Server.INFLUXDB_2):
        store = InfluxStore(replace(server.settings, server=kind, token="geheim:sehr", timeout=5.0))
        for ask in (store.write(series(a_trace(), 1.0)), store.read(a_trace(), START, START + MIN, MIN)):
            with pytest.raises(StoreAway, match="does not answer") as told:
                await ask
            assert "geheim" not in str(told.value) + repr(told.value.__cause__) + repr(store._settings)
        await store.close()


async def test_influx_keeps_the_rest_when_it_refuses_a_point_and_each_is_named(influx) -> None:
    store = InfluxStore(influx.settings)
    early = replace(a_trace(), unit="x")
    # Somebody else has written whole numbers into our field, in the week of these.
    influx.get("/write", b"gridwatch,device=other value=1i 1000000", db="gridwatch", precision="u")
    old = [Value(early, begin_of(START, MIN).replace(year=1970, month=1, day=1), 1.0)]
    values = [*series(early, 1.0, 2.0), *old, *series(early, 3.0, every=30.0)]
    refused = await store.write(values)
    assert list(refused) == [2]
    assert "field type conflict" in refused[2]
    assert len(await Subject(store).read(early)) == 1
    await store.close()


async def test_a_server_without_our_database_keeps_nobody_from_sending_again(influx) -> None:
    store = InfluxStore(replace(influx.settings, bucket="elsewhere"))
    with pytest.raises(StoreAway, match="elsewhere"):
        await store.write(series(a_trace(), 1.0))
    await store.close()


async def test_influx_keeps_what_it_acknowledged_when_it_is_killed(tmp_path) -> None:
    with running(tmp_path / "influx", Server.INFLUXDB_1) as server:
        store = InfluxStore(server.settings)
        trace = a_trace()
        values = series(trace, *map(float, range(200)))
        await store.write(values)
        server.kill()
        with pytest.raises(StoreAway):
            await store.write(values)
        server.start()
        await store.write(values[-20:])
        assert close(down_sampled(values, MIN)) == await Subject(store).read(trace)
        await store.close()


async def test_victoria_metrics_loses_what_it_acknowledged_and_is_sent_it_again(tmp_path, url, clock) -> None:
    engine = make_engine(url)
    with running(tmp_path / "victoria", Server.VICTORIA) as server:
        store = VictoriaStore(server.settings, engine, clock)
        trace = a_trace()
        values = series(trace, *map(float, range(200)))
        await store.tend(clock())
        await store.write(values)
        server.kill()
        # The server counts whole seconds of when it began.
        await asyncio.sleep(1.1)
        server.start()
        assert await Subject(store, server.settle).read(trace) == [], "then no journal would be needed"
        # A cloud that was started anew, too, knows from its journal what the server may have lost.
        await store.close()
        store = VictoriaStore(server.settings, engine, clock)
        clock.forward(hours=1)
        await store.tend(clock())
        assert close(down_sampled(values, MIN)) == await Subject(store, server.settle).read(trace)
        # Killed once more before it flushed: what was sent again is still young.
        clock.forward(seconds=10)
        await store.tend(clock())
        server.kill()
        await asyncio.sleep(1.1)
        server.start()
        await store.tend(clock())
        assert close(down_sampled(values, MIN)) == await Subject(store, server.settle).read(trace)
        clock.forward(minutes=11)
        await store.tend(clock())
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM telemetry_journal")) == 0
        await store.close()
    await engine.dispose()
