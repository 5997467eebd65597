"""`gridwatch edge`: what it says when it cannot start, what it bears while it runs, and how it ends."""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from devices.ids import uuid7
from devices.messages import DeviceStatus, Series
from devices.site.edit import dump_site
from devices.site.model import Broker, EventClass, Names, Node, Site, Uplink
from edge.errors import StoreError
from edge.keep import NodeStore
from edge.node import node as node_file
from edge.node import sensing
from edge.node.budget import STEPS
from edge.node.sense import SenseDesk
from edge.see.detector import FakeDetector, weights_folder
from gridwatch import main
from simulators.broker import free_port, start_broker
from tests.edge.fake_cloud import FakeCloud
from tests.edge.points_for_tests import NAME, bodies, camera, point, sensor

TOKEN = "s3cret-node-token"
MQTT_PASSWORD = "hush-钥匙"
SECRETS = {
    "CAM_USER": "viewer",
    "CAM_PASSWORD": "p4ss",
    "MQTT_USER": "street",
    "MQTT_PASSWORD": MQTT_PASSWORD,
    "GRIDWATCH_NODE_TOKEN": TOKEN,
}
PATIENCE = 90.0


def site_of(*, broker: int | None = None, cloud: str | None = None, cameras=(), sensors=None) -> Site:
    """A site of one point; ports that are not given are such that nobody listens there."""
    return Site(
        version=1,
        name=NAME,
        broker=Broker(port=broker or free_port(), credentials="MQTT"),
        uplink=Uplink(url=cloud or f"http://127.0.0.1:{free_port()}"),
        event_classes=(EventClass(code="05-06", name=Names(zh="类", en="class")),),
        nodes=(Node(id="n1", name=NAME), Node(id="n2", name=NAME)),
        points=(point(cameras=cameras, sensors=(sensor(),) if sensors is None else sensors),),
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    return tmp_path


def write(house: Path, site: Site) -> Path:
    path = house / "site.yaml"
    path.write_text(dump_site(site), encoding="utf-8")
    return path


def command(house: Path, node: str = "n1") -> list[str]:
    told = ["--site", str(house / "site.yaml"), "--node", node, "--state", str(house / "state")]
    return [sys.executable, "-m", "gridwatch", "edge", *told]


def environment(**more: str | None) -> dict[str, str]:
    """Ours with the secrets; a value of None takes a variable away."""
    given = {**os.environ, "GRIDWATCH_CACHE": str(weights_folder().parent.resolve()), **SECRETS, **more}
    return {name: value for name, value in given.items() if value is not None}


def only_line(code: int, out: str, err: str) -> str:
    """The one thing that was said, on stderr and with exit code 1, when the node could not start."""
    said = [line for line in err.splitlines() if " WARNING " not in line]
    assert code == 1, err
    assert "Traceback" not in err
    assert out == ""
    assert len(said) == 1, err
    assert said[0].startswith("gridwatch edge: ")
    for secret in (TOKEN, MQTT_PASSWORD, "p4ss"):
        assert secret not in err
    return said[0]


@pytest.fixture
def fails(house, monkeypatch, capsys) -> Iterator:
    """Run the command in this process to its end, which must come at once; what it said."""
    loggers = [logging.getLogger(name) for name in ("urllib3", "devices.stream.camera")]
    levels = [logger.level for logger in loggers]

    def run_it(node: str = "n1", **env: str | None) -> str:
        monkeypatch.setattr(os, "environ", environment(**env))
        code = main(command(house, node)[3:])
        return only_line(code, *capsys.readouterr())

    yield run_it
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def test_a_node_that_the_site_does_not_have_is_named_with_those_it_has(house, fails):
    write(house, site_of())
    assert "'n9'" in (said := fails("n9"))
    assert "n1, n2" in said
    assert not (house / "state").exists()


def test_a_site_that_is_wrong_or_not_there_is_said_with_the_place(house, fails):
    assert "site.yaml" in fails()
    text = write(house, site_of()).read_text(encoding="utf-8")
    (house / "site.yaml").write_text(text.replace("above: 50.0", "above: 5.0"), encoding="utf-8")
    assert "clear" in fails()


def test_missing_weights_are_said_with_the_way_to_get_them(house):
    write(house, site_of())
    env = environment(GRIDWATCH_CACHE=str(house / "nothing"))
    ran = subprocess.run(command(house), env=env, capture_output=True, timeout=PATIENCE, text=True)
    assert "make setup" in only_line(ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.parametrize(
    ("env", "names"),
    [
        ({"GRIDWATCH_NODE_TOKEN": None}, ["GRIDWATCH_NODE_TOKEN"]),
        ({"GRIDWATCH_NODE_TOKEN": "two words"}, ["token"]),
        ({"MQTT_PASSWORD": None}, ["MQTT_PASSWORD"]),
        ({"MQTT_PASSWORD": ""}, ["MQTT_PASSWORD"]),
        ({"MQTT_PASSWORD_FILE": "/dev/null"}, ["MQTT_PASSWORD", "MQTT_PASSWORD_FILE"]),
        ({"CAM_USER": None, "CAM_USER_FILE": "/nowhere"}, ["CAM_USER_FILE"]),
        (
            {"CAM_USER": None, "MQTT_USER": None, "GRIDWATCH_NODE_TOKEN": None},
            ["CAM_USER", "MQTT_USER", "TOKEN"],
        ),
    ],
)
def test_a_missing_or_wrong_secret_is_said_by_its_name_and_all_at_once(house, fails, env, names):
    write(house, site_of(cameras=(camera(credentials="CAM"),)))
    said = fails(**env)
    assert all(name in said for name in names)


def test_a_secret_that_only_another_node_needs_is_not_asked_for(house):
    site = site_of(cameras=(camera(credentials="OTHER"),))
    write(house, site)
    with running(house, "n2") as node:
        node.says("node n2: 0 cameras")


def test_a_state_directory_that_another_process_holds_is_said(house, fails):
    write(house, site_of())
    store = NodeStore.open(house / "state", "n1", now=node_file.utc_now, new_id=uuid7)
    said = fails()
    store.close()
    assert f"pid {os.getpid()}" in said


def test_a_metrics_port_that_is_taken_is_said_and_the_store_is_free_again(house, monkeypatch, capsys):
    write(house, site_of())
    monkeypatch.setattr(os, "environ", environment())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = main([*command(house)[3:], "--metrics", str(port)])
    assert f"--metrics: port {port}" in only_line(code, *capsys.readouterr())
    assert stored(house, Series.HEALTH) == []


def test_a_node_serves_its_metrics_on_the_port_it_is_told(house):
    write(house, site_of(cameras=(camera(port=free_port()),)))
    port = free_port()
    with running(house, "n1", "--metrics", str(port)) as node:
        node.says("node n1: 1 cameras")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        assert 'gridwatch_camera_up{camera="P01-C1"} 0.0' in text
        assert 'gridwatch_node_cpu_seconds_total{thread="sight"}' in text
        assert node.end()[0] == 0


def test_a_node_beyond_its_budget_says_so_in_its_health(house, monkeypatch):
    told = site_of(sensors=(), cameras=(camera(port=free_port()),))
    site = told.model_copy(update={"nodes": (Node(id="n1", name=NAME, cpu_budget=0.000001), *told.nodes[1:])})
    monkeypatch.setattr(node_file, "WINDOW", 0.05)
    made = node_file.Node(site, "n1", house / "state", {"GRIDWATCH_NODE_TOKEN": TOKEN}, FakeDetector([]))
    waiter = threading.Thread(target=made.wait)
    made.start()
    waiter.start()
    until = time.monotonic() + PATIENCE
    while made._throttle.thinning.step < STEPS and time.monotonic() < until:
        time.sleep(0.02)
    made.stop()
    waiter.join(PATIENCE)
    made.reporter.repeat()
    made.close()
    facts = [one.facts for one in stored(house, Series.HEALTH) if one.device == "n1"][-1]
    assert facts["thinning"] == STEPS
    assert facts["cores"] >= 0


class Running:
    """A node as a process of its own, and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()

    def says(self, words: str) -> None:
        def said() -> bool:
            return any(words in line for line in self.lines)

        with self._changed:
            assert self._changed.wait_for(said, PATIENCE), "".join(self.lines)

    def count(self, words: str) -> int:
        return sum(words in line for line in self.lines)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Exit code, and seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(5)
        return code, time.monotonic() - began


@contextmanager
def running(house: Path, node: str = "n1", *more: str, **env: str | None) -> Iterator[Running]:
    with subprocess.Popen(
        [*command(house, node), *more],
        env=environment(**env),
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


def stored(house: Path, series: Series) -> list:
    store = NodeStore.open(house / "state", "n1", now=node_file.utc_now, new_id=uuid7)
    try:
        return bodies(store, series)
    finally:
        store.close()


def test_without_broker_cloud_and_camera_the_node_runs_says_so_once_and_ends_when_told(house):
    write(house, site_of(cameras=(camera(port=free_port(), credentials="CAM"),)))
    with running(house) as node:
        for words in ("broker unreachable", "cloud is unreachable", "P01-C1 unreachable"):
            node.says(words)
        code, seconds = node.end()
    assert code == 0, "".join(node.lines)
    assert seconds < 15, "systemd would have killed it"
    for words in ("broker unreachable", "cloud is unreachable", "P01-C1 unreachable"):
        assert node.count(words) == 1, "".join(node.lines)
    assert node.count("Traceback") == 0
    told = {one.device: one.status for one in stored(house, Series.HEALTH)}
    assert told["n1"] is DeviceStatus.UP
    assert told["broker"] is told["P01-C1"] is DeviceStatus.UNREACHABLE


def publish(port: int, value: float, seq: int) -> None:
    """One reading, safe at the broker."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.username_pw_set("street", MQTT_PASSWORD)
    client.connect("127.0.0.1", port)
    client.loop_start()
    measured = [{"n": "water_level", "v": value, "u": "cm"}]
    body = json.dumps({"v": 1, "boot": "b1", "seq": seq, "m": measured})
    client.publish("grid/v1/P01/P01-S1/tele", body, 1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def test_an_alarm_of_a_sensor_reaches_the_cloud_and_outlives_a_power_cut(house):
    with FakeCloud(TOKEN) as cloud, start_broker(house / "broker", {"street": MQTT_PASSWORD}) as broker:
        write(house, site_of(broker=broker.port, cloud=cloud.url))
        with running(house) as node:
            node.says("broker up")
            publish(broker.port, 70.0, 1)
            node.says("P01-S1 high opened")
            node.end(signal.SIGKILL)
        publish(broker.port, 10.0, 2)  # while the node is away
        with running(house) as node:
            node.says("P01-S1 high cleared")
            assert node.count("opened") == 0
            assert cloud.wait(lambda: len(cloud.book.seqs("alarm")) == 2, PATIENCE)
            assert node.end()[0] == 0
        conditions = [event.body() for event in cloud.book.events.values() if event.series == "alarm"]
        conditions.sort(key=lambda one: one.rev)
        assert [(one.rev, one.change.value) for one in conditions] == [(1, "opened"), (2, "cleared")]
        assert conditions[0].condition_id == conditions[1].condition_id
    assert MQTT_PASSWORD not in "".join(node.lines)
    assert TOKEN not in "".join(node.lines)


@pytest.fixture
def node(house: Path) -> Iterator[node_file.Node]:
    made = node_file.Node(site_of(), "n1", house / "state", SECRETS, FakeDetector([]))
    yield made
    made.stop()
    made.close()


def test_a_defect_in_a_deciding_thread_ends_the_node_instead_of_leaving_it_deaf(node, monkeypatch):
    crashes = queue.Queue()

    def defect(desk, deliveries, timeout):
        raise ZeroDivisionError

    monkeypatch.setattr(threading, "excepthook", lambda what: crashes.put(what.exc_type))
    monkeypatch.setattr(SenseDesk, "take", defect)
    node.start()
    assert node.wait() is False
    assert crashes.get(timeout=30) is ZeroDivisionError


def test_a_failing_store_is_logged_once_each_way_and_ends_nothing(node, monkeypatch, caplog):
    caplog.set_level("INFO", "edge.node.trouble")
    answers = queue.Queue()
    looked = threading.Semaphore(0)

    def take(desk, deliveries, timeout):
        looked.release()
        if answers.get(timeout=30):
            return 1
        raise StoreError("no space left")

    monkeypatch.setattr(SenseDesk, "take", take)
    monkeypatch.setattr(sensing, "TICK", 0.01)
    node.start()
    for one in (True, False, False, False, True, True):
        answers.put(one)
    for _ in range(7):
        assert looked.acquire(timeout=30)
    lines = [record.getMessage() for record in caplog.records if record.name == "edge.node.trouble"]
    assert lines == ["readings cannot be kept: no space left", "readings can be kept again"]
    node.stop()
    answers.put(True)
    assert node.wait() is True


def test_a_node_without_sensors_asks_no_broker_and_keeps_running(house):
    site = site_of(sensors=(), cameras=(camera(port=free_port()),))
    made = node_file.Node(site, "n1", house / "state", {"GRIDWATCH_NODE_TOKEN": TOKEN}, FakeDetector([]))
    made.start()
    assert not made._stopping.wait(0.2)
    made.stop()
    assert made.wait() is True
    made.close()
    assert {one.device for one in stored(house, Series.HEALTH)} <= {"n1", "P01-C1"}
