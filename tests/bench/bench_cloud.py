"""What the cloud takes and how soon a wall hears of it, on this machine. Prints; asserts nothing.

    .venv/bin/python tests/bench/bench_cloud.py [--seconds 5]

The real server on a real socket and the embedded PostgreSQL with fsync on; the sender shares the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import psutil

from devices.ids import uuid7
from devices.messages import Change, Condition, ConditionState, Severity, envelope
from simulators.broker import free_port

ROOT = Path(__file__).parents[2]


class Node:
    """Makes numbered events of one node."""

    def __init__(self, name: str, point: str) -> None:
        self.name, self.point, self.epoch, self.seq = name, point, uuid7(), 0

    def event(self, place: str, condition: UUID | None = None, rev: int = 1) -> str:
        self.seq += 1
        now = datetime.now(UTC)
        body = Condition(
            condition_id=condition or uuid7(), rev=rev, change=Change.OPENED if rev == 1 else Change.UPDATED,
            state=ConditionState.OPEN, node=self.name, point=self.point, device=f"{self.point}-C1",
            rule="bikes", place=place, event_class="05-06",
            label="bicycle", score=0.8, severity=Severity.MEDIUM, since=now,
            changed_at=now, box=(0.1, 0.2, 0.3, 0.4), count=3,
        )  # fmt: skip
        return envelope(
            body, event_id=uuid7(), node=self.name, epoch=self.epoch, seq=self.seq, time=now
        ).model_dump_json()


async def main(seconds: float) -> None:
    directory = Path(tempfile.mkdtemp(prefix="gridwatch-bench-"))
    port = free_port()
    command = [sys.executable, "-m", "gridwatch", "cloud", "--site", "examples/street/site.yaml"]
    command += ["--state", str(directory), "--tokens", str(directory / "tokens"), "--port", str(port)]
    began = time.perf_counter()
    server = subprocess.Popen(  # noqa: ASYNC220
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=base, timeout=30) as http:
            await ready(http)
            print(f"first start, new database: {time.perf_counter() - began:.1f} s")
            tokens = dict(line.split() for line in (directory / "tokens").read_text().splitlines())
            watched = processes(server.pid, directory)
            await joining(http, tokens["n1"], seconds, watched)
            await new_places(http, tokens["n1"], seconds, watched)
            await singles(http, tokens, seconds, watched)
            await walls(http, directory, tokens["n1"], watched)
            await lists(http, directory)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        shutil.rmtree(directory)


async def ready(http: httpx.AsyncClient) -> None:
    while True:
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)


def processes(pid: int, directory: Path) -> list[psutil.Process]:
    """The API process and the postmaster with its children's time."""
    postmaster = int((directory / "pg" / "postmaster.pid").read_text().splitlines()[0])
    return [psutil.Process(pid), psutil.Process(postmaster)]


def cpu(watched: list[psutil.Process]) -> tuple[float, float]:
    """CPU seconds of the API, and of PostgreSQL with all its backends."""
    api = watched[0].cpu_times()
    backends = [watched[1], *watched[1].children(recursive=True)]
    times = [process.cpu_times() for process in backends]
    return api.user + api.system, sum(one.user + one.system for one in times)


def report(
    name: str, events: int, took: float, before: tuple[float, float], after: tuple[float, float]
) -> None:
    api, database = (b - a for a, b in zip(before, after, strict=True))
    print(
        f"{name}: {events / took:,.0f} events/s, CPU per 1,000 events: "
        f"API {api / events * 1e6:.0f} ms, PostgreSQL {database / events * 1e6:.0f} ms"
    )


async def post(http: httpx.AsyncClient, token: str, events: list[str]) -> float:
    began = time.perf_counter()
    answer = await http.post(
        "/api/v1/ingest", content="[" + ",".join(events) + "]", headers={"Authorization": f"Bearer {token}"}
    )
    answer.raise_for_status()
    assert not answer.json()["refused"], answer.text[:300]
    return time.perf_counter() - began


async def joining(http: httpx.AsyncClient, token: str, seconds: float, watched: list[psutil.Process]) -> None:
    node = Node("n1", "P01")
    conditions = [uuid7() for _ in range(50)]
    rev, events, before, began = 0, 0, cpu(watched), time.perf_counter()
    while time.perf_counter() - began < seconds:
        rev += 1
        batch = [node.event(f"a{n}", condition, rev) for n, condition in enumerate(conditions)]
        await post(http, token, batch)
        events += len(batch)
    report(
        "revisions of 50 standing conditions, batches of 50",
        events,
        time.perf_counter() - began,
        before,
        cpu(watched),
    )


