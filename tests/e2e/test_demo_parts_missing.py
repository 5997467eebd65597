"""Parts that are not there: each is told in one clear line, and costs the others nothing.

A node of four points starts with no broker and no cloud; one of its cameras is not there, one wants another
password. What it decides meanwhile comes to the cloud once there is one.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.broker import start_broker
from simulators.install import Ports
from simulators.orders import order, takes_orders
from simulators.patrol import Patrol, log_ins
from tests.e2e.demo_process import BIKES, Incident, free_shift
from tests.e2e.processes import Process, until
from tests.e2e.sites import cut, without_cameras, written

ABSENT, LOCKED, SEEN = "P02-C1", "P03-C1", "P04-C1"
"""A camera that is not there, one that wants another password, and one before which a bicycle is left."""
BY_TIME = r"^\S+ \S+ (?:INFO|WARNING) \S+ "


@dataclass(frozen=True)
class Street:
    """A street and a node that look at each other; everything else is missing."""

    folder: Path
    ports: Ports
    secrets: dict[str, str]
    street: Process
    node: Process

    def says(self, text: str, within: float = 40) -> str:
        """Wait for a line of the node's log that begins like this (a pattern)."""
        return self.node.says(f"{BY_TIME}{text}.*", within)[0]


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder = tmp_path_factory.mktemp("lonely")
    shift = free_shift()
    ports = Ports(8420 + shift, 21883 + shift, 20554 + shift, 21001 + shift)
    site = cut(4, ports, {LOCKED: {"credentials": "OTHER_CAMERA"}})
    there = without_cameras(cut(4, ports), ABSENT)
    env = {f"STREET_{part}_USER": part.lower() for part in ("CAMERA", "MQTT")}
    env |= {f"STREET_{part}_PASSWORD": secrets.token_urlsafe(12) for part in ("CAMERA", "MQTT")}
    env |= {"OTHER_CAMERA_USER": "camera", "OTHER_CAMERA_PASSWORD": secrets.token_urlsafe(12)}
    env |= {"GRIDWATCH_NODE_TOKEN": secrets.token_urlsafe(24)}
    street = Process(
        folder / "street.log",
        *("simulate", "--site", str(written(there, folder / "there.yaml"))),
        *("--state", str(folder / "street"), "--rtsp-port", str(ports.rtsp)),
        env=env,
    )
    until(lambda: takes_orders(folder / "street"), 120, "the street is there")
    node = Process(
        folder / "node.log",
        *("edge", "--site", str(written(site, folder / "site.yaml")), "--node", "n1"),
        *("--state", str(folder / "n1")),
        env=env,
    )
    yield Street(folder, ports, env, street, node)
    for process in (node, street):
        assert process.end() == 0


def test_each_missing_part_is_told_once_in_a_clear_line(lonely: Street) -> None:
    told = [
        lonely.says("broker unreachable: ", 40),
        lonely.says("uplink: cloud is unreachable: ", 40),
        lonely.says(f"{ABSENT} unreachable: ", 40),
        lonely.says(f"{LOCKED} refused: ", 40),
    ]
    broker, cloud, absent, locked = told
    assert f"127.0.0.1:{lonely.ports.broker}" in broker
    assert f"127.0.0.1:{lonely.ports.cloud}" in cloud
    assert f"127.0.0.1:{lonely.ports.onvif + 1}" in absent
    assert re.search("user name|password|credentials|log-in", locked)
    lines = [re.sub(BY_TIME, "", line) for line in lonely.node.text.splitlines() if " WARNING " in line]
    assert [line for line, count in Counter(lines).items() if count > 1] == []


def test_the_other_cameras_deliver_all_the_same(lonely: Street) -> None:
    for camera in ("P01-C1", SEEN):
        lonely.says(f"{camera} up: ", 30)


def test_what_is_decided_without_broker_and_cloud_is_delivered_once_they_are_there(lonely: Street) -> None:
    lonely.says(f"{SEEN} up: ", 30)
    order(lonely.folder / "street", f"put {SEEN}")
    lonely.says(f"{SEEN} bikes opened: bicycle", 60)
    before = datetime.now(UTC)
    user = {lonely.secrets["STREET_MQTT_USER"]: lonely.secrets["STREET_MQTT_PASSWORD"]}
    tokens = lonely.folder / "tokens.txt"
    tokens.write_text(f"n1 {lonely.secrets['GRIDWATCH_NODE_TOKEN']}\n")
    with start_broker(lonely.folder / "broker", user, lonely.ports.broker):
        cloud = Process(
            lonely.folder / "cloud.log",
            *("cloud", "--site", str(lonely.folder / "site.yaml"), "--state", str(lonely.folder / "cloud")),
            *("--port", str(lonely.ports.cloud), "--tokens", str(tokens)),
        )
        try:
            cloud.says("Application startup complete", 60)
            lonely.says("broker up: ", 70)
            found = delivered(lonely)
        finally:
            assert cloud.end() == 0
    assert datetime.fromisoformat(found["since"]) < before
    assert found["event_class"]["code"] == BIKES


def delivered(lonely: Street) -> Incident:
    """The bicycle's incident at the cloud, with what else the node has to tell."""
    users = log_ins(lonely.folder / "cloud" / "users.txt")
    patrol = Patrol(f"http://127.0.0.1:{lonely.ports.cloud}", "operator", users["operator"])

    def whole() -> Incident | None:
        there = [one for one in patrol.get("/incidents?state=open")["items"] if one["camera"] == SEEN]
        photos = [one for one in there[0]["evidence"] if one["kind"] != "clip"] if there else []
        return there[0] if len(photos) == 2 else None

    found = until(whole, 90, "the bicycle's incident with its photos is at the cloud")

    def statuses() -> dict[str, str]:
        points = patrol.get("/points")["features"]
        cameras = [camera for point in points for camera in point["properties"]["cameras"]]
        return {camera["id"]: camera["status"] for camera in cameras}

    expected = {"P01-C1": "up", ABSENT: "unreachable", LOCKED: "refused", SEEN: "up"}
    until(lambda: statuses() == expected, 60, f"the cloud knows {expected}, and it says {statuses()}")
    (node,) = patrol.get("/nodes")
    assert [series for series, line in node["ledger"].items() if line["missing"]] == []
    return found


def test_no_secret_is_in_any_log(lonely: Street) -> None:
    lonely.says(f"{LOCKED} refused: ", 40)
    logs = "".join(log.read_text("utf-8", "replace") for log in lonely.folder.glob("*.log"))
    assert len(logs) > 1000
    for name, value in lonely.secrets.items():
        if not name.endswith("_USER"):
            assert value not in logs, name
