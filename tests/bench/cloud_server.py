"""A cloud that benches start, speak with and end; and a node that numbers its messages."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import psutil
from sqlalchemy import URL, insert
from sqlalchemy.ext.asyncio import create_async_engine

from cloud.database.engine import parse_url
from cloud.database.schema import person, session
from cloud.people.identity import COOKIE
from cloud.people.passwords import csrf_of, hash_token, random_token
from cloud.people.roles import Role
from devices.ids import uuid7
from devices.messages import Change, Condition, ConditionState, Severity, envelope
from simulators.broker import free_port

ROOT = Path(__file__).parents[2]
SITE = "examples/street/site.yaml"


class Node:
    """Makes numbered events of one node."""

    def __init__(self, name: str, point: str) -> None:
        self.name, self.point, self.epoch, self.seq = name, point, uuid7(), 0

    def event(self, place: str, condition: UUID | None = None, rev: int = 1) -> str:
        """A revision of a condition at `place`, as it is sent."""
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


@dataclass
class Cloud:
    """One that serves; `url`: its database."""

    http: httpx.AsyncClient
    directory: Path
    url: URL
    data: Path
    """Of PostgreSQL."""
    tokens: dict[str, str]
    watched: list[psutil.Process]
    """The API process and the postmaster, with its children's time."""

    def cpu(self) -> tuple[float, float]:
        """CPU seconds of the API, and of PostgreSQL with all its backends."""
        api = self.watched[0].cpu_times()
        ended = self.watched[1].cpu_times()
        mine = ended.user + ended.system + ended.children_user + ended.children_system
        for backend in self.watched[1].children():
            with suppress(psutil.NoSuchProcess):
                now = backend.cpu_times()
                mine += now.user + now.system
        return api.user + api.system, mine

    async def post(self, events: list[str], token: str | None = None) -> None:
        """One batch of node n1.

        Raises:
            RuntimeError: it was not taken whole.
        """
        bearer = {"Authorization": f"Bearer {token or self.tokens['n1']}"}
        answer = await self.http.post("/api/v1/ingest", content="[" + ",".join(events) + "]", headers=bearer)
        if answer.status_code != 200 or answer.json()["refused"]:
            raise RuntimeError(f"ingest answered {answer.status_code}: {answer.text[:300]}")

    async def person(self, role: Role, areas: list[str], organisation: str | None = None) -> dict[str, str]:
        """Headers of somebody with a session."""
        token, now = random_token(), datetime.now(UTC)
        name = f"bench-{role}-{os.urandom(4).hex()}"
        row = {
            "id": uuid7(), "username": name, "name": {"zh": name, "en": name}, "roles": [role],
            "created_at": now, "areas": areas, "organisation": organisation, "version": 1,
        }  # fmt: skip
        begun = {
            "token_hash": hash_token(token), "person_id": row["id"], "created_at": now,
            "expires_at": now + timedelta(hours=4),
        }  # fmt: skip
        engine = create_async_engine(self.url)
        async with engine.begin() as connection:
            await connection.execute(insert(person), row)
            await connection.execute(insert(session), begun)
        await engine.dispose()
        return {"Cookie": f"{COOKIE}={token}", "X-CSRF-Token": csrf_of(token)}


@asynccontextmanager
async def cloud(database: str | None = None) -> AsyncIterator[Cloud]:
    """`gridwatch cloud` over an embedded PostgreSQL of its own with fsync on, or over `database`."""
    directory = Path(tempfile.mkdtemp(prefix="gridwatch-bench-"))
    os.chmod(directory, 0o755)  # noqa: PTH101 - the database's user must reach it
    port = free_port()
    tokens = directory / "tokens"
    command = [sys.executable, "-m", "gridwatch", "cloud", "--site", SITE, "--port", str(port)]
    command += ["--state", str(directory), "--tokens", str(tokens)]
    given = {"GRIDWATCH_DATABASE_URL": database} if database else {}
    server = await asyncio.to_thread(
        subprocess.Popen,
        command, cwd=ROOT, env=os.environ | given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            await _ready(http, server)
            data = Path(str(parse_url(database).query["host"])) if database else directory / "pg"
            postmaster = int((data / "postmaster.pid").read_text().splitlines()[0])
            url = parse_url(database or f"postgresql://gridwatch@/postgres?host={directory / 'pg'}")
            known = dict(line.split() for line in tokens.read_text().splitlines())
            watched = [psutil.Process(server.pid), psutil.Process(postmaster)]
            yield Cloud(http, directory, url, data, known, watched)
    finally:
        server.send_signal(signal.SIGTERM)
        await asyncio.to_thread(server.wait, 60)
        shutil.rmtree(directory)


async def _ready(http: httpx.AsyncClient, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)
    raise RuntimeError("the cloud ended instead of serving")


def quantile(times: list[float], share: float) -> float:
    """That of seconds, in milliseconds with one digit."""
    return round(statistics.quantiles(times, n=1000, method="inclusive")[round(share * 1000) - 1] * 1000, 1)


def load() -> float:
    """The machine's load over the last minute."""
    return round(os.getloadavg()[0], 1)