async def new_places(
    http: httpx.AsyncClient, token: str, seconds: float, watched: list[psutil.Process]
) -> None:
    node = Node("n1", "P01")
    events, before, began = 0, cpu(watched), time.perf_counter()
    while time.perf_counter() - began < seconds:
        await post(http, token, [node.event(f"b{events + n}") for n in range(50)])
        events += 50
    report("new incidents, batches of 50", events, time.perf_counter() - began, before, cpu(watched))


async def singles(
    http: httpx.AsyncClient, tokens: dict[str, str], seconds: float, watched: list[psutil.Process]
) -> None:
    times: list[float] = []
    before, began = cpu(watched), time.perf_counter()

    async def one(number: int) -> None:
        node = Node("n1", "P01")
        while time.perf_counter() - began < seconds:
            times.append(await post(http, tokens["n1"], [node.event(f"c{number}-{len(times)}")]))

    await asyncio.gather(*(one(number) for number in range(8)))
    report(
        "new incidents one by one, 8 connections",
        len(times),
        time.perf_counter() - began,
        before,
        cpu(watched),
    )
    p50, p99 = quantiles(times)
    print(f"    p50 {p50:.1f} ms, p99 {p99:.1f} ms")


def quantiles(times: list[float]) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    cuts = statistics.quantiles(times, n=100)
    return cuts[49] * 1000, cuts[98] * 1000


async def walls(http: httpx.AsyncClient, directory: Path, token: str, watched: list[psutil.Process]) -> None:
    """Committed -> heard, with 50 walls and 20 events a second."""
    await log_in(http, directory)
    sent: dict[str, float] = {}
    delays: list[float] = []
    count, total = 50, 100
    listening = asyncio.Semaphore(0)

    async def wall() -> None:
        heard = 0
        async with http.stream("GET", "/api/v1/stream") as stream:
            event = ""
            async for line in stream.aiter_lines():
                if line == "event: hello":
                    listening.release()
                elif line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event == "incident":
                    place = line.split('"place":"')[1].split('"')[0]
                    if place in sent:
                        delays.append(time.perf_counter() - sent[place])
                        heard += 1
                        if heard == total:
                            return

    before = cpu(watched)
    async with httpx.AsyncClient(
        base_url=http.base_url, cookies=http.cookies, timeout=30, limits=httpx.Limits(max_connections=count)
    ) as listeners:
        http, sender = listeners, http
        tasks = [asyncio.create_task(wall()) for _ in range(count)]
        for _ in range(count):
            await listening.acquire()
        node = Node("n1", "P01")
        for n in range(total):
            sent[f"w{n}"] = time.perf_counter()
            await post(sender, token, [node.event(f"w{n}")])
            await asyncio.sleep(0.05)
        await asyncio.wait_for(asyncio.gather(*tasks), 30)
    after = cpu(watched)
    p50, p99 = quantiles(delays)
    print(
        f"edge sends -> {count} walls hear, 20 events/s: p50 {p50:.0f} ms, p99 {p99:.0f} ms, "
        f"{len(delays)} of {count * total} heard; API {after[0] - before[0]:.1f} CPU s, "
        f"PostgreSQL {after[1] - before[1]:.1f} CPU s for {total} events"
    )


async def lists(http: httpx.AsyncClient, directory: Path) -> None:
    times = []
    for _ in range(50):
        began = time.perf_counter()
        (await http.get("/api/v1/incidents", params={"limit": 50})).raise_for_status()
        times.append(time.perf_counter() - began)
    p50, p99 = quantiles(times)
    page = await http.get("/api/v1/incidents", params={"limit": 50})
    print(f"GET 50 open incidents ({len(page.content) / 1024:.0f} kB): p50 {p50:.1f} ms, p99 {p99:.1f} ms")


async def log_in(http: httpx.AsyncClient, directory: Path) -> None:
    words = (directory / "users.txt").read_text().splitlines()[-1].split()
    answer = await http.post("/api/v1/session", json={"username": words[0], "password": words[1]})
    answer.raise_for_status()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each part sends (%(default)s)")
    options = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    asyncio.run(main(options.seconds))
