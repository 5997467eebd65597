"""Nodes with a backlog and a real cloud: how long it drains, and how soon a live alarm is on the stream."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from devices.ids import uuid7
from devices.messages import Change, Condition, ConditionState, DeviceStatus, Severity
from devices.site.load import load_site
from edge.keep import NodeStore
from edge.send import Uplink
from simulators.broker import free_port

ROOT = Path(__file__).parents[2]
OUTAGE = timedelta(days=3)
EVERY_S = 1.0
"""Seconds between two live alarms."""


@dataclass(frozen=True)
class Drained:
    """What was seen."""

    alarms: int
    took_s: float
    live_s: tuple[float, ...]
    """From the decision at the node to the wall's stream, of each live alarm."""
    ledgers: dict[str, dict[str, int]]
    """Of each node's alarms, when all was over."""
    called: int
    """Incidents of the outage that would have called somebody."""


def condition(node: str, point: str, place: str, at: datetime) -> Condition:
    return Condition(
        condition_id=uuid7(), rev=1, change=Change.OPENED, state=ConditionState.OPEN, node=node, point=point,
        device=f"{point}-C1", rule="bikes", place=place, event_class="05-06", label="bicycle", score=0.8,
        severity=Severity.MEDIUM, since=at, changed_at=at, box=(0.1, 0.2, 0.3, 0.4), count=3,
    )  # fmt: skip


@contextmanager
def a_cloud(directory: Path) -> Iterator[str]:
    """The real server on a real socket with the embedded PostgreSQL; its address."""
    port = free_port()
    words = ["--site", "examples/street/site.yaml", "--state", str(directory), "--port", str(port)]
    command = [sys.executable, "-m", "gridwatch", "cloud", *words, "--tokens", str(directory / "tokens")]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_ready(url, server)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def _wait_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the cloud does not get ready")


def points() -> dict[str, str]:
    """Node -> one of its points, of the example street."""
    site = load_site(ROOT / "examples" / "street" / "site.yaml")
    return {node.id: next(iter(site.points_of(node.id))).id for node in site.nodes}


def fill(store: NodeStore, node: str, point: str, count: int) -> None:
    """As many alarms as an outage left behind, each at its own place."""
    began = datetime.now(UTC) - OUTAGE
    for start in range(0, count, 500):
        with store.transaction() as tx:
            for n in range(start, min(start + 500, count)):
                at = began + (OUTAGE - timedelta(hours=1)) * (n / count)
                tx.queue(condition(node, point, f"{node}-p{n}", at), at)


class Node:
    """A store with its uplink."""

    def __init__(self, directory: Path, node: str, point: str, url: str, token: str) -> None:
        self.id, self.point = node, point
        self.store = NodeStore.open(directory / node, node, now=_now, new_id=uuid7)
        self.uplink = Uplink(self.store, url, lambda: token, on_status=_unheard)

    def live(self) -> Condition:
        """An alarm of this moment, at a place of its own."""
        return condition(self.id, self.point, f"{self.id}-{uuid7()}", datetime.now(UTC))

    def tell(self, one: Condition) -> None:
        """Queue it, as the judge does."""
        with self.store.transaction() as tx:
            tx.queue(one, one.changed_at)
        self.uplink.wake()

    def waiting(self) -> int:
        return sum(part.queued for part in self.store.figures().series.values())

    def close(self) -> None:
        self.uplink.stop()
        self.store.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _unheard(_status: DeviceStatus, _detail: str) -> None:
    """Nobody listens."""


def drain(directory: Path, per_node: int) -> Drained:
    """Fill four nodes, let the line return, raise live alarms meanwhile, wait until all is at the cloud."""
    with a_cloud(directory / "cloud") as url:
        tokens = dict(line.split() for line in (directory / "cloud" / "tokens").read_text().splitlines())
        nodes = [Node(directory, node, point, url, tokens[node]) for node, point in points().items()]
        try:
            for node in nodes:
                fill(node.store, node.id, node.point, per_node)
            return asyncio.run(_measure(directory, url, nodes, per_node))
        finally:
            for node in nodes:
                node.close()


async def _measure(directory: Path, url: str, nodes: list[Node], per_node: int) -> Drained:
    decided: dict[str, float] = {}
    delays: dict[str, float] = {}
    called: set[str] = set()
    listening = asyncio.Event()
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        words = (directory / "cloud" / "users.txt").read_text().splitlines()[-1].split()
        body = {"username": words[0], "password": words[1]}
        (await http.post("/api/v1/session", json=body)).raise_for_status()
        wall = asyncio.create_task(_listen(http, listening, decided, delays, called))
        await listening.wait()
        began = time.perf_counter()
        for node in nodes:
            node.uplink.start()
        turn = 0
        while any([await asyncio.to_thread(node.waiting) for node in nodes]) or turn < 3:
            node = nodes[turn % len(nodes)]
            one = node.live()
            decided[str(one.condition_id)] = time.perf_counter()
            await asyncio.to_thread(node.tell, one)
            turn += 1
            await asyncio.sleep(EVERY_S)
        took = time.perf_counter() - began
        deadline = time.monotonic() + 60
        while len(delays) < len(decided) and time.monotonic() < deadline and not wall.done():  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        wall.cancel()
        ledgers = {one["id"]: one["ledger"]["alarm"] for one in (await http.get("/api/v1/nodes")).json()}
    live = tuple(delays.get(key, float("inf")) for key in decided)
    return Drained(per_node * len(nodes), took, live, ledgers, len(called - set(decided)))


async def _listen(
    http: httpx.AsyncClient,
    listening: asyncio.Event,
    decided: dict[str, float],
    delays: dict[str, float],
    called: set[str],
) -> None:
    """A wall: notes when each condition came, and what would have called the shift."""
    cursor = ""
    while True:
        headers = {"Last-Event-ID": cursor} if cursor else {}
        async with http.stream("GET", "/api/v1/stream", headers=headers) as stream:
            event = ""
            async for line in stream.aiter_lines():
                listening.set()
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("id: "):
                    cursor = line[4:]
                elif line.startswith("data: ") and event == "incident":
                    now, shown = time.perf_counter(), json.loads(line[6:])
                    for alarm in _alarms(shown):
                        if alarm in decided:
                            delays.setdefault(alarm, now - decided[alarm])
                        if not shown["history"]:
                            called.add(alarm)


def _alarms(incident: dict[str, Any]) -> Iterator[str]:
    for alarm in incident["alarms"]:
        yield str(alarm["condition_id"])


def load() -> str:
    """The machine's load, to judge the figures by."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
