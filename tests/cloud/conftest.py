from __future__ import annotations

import asyncio
import hashlib
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine

from cloud.app import create_app
from cloud.database.embedded import EmbeddedServer
from cloud.install import prepare
from cloud.people import passwords
from cloud.settings import Settings
from devices.messages import SENT_AT, Event
from devices.site import model
from tests.cloud.sender_for_tests import JPEG, START, Seen, Sender

TOKENS = {"n1": "token-of-node-one-1111111111", "n2": "token-of-node-two-2222222222"}
BASE = "http://gridwatch.test"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""What passwords cost in a test, where thousands are checked."""


def names(text: str) -> model.Names:
    return model.Names(zh=f"中{text}", en=text)


def box(west: float, east: float) -> tuple[tuple[float, float], ...]:
    middle = ((120.01, 30.0), (120.01, 30.01)) if east - west > 0.015 else ()
    south, north = middle[:1], middle[1:]
    return ((west, 30.0), *south, (east, 30.0), (east, 30.01), *north, (west, 30.01), (west, 30.0))


def make_site(version: int = 1) -> model.Site:
    """One street, one community, two grids; two nodes with a point each."""
    ring = box(120.00, 120.02)
    halves = {"G01": box(120.00, 120.01), "G02": box(120.01, 120.02)}
    areas = [model.Area(id="S", level="street", name=names("Street"), rings=(ring,))]
    areas.append(model.Area(id="C1", level="community", parent="S", name=names("Community"), rings=(ring,)))
    areas += [
        model.Area(
            id=grid,
            level="grid",
            parent="C1",
            code=f"330100001001{grid[1:]:0>3}",
            name=names(grid),
            households=300,
            rings=(halves[grid],),
        )
        for grid in halves
    ]
    square = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9))
    points = [
        model.Point(
            id=f"P0{n}",
            name=names(f"Point {n}"),
            node=f"n{n}",
            grid=f"G0{n}",
            position=model.Position(lon=119.995 + n / 100, lat=30.005),
            cameras=(
                model.Camera(
                    id=f"P0{n}-C1",
                    name=names("Camera"),
                    host="127.0.0.1",
                    zones=(model.Zone(id=f"P0{n}-C1-Z1", name=names("Zone"), polygon=square),),
                ),
            ),
            sensors=(model.Sensor(id=f"P0{n}-S1", name=names("Smoke"), kind="smoke"),),
        )
        for n in (1, 2)
    ]
    return model.Site(
        version=version,
        name=names("Street"),
        areas=tuple(areas),
        event_classes=(
            model.EventClass(code="05-06", name=names("Bikes")),
            model.EventClass(code="01-01", name=names("Lid")),
        ),
        nodes=(model.Node(id="n1", name=names("Node 1")), model.Node(id="n2", name=names("Node 2"))),
        points=tuple(points),
    )


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """One PostgreSQL for the whole run. Not under pytest's directory: that is closed to other users."""
    directory = Path(tempfile.mkdtemp(prefix="gridwatch-test-"))
    found = EmbeddedServer(directory / "pg")
    found.start()
    # No test cuts the power: what is written need not reach the disk.
    admin(found, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off")
    admin(found, "SELECT pg_reload_conf()")
    yield found
    found.stop()
    shutil.rmtree(directory)


_numbers = itertools.count(1)


def admin(server: EmbeddedServer, *statements: str) -> None:
    async def run() -> None:
        engine = create_async_engine(server.url(), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()

    asyncio.run(run())


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """A migrated database with the small site, both tokens and the first users; copied for each test."""
    admin(server, "CREATE DATABASE ready")
    state = server.data.parent / "template"
    state.mkdir()
    with mock.patch.object(passwords, "_HASHER", CHEAP):
        made = prepare(server.url("ready"), Settings(state=state), START, site=make_site(), tokens=TOKENS)
        asyncio.run(made)
    return "ready"


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)


@pytest.fixture
def empty_url(server: EmbeddedServer) -> Iterator[URL]:
    name = f"empty{next(_numbers)}"
    admin(server, f"CREATE DATABASE {name}")
    yield server.url(name)
    admin(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def url(server: EmbeddedServer, template: str) -> Iterator[URL]:
    name = f"test{next(_numbers)}"
    admin(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield server.url(name)
    admin(server, f"DROP DATABASE {name} WITH (FORCE)")


@dataclass
class Clock:
    """The time, as tests set it."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **parts: float) -> None:
        self.at += timedelta(**parts)


@dataclass
class Street:
    """A running app, and what speaks to it."""

    app: FastAPI
    http: httpx.AsyncClient
    clock: Clock
    passwords: dict[str, str]
    url: URL

    async def log_in(self, username: str = "leader") -> Someone:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=BASE)
        answer = await client.post(
            "/api/v1/session", json={"username": username, "password": self.passwords[username]}
        )
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return Someone(client)

    async def send(self, *events: Event, node: str = "n1", sent_at: datetime | None = None) -> dict[str, Any]:
        answer = await self.post(*events, node=node, sent_at=sent_at)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def post(self, *events: Event, node: str = "n1", sent_at: datetime | None = None) -> httpx.Response:
        body = "[" + ",".join(event.model_dump_json() for event in events) + "]"
        headers = bearer(node) | ({SENT_AT: sent_at.isoformat()} if sent_at else {})
        return await self.http.post("/api/v1/ingest", content=body, headers=headers)


@dataclass
class Someone:
    """A person with a session."""

    http: httpx.AsyncClient

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.http.get(f"/api/v1{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def incidents(self, state: str = "all") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.get("/incidents", state=state))["items"]
        return found

    async def the_incident(self) -> dict[str, Any]:
        (found,) = await self.incidents()
        return found

    async def do(self, incident: dict[str, Any], action: str, reason: str | None = None) -> httpx.Response:
        return await self.http.post(
            f"/api/v1/incidents/{incident['id']}/transitions",
            json={"action": action, "reason": reason},
            headers={"If-Match": f'"v{incident["version"]}"'},
        )

    async def done(self, incident: dict[str, Any], *actions: str) -> dict[str, Any]:
        for action in actions:
            answer = await self.do(incident, action, "because")
            assert answer.status_code == 200, answer.text
            incident = answer.json()
        return incident

    async def log(self, incident: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.get(f"/incidents/{incident['id']}/events"))["items"]
        return found


def bearer(node: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {TOKENS[node]}",
        "Content-Type": "application/cloudevents-batch+json",
    }


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
def street(url: URL, tmp_path: Path, template: str, server: EmbeddedServer) -> Callable[[], Any]:
    """`async with street() as s:` an app over a fresh copy of the template."""
    lines = (server.data.parent / "template" / "users.txt").read_text().splitlines()[1:]
    passwords = {line.split()[0]: line.split()[1] for line in lines}

    @asynccontextmanager
    async def run(settings: Settings | None = None) -> AsyncIterator[Street]:
        clock = Clock()
        app = create_app(settings or Settings(state=tmp_path, page=tmp_path / "dist"), url, clock)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)
        async with app.router.lifespan_context(app), client:
            yield Street(app, client, clock, passwords, url)

    return run


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def seen() -> type[Seen]:
    return Seen


@pytest.fixture
def other_sender() -> Sender:
    return Sender("n2")


@pytest.fixture
def store_photo() -> Callable[[Street], Any]:
    async def store(street: Street, body: bytes = JPEG, node: str = "n1") -> str:
        sha256 = hashlib.sha256(body).hexdigest()
        answer = await street.http.put(f"/api/v1/media/{sha256}", content=body, headers=bearer(node))
        assert answer.status_code in (200, 201), answer.text
        return sha256

    return store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site() -> model.Site:
    return make_site()


@pytest.fixture
def roomy() -> Iterator[Path]:
    """A directory that the database's user can reach."""
    directory = Path(tempfile.mkdtemp(prefix="gridwatch-test-"))
    yield directory
    shutil.rmtree(directory)
