"""A node from its code to its revocation, over TLS, with a broker that knows each device; no secret on show.

Real processes: cloud with its PostgreSQL, mosquitto, node. Every secret is a canary; all that the processes
say, keep and answer is searched for them at the end.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import secrets as random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import pytest
import trustme
from sqlalchemy import text

from cloud.database.embedded import EmbeddedServer
from cloud.database.engine import make_engine
from cloud.people import accounts
from cloud.people.roles import Role
from devices.site import broker as access
from devices.site.edit import dump_site
from devices.site.model import Broker, Camera, EventClass, Names, Node, Point, Position, Site, Uplink
from edge.see.detector import weights_folder
from edge.send.credential import load
from gridwatch import main
from simulators.broker import free_port, start_broker
from tests.edge.points_for_tests import sensor

ROOT = Path(__file__).parents[2]
NAME = Names(zh="街", en="Street")
PATIENCE = 200.0
CAMERA_USER = "viewer"


def until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Parrot:
    """A device that answers every request with all that it was sent, as an error."""

    def __init__(self, protocol: str) -> None:
        self.heard = b""
        self._protocol = protocol
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                with connection, suppress(OSError):
                    connection.settimeout(5)
                    while said := connection.recv(65536):
                        self.heard += said
                        connection.sendall(self._answer(said))

    def _answer(self, said: bytes) -> bytes:
        sequence = (re.search(rb"CSeq: *(\d+)", said) or [b"", b"0"])[1]
        asked = b"" if b"uthorization:" in said else b'WWW-Authenticate: Basic realm="parrot"\r\n'
        status = b"401 Who" if asked else b"500 " + said.replace(b"\r\n", b" ")[:400]
        return (
            self._protocol.encode() + b" " + status + b"\r\nCSeq: " + sequence + b"\r\n" + asked
            + b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(said) + said
        )  # fmt: skip

    def close(self) -> None:
        self._listening.close()


class House:
    """Where it all happens, and everything that was ever said in it."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port = directory, free_port()
        self.url = f"https://localhost:{self.port}"
        self.canaries: dict[str, str] = {}
        self.said: dict[str, str] = {}
        authority = trustme.CA()
        authority.cert_pem.write_to_path(directory / "ca.pem")
        for name, host in (("cloud", "localhost"), ("n1", "n1")):
            made = authority.issue_cert(host).private_key_and_cert_chain_pem
            made.write_to_path(directory / f"{name}.pem")
        self.env = os.environ | {
            "GRIDWATCH_CACHE": str(weights_folder().parent.resolve()),
            "GRIDWATCH_TLS_CERT": str(directory / "cloud.pem"),
            "GRIDWATCH_TLS_CLIENT_CA": str(directory / "ca.pem"),
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def canary(self, name: str, value: str | None = None) -> str:
        self.canaries[name] = value or f"canary-{random.token_hex(8)}"
        return self.canaries[name]

    def start(self, name: str, *words: str, **env: str) -> subprocess.Popen[bytes]:
        with (self.directory / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "gridwatch", *words], cwd=ROOT, env=self.env | env,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def run(self, *words: str) -> None:
        """One of our commands, in this process: a new one would spend seconds on imports."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(words)
        assert code == 0, err.getvalue()
        self.said[f"{words[0]} {words[1]} {len(self.said)}"] = out.getvalue() + err.getvalue()

    def edge(self, *words: str) -> None:
        self.run("edge", *words, "--state", str(self.directory / "edge"))
        held = load(self.directory / "edge")
        assert held is not None
        self.canary(f"token {len(self.canaries)}", held.token)

    def add_administrator(self, password: str) -> None:
        async def add() -> None:
            engine = make_engine(EmbeddedServer(self.directory / "cloud" / "pg").url())
            async with engine.begin() as connection:
                now = datetime.now(UTC)
                await accounts.add_user(
                    connection, "admin", NAME, [Role.ADMINISTRATOR, Role.LEADER], password, now
                )
            await engine.dispose()

        asyncio.run(add())

    def client(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.directory / "ca.pem"))
        context.load_cert_chain(self.directory / "n1.pem")
        return httpx.Client(base_url=self.url, verify=context, timeout=30)

    def close(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)


@pytest.fixture
def house() -> Iterator[House]:
    directory = Path(tempfile.mkdtemp(prefix="gridwatch-test-"))
    found = House(directory)
    yield found
    found.close()
    shutil.rmtree(directory)


def site_of(house: House, broker: int, onvif: int, rtsp: int) -> Site:
    cameras = (
        Camera(id="P01-C1", name=NAME, host="127.0.0.1", port=onvif, credentials="CAM"),
        Camera(
            id="P01-C2", name=NAME, host="127.0.0.1", stream_uri=f"rtsp://127.0.0.1:{rtsp}/live",
            credentials="CAM",
        ),
    )  # fmt: skip
    point = Point(
        id="P01", name=NAME, node="n1", grid="G01", position=Position(lon=120.0, lat=30.0), cameras=cameras,
        sensors=(sensor(),),
    )  # fmt: skip
    return Site(
        version=1, name=NAME, nodes=(Node(id="n1", name=NAME),), points=(point,),
        broker=Broker(port=broker, credentials="MQTT"),
        uplink=Uplink(
            url=house.url,
            ca_file=str(house.directory / "ca.pem"),
            client_cert=str(house.directory / "n1.pem"),
        ),
        event_classes=(EventClass(code="05-06", name=NAME),),
    )  # fmt: skip


def publish(port: int, password: str, value: float, seq: int) -> None:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.username_pw_set("P01-S1", password)
    client.connect("127.0.0.1", port)
    client.loop_start()
    body = {"v": 1, "boot": "b1", "seq": seq, "m": [{"n": "water_level", "v": value, "u": "cm"}]}
    client.publish("grid/v1/P01/P01-S1/tele", json.dumps(body), 1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


async def dumped(url: Any) -> str:
    engine = make_engine(url)
    try:
        async with engine.connect() as connection:
            names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            tables = (await connection.scalars(text(names))).all()
            rows = [(await connection.execute(text(f'SELECT * FROM "{name}"'))).all() for name in tables]
            return str(rows)
    finally:
        await engine.dispose()


def test_a_node_lives_from_its_code_to_its_revocation_and_no_secret_is_ever_on_show(house: House) -> None:
    onvif, rtsp = Parrot("HTTP/1.1"), Parrot("RTSP/1.0")
    camera = house.canary("camera")
    as_basic = house.canary("camera as Basic", b64encode(f"{CAMERA_USER}:{camera}".encode()).decode())
    site = site_of(house, free_port(), onvif.port, rtsp.port)
    passwords = {name: house.canary(f"broker {name}") for name in access.users(site)}
    file = house.directory / "site.yaml"
    file.write_text(dump_site(site), encoding="utf-8")
    with start_broker(
        house.directory / "broker", passwords, site.broker.port, "mosquitto", acl=access.acl(site)
    ):
        words = ["--site", str(file), "--state", str(house.directory / "cloud"), "--port", str(house.port)]
        house.start("cloud", "cloud", *words)
        pages: dict[str, str] = {}
        with house.client() as http:

            def ready() -> bool:
                with suppress(httpx.TransportError):
                    return http.get("/readyz").status_code == 200
                return False

            until(ready, "the cloud is up")
            password = house.canary("administrator")
            house.add_administrator(password)
            session = http.post("/api/v1/session", json={"username": "admin", "password": password})
            assert session.status_code == 200
            http.headers["X-CSRF-Token"] = session.json()["csrf"]
            assert "; Secure" in session.headers["set-cookie"]

            made = http.post("/api/v1/nodes/n1/enrolment-code")
            code = house.canary("code", made.json()["code"])
            house.edge(
                "enrol", house.url, code, "--ca-file", str(house.directory / "ca.pem"),
                "--client-cert", str(house.directory / "n1.pem"),
            )  # fmt: skip
            secret = {"CAM_USER": CAMERA_USER, "CAM_PASSWORD": camera}
            secret |= {"MQTT_USER": "n1", "MQTT_PASSWORD": passwords["n1"]}
            node = house.start(
                "edge", "edge", "--site", str(file), "--state", str(house.directory / "edge"), "--verbose",
                **secret,
            )  # fmt: skip

            def get(path: str) -> Any:
                answer = http.get(f"/api/v1{path}")
                pages[path] = answer.text + str(answer.headers)
                return answer.json()

            until(lambda: "broker up" in house.log("edge"), "the node hears its broker")
            publish(site.broker.port, passwords["P01-S1"], 70.0, 1)
            until(lambda: len(get("/incidents")["items"]) == 1, "what the sensor said is an incident")

            house.edge("rotate", "--site", str(file))
            publish(site.broker.port, passwords["P01-S1"], 10.0, 2)
            until(lambda: get("/incidents")["items"][0]["state"] == "checking", "sent with the new token")
            until(lambda: as_basic.encode() in rtsp.heard, "the camera was asked with its password")

            revoked = http.post("/api/v1/nodes/n1/revocation", json={"reason": "cabinet stolen"})
            assert revoked.status_code == 204
            publish(site.broker.port, passwords["P01-S1"], 70.0, 3)
            until(lambda: "this node was revoked" in house.log("edge"), "the node says that it was revoked")
            assert node.poll() is None, "and goes on keeping"
            assert house.log("edge").count("this node was revoked") == 1

            for path in (
                "/nodes",
                "/nodes/n1/credentials",
                "/points",
                "/alarms",
                "/nodes/n1/ledger",
                "/none",
            ):
                get(path)
            events = [one["action"] for one in get("/nodes/n1/credentials")["events"]]
            assert events == ["revoked", "rotated", "offered", "enrolled", "code_made"]
            wrong = {"code": "canary-wrong-code", "token_sha256": "x", "extra": house.canary("extra")}
            pages["refused"] = http.post("/api/v1/enrolment", json=wrong).text
            bad = {"Authorization": f"Bearer {house.canary('unknown token')}"}
            pages["unknown"] = http.post("/api/v1/ingest", content=b"[]", headers=bad).text
            pages["metrics"] = http.get("/metrics").text
        house.run("doctor", "--state", str(house.directory / "edge"))
        database = EmbeddedServer(house.directory / "cloud" / "pg")
        pages["database"] = asyncio.run(dumped(database.url()))
        house.close()
    onvif.close()
    rtsp.close()
    assert len(house.canaries) == 10
    kept = {
        str(path): path.read_bytes().decode("latin-1")
        for folder in ("edge", "broker")
        for path in (house.directory / folder).rglob("*")
        if path.is_file() and path.name != "credential.json"
    }
    everything = house.said | pages | kept | {name: house.log(name) for name in ("edge", "cloud")}
    everything["site"] = file.read_text()
    found = [
        (name, where)
        for name, value in house.canaries.items()
        for where, words in everything.items()
        if value in words and not (name.startswith("broker") and where.endswith(".conf"))
    ]
    assert found == []
