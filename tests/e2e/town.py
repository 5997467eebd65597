"""One street of real processes: cloud with its PostgreSQL, broker and a node that was enrolled."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import httpx
import paho.mqtt.client as mqtt

from cloud.database.embedded import EmbeddedServer
from cloud.database.engine import make_engine
from cloud.people import accounts
from cloud.people.roles import Role
from devices.site.edit import dump_site
from devices.site.model import Broker, Camera, EventClass, Names, Node, Sensor, Site, Uplink
from edge.see.detector import weights_folder
from gridwatch import main
from simulators.broker import free_port, start_broker
from tests.devices.onvif_peers import RIGHT
from tests.e2e.processes import Process, until
from tests.edge.points_for_tests import NAME, point
from tests.edge.proxy_for_tests import Proxy

PATIENCE = 240.0
PASSWORD = "a-password-of-the-administrator"


class Town:
    """`node` and `cloud` are processes, with a `line` between; `admin` and `leader` are logged in."""

    page: Path | None = None
    """Where the built page lies; None: where it is built."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.broker = folder, free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.line = Proxy(self.port)
        self.file, self.state = folder / "site.yaml", folder / "edge"
        self.env = {
            "GRIDWATCH_CACHE": str(weights_folder().parent.resolve()),
            "CAM_USER": RIGHT.user,
            "CAM_PASSWORD": RIGHT.password,
            "MQTT_USER": "street",
            "MQTT_PASSWORD": "street-password",
        }
        self.clients: list[httpx.Client] = []
        self._seq = 0

    def site(self, version: int, cameras: tuple[Camera, ...], sensors: tuple[Sensor, ...]) -> Site:
        return Site(
            version=version,
            name=NAME,
            broker=Broker(port=self.broker, credentials="MQTT"),
            uplink=Uplink(url=self.line.url),
            event_classes=(EventClass(code="05-06", name=Names(zh="类", en="class")),),
            nodes=(Node(id="n1", name=NAME),),
            points=(point(cameras=cameras, sensors=sensors),),
        )

    def start_cloud(self) -> None:
        words = ("--site", str(self.file), "--state", str(self.folder / "cloud"), "--port", str(self.port))
        words += ("--page", str(self.page)) if self.page else ()
        self.cloud = Process(self.folder / "cloud.log", "cloud", *words, env=self.env)
        until(self._ready, PATIENCE, "the cloud is up")

    def _ready(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz").status_code == 200
        return False

    def start_node(self) -> None:
        words = ("--site", str(self.file), "--state", str(self.state))
        self.node = Process(self.folder / "node.log", "edge", *words, env=self.env)

    def people(self) -> None:
        """An administrator is made; both log in."""

        async def add() -> None:
            engine = make_engine(EmbeddedServer(self.folder / "cloud" / "pg").url())
            async with engine.begin() as connection:
                now = datetime.now(UTC)
                await accounts.add_user(connection, "admin", NAME, [Role.ADMINISTRATOR], PASSWORD, now)
            await engine.dispose()

        asyncio.run(add())
        lines = (self.folder / "cloud" / "users.txt").read_text().splitlines()[1:]
        passwords = {"admin": PASSWORD} | {line.split()[0]: line.split()[1] for line in lines}
        self.admin, self.leader = (self._log_in(who, passwords[who]) for who in ("admin", "leader"))

    def _log_in(self, username: str, password: str) -> httpx.Client:
        client = httpx.Client(base_url=f"{self.url}/api/v1", timeout=60)
        self.clients.append(client)
        answer = client.post("/session", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return client

    def enrol(self) -> None:
        code = self.admin.post("/nodes/n1/enrolment-code").json()["code"]
        with redirect_stdout(StringIO()):
            assert main(["edge", "enrol", self.url, code, "--state", str(self.state)]) == 0

    def get(self, path: str) -> Any:
        answer = self.leader.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def publish(self, value: float) -> None:
        """What the point's sensor says."""
        with self.publishing() as publish:
            publish(value)

    @contextmanager
    def publishing(self) -> Iterator[Callable[[float], None]]:
        """The point's sensor, connected: call it with what it says."""
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.username_pw_set("street", "street-password")
        client.connect("127.0.0.1", self.broker)
        client.loop_start()

        def say(value: float) -> None:
            self._seq += 1
            measured = [{"n": "water_level", "v": value, "u": "cm"}]
            body = json.dumps({"v": 1, "boot": "b1", "seq": self._seq, "m": measured})
            client.publish("grid/v1/P01/P01-S1/tele", body, 1).wait_for_publish(30)

        try:
            yield say
        finally:
            client.disconnect()
            client.loop_stop()


T = TypeVar("T", bound=Town)


@contextmanager
def town_of(
    cameras: tuple[Camera, ...], sensors: tuple[Sensor, ...], make: Callable[[Path], T] = Town
) -> Iterator[T]:
    """All of it, started; not under pytest's directory, which is closed to PostgreSQL's user."""
    town = make(Path(tempfile.mkdtemp(prefix="gridwatch-test-")))
    town.file.write_text(dump_site(town.site(1, cameras, sensors)), encoding="utf-8")
    started: list[str] = []
    try:
        with town.line, start_broker(town.folder / "broker", {"street": "street-password"}, town.broker):
            town.start_cloud()
            started.append("cloud")
            town.people()
            town.enrol()
            town.start_node()
            started.append("node")
            yield town
            town.node.end()
    finally:
        for name in reversed(started):
            getattr(town, name).end()
        for client in town.clients:
            client.close()
        shutil.rmtree(town.folder, ignore_errors=True)
