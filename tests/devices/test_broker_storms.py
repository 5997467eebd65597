"""Storms and faults between sensors, broker and client, over real brokers."""

from __future__ import annotations

import queue
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from devices.credentials import Credentials
from devices.messages import DeviceStatus
from devices.sensors import connection, probe
from devices.sensors.client import Retry, SensorClient
from devices.sensors.topics import filters
from devices.site.broker import probe_topic
from devices.site.model import Broker
from simulators import broker as brokers
from simulators.broker import RunningBroker, start_broker
from tests.devices.mqtt_peers import publish

WHO = Credentials("street", "only-for-tests")
USERS = {WHO.user: WHO.password}
QUICK = Retry(first=0.05, longest=0.3, refused=0.3, steady=0.5)
POINTS = [f"P{number:02}" for number in range(1, 39)]
TOPIC = "grid/v1/P01/P01-S1/tele"


@pytest.fixture(params=brokers.KINDS)
def broker(request, tmp_path, monkeypatch) -> Iterator[RunningBroker]:
    monkeypatch.setattr(brokers, "NATS_ACK_WAIT_S", 1)
    with start_broker(tmp_path / "broker", USERS, prefer=request.param) as running:
        yield running


@pytest.fixture
def mosquitto(tmp_path) -> Iterator[RunningBroker]:
    with start_broker(tmp_path / "broker", USERS, prefer="mosquitto") as running:
        yield running


@pytest.fixture
def client_of() -> Iterator[Callable[..., SensorClient]]:
    started = []

    def make(port: int, **options) -> SensorClient:
        options = {"client_id": "gridwatch-n1", "filters": filters(["P01"]), "retry": QUICK} | options
        said = queue.Queue()
        client = SensorClient(Broker(port=port), WHO, on_status=lambda *one: said.put(one), **options)
        client.said = said
        started.append(client)
        client.start()
        return client

    yield make
    for client in started:
        client.stop()


def until(client: SensorClient, wanted: DeviceStatus) -> str:
    while True:
        status, detail = client.said.get(timeout=60)
        if status is wanted:
            return detail


def take(client: SensorClient, wanted: set, within: float = 60) -> dict:
    """Acknowledge what comes until all that is wanted did; how often each came."""
    seen: dict = {}
    due = time.monotonic() + within
    while not wanted <= seen.keys():
        delivery = client.deliveries.get(timeout=max(0.1, due - time.monotonic()))
        seen[delivery.topic, delivery.payload] = seen.get((delivery.topic, delivery.payload), 0) + 1
        delivery.ack()
    return seen


def send(broker: RunningBroker, payloads: list[bytes], **options) -> None:
    for payload in payloads:
        reasons = publish(Broker(port=broker.port), {TOPIC: payload}, credentials=WHO, **options)
        assert reasons == ["Success"]


