"""What telemetry costs by store: `python -m tests.bench.bench_telemetry`.

Rows a second into each store in batches as nodes send them, CPU seconds per million of the cloud's process
and of the server's, and how long a chart of a day and of a week takes to read.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from cloud.database.embedded import EmbeddedServer
from cloud.database.engine import make_engine
from cloud.database.migrate import upgrade
from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.influx import InfluxStore
from cloud.telemetry.influx_settings import Server
from cloud.telemetry.partitions import Pieces
from cloud.telemetry.postgres import PostgresStore
from cloud.telemetry.rollup import roll_up
from cloud.telemetry.store import TelemetryStore
from cloud.telemetry.values import Trace, Value, begin_of
from cloud.telemetry.victoria import VictoriaStore
from tests.cloud.stores_for_tests import running

DEVICES = 380
BATCH = 500
ROWS = int(os.environ.get("GRIDWATCH_BENCH_ROWS", "190000"))
NOW = begin_of(datetime.now(UTC), timedelta(hours=1))
TRACES = [
    Trace("n1", f"P{n // 10:02}", f"P{n // 10:02}-S{n % 10}", "", "water_level", "cm") for n in range(DEVICES)
]


def main() -> int:
    """Measure and print, a line a store."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridwatch-bench-")))
        folder.chmod(0o755)
        server = EmbeddedServer(folder / "pg")
        url = server.start()
        stack.callback(server.stop)
        influx = stack.enter_context(running(folder / "influx", Server.INFLUXDB_1))
        victoria = stack.enter_context(running(folder / "victoria", Server.VICTORIA))
        assert influx.process is not None
        assert victoria.process is not None

        async def all_of_them() -> None:
            engine = make_engine(url)
            await upgrade(engine)
            postgres = PostgresStore(engine, Catalogue(engine), lambda: NOW)
            leader = int((folder / "pg" / "postmaster.pid").read_text().split()[0])

            async def rolled() -> None:
                began = time.perf_counter()
                hours = await roll_up(engine, Pieces(engine), NOW + timedelta(hours=2))
                print(
                    json.dumps({"rollup": f"{hours} hours of traces in {time.perf_counter() - began:.1f} s"})
                )

            await measure("postgresql", postgres, leader, rolled)
            await measure("influxdb 1.6.7", InfluxStore(influx.settings), influx.process.pid)
            store = VictoriaStore(victoria.settings, engine, lambda: NOW)
            await measure("victoria-metrics", store, victoria.process.pid, victoria.settle)
            await engine.dispose()

        asyncio.run(all_of_them())
    return 0


def batches() -> Iterator[list[Value]]:
    """The last hours of all devices, in the order in which they were measured."""
    rounds = ROWS // DEVICES
    values = (
        Value(trace, NOW - timedelta(seconds=10 * (rounds - tick)), (tick * 37 + n) % 997 / 10)
        for tick in range(rounds)
        for n, trace in enumerate(TRACES)
    )
    batch: list[Value] = []
    for one in values:
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def measure(
    name: str, store: TelemetryStore, server: int, settle: Callable[[], object] = lambda: None
) -> None:
    """Write all of it, then read charts."""
    every = list(batches())
    rows = sum(map(len, every))
    for trace in TRACES[:1]:
        await store.write([Value(trace, NOW - timedelta(days=2), 1.0)])
    with cpu_of(server) as spent:
        began, own = time.perf_counter(), _cpu()
        for batch in every:
            assert await store.write(batch) == {}
        took, used = time.perf_counter() - began, _cpu() - own
    settled = settle()
    if asyncio.iscoroutine(settled):
        await settled
    day = await reading(store, timedelta(days=1), timedelta(minutes=5))
    week = await reading(store, timedelta(days=7), timedelta(minutes=30))
    line = {
        "store": name, "rows": rows, "rows_per_s": round(rows / took),
        "cloud_cpu_s_per_million": round(used / rows * 1e6, 2),
        "server_cpu_s_per_million": round(spent[0] / rows * 1e6, 2),
        "day_ms": day, "week_ms": week,
    }  # fmt: skip
    print(json.dumps(line), flush=True)
    await store.close()


async def reading(store: TelemetryStore, span: timedelta, step: timedelta) -> float:
    """Milliseconds of a chart, the middle of twenty devices'."""
    spent = []
    for trace in TRACES[:20]:
        began = time.perf_counter()
        buckets = await store.read(trace, begin_of(NOW - span, step), NOW, step)
        spent.append((time.perf_counter() - began) * 1000)
        assert buckets
    return round(statistics.median(spent), 1)


@contextmanager
def cpu_of(pid: int) -> Iterator[list[float]]:
    """CPU seconds of a server and its children meanwhile, those that ended included."""
    spent = [0.0]
    before = _family(pid)
    yield spent
    spent[0] = _family(pid) - before


def _family(pid: int) -> float:
    leader = psutil.Process(pid)
    total = 0.0
    for one in (leader, *leader.children(recursive=True)):
        times = one.cpu_times()
        total += times.user + times.system
    times = leader.cpu_times()
    return total + times.children_user + times.children_system


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())
