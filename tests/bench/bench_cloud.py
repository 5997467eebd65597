"""What the cloud takes and how soon a wall hears of it, on this machine. JSON lines; asserts nothing.

    python -m tests.bench.bench_cloud [--seconds 5]

The real server on a real socket and the embedded PostgreSQL with fsync on; the sender shares the same cores.
An event is durable when it is answered.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time

from cloud.people.roles import Role
from devices.ids import uuid7
from tests.bench.cloud_server import Cloud, Node, cloud, load, quantile

WALLS, EVENTS = 50, 200
"""Listeners, and events at 20 a second."""


async def main(seconds: float) -> None:
    """Measure, print."""
    began = time.perf_counter()
    async with cloud() as served:
        say("first start, new database", {"s": round(time.perf_counter() - began, 1), "load": load()})
        await ingest(served, "new incidents one by one, 1 connection", seconds, 1, 1)
        await ingest(served, "new incidents one by one, 8 connections", seconds, 8, 1)
        await ingest(served, "new incidents, batches of 50, 4 connections", seconds, 4, 50)
        await ingest(
            served, "revisions of 50 standing conditions, batches of 50", seconds, 1, 50, standing=True
        )
        await walls(served)


async def ingest(
    served: Cloud, name: str, seconds: float, connections: int, size: int, *, standing: bool = False
) -> None:
    """Batches of `size` for some seconds; each connection has a store of its own."""
    times: list[float] = []
    run = uuid7().hex
    before, began = served.cpu(), time.perf_counter()

    async def one(number: int) -> None:
        node = Node("n1", "P01")
        conditions = [uuid7() for _ in range(size)]
        rev = 0
        while time.perf_counter() - began < seconds:
            rev += 1
            if standing:
                batch = [node.event(f"a{n}", condition, rev) for n, condition in enumerate(conditions)]
            else:
                batch = [node.event(f"{run}-{number}-{rev}-{n}") for n in range(size)]
            at = time.perf_counter()
            await served.post(batch)
            times.append(time.perf_counter() - at)

    await asyncio.gather(*(one(number) for number in range(connections)))
    await told(served, name, len(times) * size, times, before, time.perf_counter() - began)


async def told(
    served: Cloud, name: str, events: int, times: list[float], before: tuple[float, float], took: float
) -> None:
    """One line: rate, how long an answer took, CPU for a thousand events."""
    api, database = (b - a for a, b in zip(before, served.cpu(), strict=True))
    figures = {
        "events_s": round(events / took), "p50_ms": quantile(times, 0.5), "p99_ms": quantile(times, 0.99),
        "api_cpu_ms_per_1000": round(api / events * 1e6),
        "postgres_cpu_ms_per_1000": round(database / events * 1e6),
        "load": load(),
    }  # fmt: skip
    say(name, figures)


async def walls(served: Cloud) -> None:
    """Sent by an edge node -> heard by 50 walls, with 20 events a second."""
    who = await served.person(Role.OPERATOR, [])
    sent: dict[str, float] = {}
    delays: list[float] = []
    listening = asyncio.Semaphore(0)
    before = served.cpu()

    async def wall() -> None:
        """Bare sockets: fifty HTTP clients cost this process more than the cloud has to do for them."""
        left, event = {f"w{n}" for n in range(EVENTS)}, b""
        url = served.http.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port, limit=2**20)
        head = "".join(f"{name}: {value}\r\n" for name, value in who.items())
        writer.write(f"GET /api/v1/stream HTTP/1.1\r\nHost: {url.host}\r\n{head}\r\n".encode())
        while left and (line := await reader.readline()):
            if line == b"event: hello\n":
                listening.release()
            elif line.startswith(b"event: "):
                event = line[7:-1]
            elif event == b"incident" and line.startswith(b"data: "):
                place = line.split(b'"place":"', 1)[1].split(b'"', 1)[0].decode()
                if place in left:
                    left.remove(place)
                    delays.append(time.perf_counter() - sent[place])
        writer.close()

    tasks = [asyncio.create_task(wall()) for _ in range(WALLS)]
    for _ in range(WALLS):
        await listening.acquire()
    node = Node("n1", "P01")
    began = time.perf_counter()
    for n in range(EVENTS):
        await asyncio.sleep(max(0.0, began + n / 20 - time.perf_counter()))
        sent[f"w{n}"] = time.perf_counter()
        await served.post([node.event(f"w{n}")])
    took = time.perf_counter() - began
    await asyncio.wait_for(asyncio.gather(*tasks), 60)
    name = f"alarm sent -> heard by {WALLS} walls, {EVENTS / took:.0f} events/s"
    await told(served, name, EVENTS, delays, before, took)


def say(what: str, figures: dict[str, object]) -> None:
    """One line."""
    print(json.dumps({"what": what} | figures, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each part sends (%(default)s)")
    asyncio.run(main(parser.parse_args().seconds))
