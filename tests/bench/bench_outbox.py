"""What the node's outbox costs: `python -m tests.bench.bench_outbox`.

Each line is measured here and now, on the disk of the temporary directory; nothing is compared.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from devices.ids import uuid7
from devices.messages import DeviceStatus, Series
from edge.keep import NodeStore
from edge.send import Uplink
from tests.edge.fake_cloud import FakeCloud
from tests.edge.messages_for_tests import NOON, a_condition, an_evidence

PHOTO = 40 * 1024
"""Bytes, as a 640x360 JPEG has."""


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="gridwatch-bench-") as directory:
        print(f"outbox on {os.cpu_count()} cores; {flushes(Path(directory), 200)}")
        with a_store(Path(directory) / "a") as store:
            for rows, times in ((1, 300), (10, 100), (38, 100), (380, 20)):
                commits(store, rows, times)
        with a_store(Path(directory) / "b") as store:
            photos(store, 100)
        with a_store(Path(directory) / "c") as store:
            drain(store, 5000)
        with a_store(Path(directory) / "d") as store:
            latency(store, 100)
    return 0


@contextmanager
def a_store(directory: Path) -> Iterator[NodeStore]:
    store = NodeStore.open(directory, "n1", now=lambda: datetime.now(UTC), new_id=uuid7)
    try:
        yield store
    finally:
        store.close()


def flushes(directory: Path, times: int) -> str:
    """What the disk itself takes to keep 4 KiB: the floor of every commit below."""
    with (directory / "flush").open("wb", buffering=0) as file:

        def one() -> None:
            file.write(bytes(4096))
            os.fdatasync(file.fileno())

        spent, _ = timed(one, times)
    return f"fdatasync of 4 KiB p50 {quantile(spent, 0.5):.2f} ms p99 {quantile(spent, 0.99):.2f} ms"


def commits(store: NodeStore, rows: int, times: int) -> None:
    """Transactions that queue `rows` alarms each, every one flushed to the disk."""

    def one() -> None:
        with store.transaction() as tx:
            for body in bodies:
                tx.queue(body, NOON)

    bodies = [a_condition() for _ in range(rows)]
    spent, cpu = timed(one, times)
    print(
        f"  queue {rows:>3} alarms a commit: {rows * times / sum(spent):>7.0f} rows/s, "
        f"commit p50 {quantile(spent, 0.5):.2f} ms p99 {quantile(spent, 0.99):.2f} ms, "
        f"{cpu / rows / times * 1e6:.0f} CPU-us a row"
    )


def photos(store: NodeStore, times: int) -> None:
    """Save a photo and queue its message."""

    def one() -> None:
        sha256, _ = store.save_photo(os.urandom(PHOTO))
        with store.transaction() as tx:
            tx.queue(an_evidence(sha256, PHOTO), NOON)

    spent, cpu = timed(one, times)
    print(
        f"  photo of {PHOTO // 1024} KiB with its message: p50 {quantile(spent, 0.5):.2f} ms "
        f"p99 {quantile(spent, 0.99):.2f} ms, {cpu / times * 1e6:.0f} CPU-us"
    )


def drain(store: NodeStore, count: int) -> None:
    """A backlog to a cloud on loopback that answers at once."""
    with store.transaction() as tx:
        for _ in range(count):
            tx.queue(a_condition(), NOON)
    with FakeCloud("token") as cloud:
        uplink = Uplink(store, cloud.url, lambda: "token", on_status=ignore)
        begun, cpu = time.perf_counter(), cpu_seconds()
        uplink.start()
        while store.figures().series[Series.ALARM].queued:
            time.sleep(0.02)
        spent, cpu = time.perf_counter() - begun, cpu_seconds() - cpu
        uplink.stop()
        assert cloud.book.seqs("alarm") == list(range(1, count + 1))
    print(
        f"  drain a backlog of {count}: {count / spent:.0f} alarms/s, "
        f"{cpu / count * 1e6:.0f} CPU-us an alarm (both sides in this process)"
    )


def latency(store: NodeStore, times: int) -> None:
    """From the start of the transaction to the cloud's having it, one alarm at a time."""
    arrived = threading.Event()
    with FakeCloud("token") as cloud:
        ingest = cloud.book.ingest

        def booked(events: object) -> object:
            answer = ingest(events)  # type: ignore[arg-type]
            arrived.set()
            return answer

        cloud.book.ingest = booked  # type: ignore[method-assign, assignment]
        uplink = Uplink(store, cloud.url, lambda: "token", on_status=ignore)
        uplink.start()

        def one() -> None:
            arrived.clear()
            with store.transaction() as tx:
                tx.queue(a_condition(), NOON)
            uplink.wake()
            assert arrived.wait(10)

        one()
        spent, _ = timed(one, times)
        uplink.stop()
    print(
        f"  one alarm from decision to cloud: p50 {quantile(spent, 0.5):.1f} ms, "
        f"p99 {quantile(spent, 0.99):.1f} ms"
    )


def timed(work: Callable[[], None], times: int) -> tuple[list[float], float]:
    """Seconds of each run, and the CPU seconds of all."""
    spent = []
    cpu = cpu_seconds()
    for _ in range(times):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    return spent, cpu_seconds() - cpu


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def quantile(spent: list[float], part: float) -> float:
    """In milliseconds."""
    return sorted(spent)[min(len(spent) - 1, int(part * len(spent)))] * 1000


def ignore(status: DeviceStatus, detail: str) -> None:
    """The bench has no wall to tell."""


if __name__ == "__main__":
    sys.exit(main())