class Device:
    """A small sensor: MQTT 3.1.1 by hand, a last will, one message kept until it is confirmed."""

    def __init__(self, port: int, name: str, point: str) -> None:
        self.state = f"grid/v1/{point}/{name}/state"
        self.line = socket.create_connection(("127.0.0.1", port), 30)
        will = _text(self.state) + _text('{"online":false}')
        body = _text("MQTT") + bytes((4, 0b11101110)) + struct.pack(">H", 30)
        body += _text(name) + will + _text(WHO.user) + _text(WHO.password)
        self.line.sendall(b"\x10" + _length(body) + body)

    def speak(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        body = _text(topic) + b"\x00\x01" + payload
        self.line.sendall(bytes((0x32 | retain,)) + _length(body) + body)

    def confirmed(self, count: int) -> None:
        """Wait for CONNACK and so many PUBACKs; all have four bytes."""
        waiting = 4 * (count + 1)
        while waiting:
            got = self.line.recv(waiting)
            assert got, "the broker closed the line of a device"
            waiting -= len(got)


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()


def _length(body: bytes) -> bytes:
    return bytes((len(body),)) if len(body) < 128 else bytes((len(body) & 127 | 128, len(body) >> 7))


def storm(broker: RunningBroker, client: SensorClient, devices: int, rounds: int) -> None:
    """All devices come back at once, say that they are there and what they measured, and lose their line."""
    names = [(f"{POINTS[number % 38]}-S{number // 38}", POINTS[number % 38]) for number in range(devices)]
    for turn in range(rounds):
        reading, online = b"%d" % turn, b'{"online":true,"turn":%d}' % turn
        wanted = {(f"grid/v1/{point}/{name}/tele", reading) for name, point in names}
        wanted |= {(f"grid/v1/{point}/{name}/state", online) for name, point in names}
        lines = [Device(broker.port, name, point) for name, point in names]
        for line, (name, point) in zip(lines, names, strict=True):
            line.speak(line.state, online, retain=True)
            line.speak(f"grid/v1/{point}/{name}/tele", reading)
        for line in lines:
            line.confirmed(2)
        seen = take(client, wanted)
        assert max(seen[one] for one in wanted) == 1 or broker.kind == "nats-server"
        for line in lines:  # reset, not closed: the broker must speak their last wills
            line.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.line.close()
        take(client, {(f"grid/v1/{point}/{name}/state", b'{"online":false}') for name, point in names})


def test_all_sensors_of_a_street_come_back_within_a_second_and_nothing_is_lost(broker, client_of):
    client = client_of(broker.port, filters=filters(POINTS), probe=probe_topic("n1"))
    until(client, DeviceStatus.UP)
    storm(broker, client, devices=114, rounds=1)
    assert client.facts()["connections"] == 1


@pytest.mark.long
def test_all_sensors_of_a_street_come_and_go_again_and_again(broker, client_of):
    client = client_of(broker.port, filters=filters(POINTS))
    until(client, DeviceStatus.UP)
    storm(broker, client, devices=760, rounds=10)
    assert client.facts()["connections"] == 1


def test_a_broker_that_restarts_with_its_store_hands_out_what_it_had_confirmed(mosquitto, client_of):
    client = client_of(mosquitto.port)
    until(client, DeviceStatus.UP)
    client.stop()
    send(mosquitto, [b"1", b"2", b"3"])
    mosquitto.stop()
    mosquitto.restart()
    assert take(client_of(mosquitto.port), {(TOPIC, b"%d" % n) for n in (1, 2, 3)}).keys() == {
        (TOPIC, b"%d" % n) for n in (1, 2, 3)
    }


def test_a_broker_that_lost_its_store_is_subscribed_to_anew_and_new_readings_come(
    broker, client_of, tmp_path
):
    client = client_of(broker.port)
    until(client, DeviceStatus.UP)
    broker.kill()
    for kept in sorted((tmp_path / "broker").rglob("*"), reverse=True):
        if kept.suffix == ".db" or "jetstream" in kept.parts:
            kept.rmdir() if kept.is_dir() else kept.unlink()
    until(client, DeviceStatus.UNREACHABLE)
    broker.restart()
    until(client, DeviceStatus.UP)
    if broker.kind == "mosquitto":
        send(broker, [b"after"])
    else:
        line = Device(broker.port, "P01-S1", "P01")
        line.speak(TOPIC, b"after")
        line.confirmed(1)
        line.line.close()
    assert (TOPIC, b"after") in take(client, {(TOPIC, b"after")})
    assert client.facts()["connections"] == 2


def test_two_nodes_with_one_id_are_told_apart_and_named(broker, client_of):
    patient = Retry(first=0.2, longest=0.4, refused=0.5, steady=30)
    pair = [client_of(broker.port, retry=patient, probe=probe_topic("n1")) for _ in range(2)]
    named: set[int] = set()
    due = time.monotonic() + 60
    while not named and time.monotonic() < due:
        for number, client in enumerate(pair):
            while not client.said.empty():
                status, detail = client.said.get()
                if status is DeviceStatus.REFUSED:
                    assert detail.endswith("uses the id gridwatch-n1")
                    named.add(number)
        time.sleep(0.05)
    assert named


def test_a_node_that_starts_again_under_its_id_is_not_taken_for_another(broker, client_of):
    for _ in range(3):
        client = client_of(broker.port, probe=probe_topic("n1"))
        until(client, DeviceStatus.UP)
        if broker.kind == "mosquitto":
            send(broker, [b"x"])
            take(client, {(TOPIC, b"x")})
        client.stop()
        assert client.said.empty()


def test_a_broker_that_hands_nothing_out_is_told_though_it_granted_all(tmp_path, client_of, monkeypatch):
    monkeypatch.setattr(probe, "ANSWER_S", 0.5)
    acl = "user street\ntopic write #\n"
    with start_broker(tmp_path / "deaf", USERS, prefer="mosquitto", acl=acl) as running:
        client = client_of(running.port, probe=probe_topic("n1"))
        until(client, DeviceStatus.UP)
        assert "hands nothing out, not even our own probe" in until(client, DeviceStatus.STALLED)


def test_a_refused_publication_is_said_and_counted_and_readings_go_on(tmp_path, client_of):
    acl = "user street\ntopic readwrite grid/v1/P01/#\n"
    with start_broker(tmp_path / "mute", USERS, prefer="mosquitto", acl=acl) as running:
        client = client_of(running.port, probe=probe_topic("n1"))
        assert "refuses what we publish (not authorized)" in until(client, DeviceStatus.REFUSED)
        send(running, [b"1"])
        take(client, {(TOPIC, b"1")})
        assert until(client, DeviceStatus.UP).endswith("it refuses our probe (not authorized)")
        assert client.facts()["denied"] == 1


def test_a_broker_that_falls_silent_after_all_was_up_is_told_soon(client_of, monkeypatch):
    monkeypatch.setattr(probe, "ANSWER_S", 0.3)
    stopping = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def half_open() -> None:
            line, _ = server.accept()
            with line:
                line.recv(4096)
                line.sendall(b"\x20\x03\x00\x00\x00")
                line.recv(4096)
                line.sendall(b"\x90\x05\x00\x01\x00\x01\x01")
                stopping.wait(60)

        peer = threading.Thread(target=half_open)
        peer.start()
        try:
            client = client_of(server.getsockname()[1], probe=probe_topic("n1"))
            until(client, DeviceStatus.UP)
            assert "hands nothing out" in until(client, DeviceStatus.STALLED)
        finally:
            stopping.set()
            peer.join(10)


def crowd(broker: RunningBroker, client: SensorClient, meanwhile: Callable[[], None]) -> None:
    """A client whose deliveries nobody takes, while its line ends; then all is taken."""
    until(client, DeviceStatus.UP)
    line = Device(broker.port, "P01-S1", "P01")
    for number in range(60):
        line.speak(TOPIC, b"%d" % number)
    line.confirmed(60)
    line.line.close()
    meanwhile()
    assert take(client, {(TOPIC, b"%d" % number) for number in range(60)})
    until(client, DeviceStatus.UNREACHABLE)
    until(client, DeviceStatus.UP)


def test_a_line_that_ends_while_nobody_takes_its_deliveries_loses_nothing(mosquitto, client_of):
    def restart() -> None:
        mosquitto.stop()
        mosquitto.restart()

    crowd(mosquitto, client_of(mosquitto.port, capacity=5), restart)


@pytest.mark.long
def test_a_node_that_is_busy_for_longer_than_the_keep_alive_loses_nothing(mosquitto, client_of, monkeypatch):
    monkeypatch.setattr(connection, "KEEPALIVE_S", 1)
    crowd(mosquitto, client_of(mosquitto.port, capacity=5), lambda: time.sleep(12))
