"""The client against real brokers: mosquitto (MQTT 5) and nats-server (3.1.1 only)."""

import logging
import queue
import random
import sqlite3
import subprocess
import sys
import time

import paho.mqtt.client as mqtt
import pytest

from devices.credentials import Credentials
from devices.messages import DeviceStatus
from devices.sensors.client import Retry, SensorClient
from devices.sensors.topics import filters
from devices.site.model import Broker
from simulators import broker as brokers
from simulators.broker import free_port, start_broker

PASSWORD = 'se"cr\\et $w#ord:1'
USERS = {"street": PASSWORD}
CREDENTIALS = Credentials("street", PASSWORD)
QUICK = Retry(first=0.05, longest=0.3, refused=0.3, steady=0.5)
TOPIC = "grid/v1/P01/P01-S1/tele"


@pytest.fixture(params=brokers.KINDS)
def broker(request, tmp_path, monkeypatch):
    monkeypatch.setattr(brokers, "NATS_ACK_WAIT_S", 1)
    with start_broker(tmp_path / "broker", USERS, prefer=request.param) as running:
        yield running


@pytest.fixture
def mosquitto(tmp_path):
    with start_broker(tmp_path / "broker", USERS, prefer="mosquitto") as running:
        yield running


@pytest.fixture
def client_of():
    started = []

    def make(port, credentials=CREDENTIALS, **options):
        options = {"client_id": "gridwatch-n1", "filters": filters(["P01"]), "retry": QUICK} | options
        statuses = queue.Queue()
        client = SensorClient(
            Broker(port=port), credentials, on_status=lambda *status: statuses.put(status), **options
        )
        client.statuses = statuses
        started.append(client)
        client.start()
        return client

    yield make
    for client in started:
        client.stop()
        assert not client._thread.is_alive()


@pytest.fixture
def publish():
    """Publish at QoS 1, and wait until the broker has taken it all."""
    clients = {}

    def send(port, payloads, topic=TOPIC, **options):
        if port not in clients:
            clients[port] = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
            clients[port].username_pw_set("street", PASSWORD)
            clients[port].reconnect_delay_set(1, 1)
            clients[port].connect("127.0.0.1", port)
            clients[port].loop_start()
        deadline = time.monotonic() + 10
        while not clients[port].is_connected() and time.monotonic() < deadline:
            time.sleep(0.02)
        sent = [clients[port].publish(topic, payload, 1, **options) for payload in payloads]
        for message in sent:
            message.wait_for_publish(60)
            assert message.is_published()

    yield send
    for client in clients.values():
        client.disconnect()
        client.loop_stop()


def until_up(client):
    return until(client, DeviceStatus.UP)


def until(client, wanted):
    while True:
        status, detail = client.statuses.get(timeout=30)
        if status is wanted:
            return detail


def take(client, count, ack=True):
    taken = [client.deliveries.get(timeout=30) for _ in range(count)]
    for delivery in taken:
        if ack:
            delivery.ack()
    return [delivery.payload for delivery in taken]


def numbers(first, last):
    return [b"%d" % number for number in range(first, last)]


def nothing_more(client, within=0.4):
    with pytest.raises(queue.Empty):
        client.deliveries.get(timeout=within)
    return True


def test_mqtt_5_is_spoken_where_the_broker_can_and_3_1_1_where_it_cannot(broker, client_of, publish):
    client = client_of(broker.port)
    assert until_up(client).endswith("over MQTT 5" if broker.kind == "mosquitto" else "over MQTT 3.1.1")
    publish(broker.port, [b"hello"])
    delivery = client.deliveries.get(timeout=30)
    assert (delivery.topic, delivery.payload, delivery.retained) == (TOPIC, b"hello", False)
    assert abs(delivery.received_at.timestamp() - time.time()) < 5
    assert client.statuses.empty()


def test_what_was_published_while_the_client_was_away_is_delivered_when_it_returns(
    broker, client_of, publish
):
    first = client_of(broker.port)
    until_up(first)
    first.stop()
    publish(broker.port, numbers(0, 30))
    assert take(client_of(broker.port), 30) == numbers(0, 30)


def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(broker, client_of, publish):
    first = client_of(broker.port)
    until_up(first)
    publish(broker.port, numbers(0, 10))
    assert take(first, 4) == numbers(0, 4)
    assert take(first, 6, ack=False) == numbers(4, 10)
    first.stop()
    second = client_of(broker.port)
    assert sorted(take(second, 6)) == numbers(4, 10)
    assert nothing_more(second, 1.5 if broker.kind == "nats-server" else 0.4)


def test_an_acknowledgement_of_an_earlier_connection_cannot_hit_a_later_message(
    mosquitto, client_of, publish
):
    client = client_of(mosquitto.port)
    until_up(client)
    publish(mosquitto.port, [b"old"])
    old = client.deliveries.get(timeout=30)
    mosquitto.stop()
    until(client, DeviceStatus.UNREACHABLE)
    mosquitto.restart()
    until_up(client)
    assert client.deliveries.get(timeout=30).payload == b"old"
    old.ack()
    old.ack()
    client.stop()
    again = client_of(mosquitto.port)
    assert take(again, 1) == [b"old"]


def test_the_broker_sends_no_more_than_the_window_ahead_of_the_acknowledgements(
    mosquitto, client_of, publish
):
    client = client_of(mosquitto.port)
    until_up(client)
    publish(mosquitto.port, numbers(0, 250))
    held = [client.deliveries.get(timeout=30) for _ in range(100)]
    assert nothing_more(client)
    for delivery in held:
        delivery.ack()
    assert take(client, 150) == numbers(100, 250)


def test_a_full_queue_stops_the_reading_and_loses_nothing(broker, client_of, publish, caplog):
    client = client_of(broker.port, capacity=10)
    until_up(client)
    publish(broker.port, numbers(0, 200))
    deadline = time.monotonic() + 5
    while not caplog.records and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "10 deliveries wait to be taken" in caplog.text
    assert client.deliveries.qsize() == 10
    seen = set()
    while len(seen) < 200:
        seen.update(take(client, 1))
    assert seen == set(numbers(0, 200))
    assert 1 <= len([record for record in caplog.records if "wait to be taken" in record.message]) <= 3


def test_a_client_with_a_full_queue_stops_in_time(mosquitto, client_of, publish):
    client = client_of(mosquitto.port, capacity=1)
    until_up(client)
    publish(mosquitto.port, numbers(0, 20))
    began = time.monotonic()
    client.stop()
    assert time.monotonic() - began < 20


def test_a_broker_that_comes_later_is_found(tmp_path, client_of, publish, caplog):
    caplog.set_level(logging.INFO, "devices.sensors")
    port = free_port()
    client = client_of(port)
    assert "no broker answers at 127.0.0.1" in until(client, DeviceStatus.UNREACHABLE)
    with start_broker(tmp_path / "late", USERS, port=port):
        until_up(client)
        publish(port, [b"now"])
        assert take(client, 1) == [b"now"]
        assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_broker_killed_in_mid_stream_loses_nothing_that_its_senders_still_hold(broker, client_of, publish):
    client = client_of(broker.port)
    until_up(client)
    publish(broker.port, numbers(0, 50))
    seen = set(take(client, 50))
    broker.kill()
    until(client, DeviceStatus.UNREACHABLE)
    broker.restart()
    until_up(client)  # with its subscriptions, which the killed broker may have forgotten
    publish(broker.port, numbers(50, 100))
    while len(seen) < 100:
        seen.update(take(client, 1))
    assert seen == set(numbers(0, 100))


def test_a_wrong_password_is_refused_slowly_and_mended_without_a_restart_of_the_broker(broker, client_of):
    client = client_of(
        broker.port, Credentials("street", "wrong-pass"), retry=Retry(0.05, 0.3, refused=30, steady=0.5)
    )
    assert until(client, DeviceStatus.REFUSED).endswith("refuses the user name or password")
    time.sleep(0.5)
    assert client.statuses.empty()
    assert broker.log.read_text().count("not authori") < 10
    until_up(client_of(broker.port))


def test_no_credential_gets_into_a_log_an_error_or_a_status(broker, client_of, caplog, publish):
    caplog.set_level(logging.DEBUG)
    wrong = client_of(broker.port, Credentials("street", "wrong-pass"), client_id="x")
    said = [until(wrong, DeviceStatus.REFUSED)]
    right = client_of(broker.port)
    said.append(until_up(right))
    publish(broker.port, [b"1"])
    delivery = right.deliveries.get(timeout=30)
    broker.kill()
    said.append(until(right, DeviceStatus.UNREACHABLE))
    everything = (
        caplog.text
        + repr(said)
        + repr(delivery)
        + repr(vars(right))
        + repr(CREDENTIALS)
        + broker.log.read_text()
    )
    assert PASSWORD not in everything
    assert "wrong-pass" not in everything
    assert "secr" not in everything


def test_two_clients_with_one_id_do_not_fight_in_a_tight_loop(mosquitto, client_of):
    patient = Retry(first=0.4, longest=30, refused=30, steady=10)
    clients = [client_of(mosquitto.port, retry=patient, chance=lambda: 1.0) for _ in range(2)]
    time.sleep(2.5)
    ups = sum([status for status, _ in client.statuses.queue].count(DeviceStatus.UP) for client in clients)
    assert 2 <= ups <= 6


def test_380_topics_are_received_over_one_connection(broker, client_of, publish):
    points = [f"P{number:02}" for number in range(1, 39)]
    client = client_of(broker.port, filters=filters(points))
    until_up(client)
    topics = {f"grid/v1/{point}/{point}-S{sensor}/tele" for point in points for sensor in range(10)}
    for topic in topics:
        publish(broker.port, [b"x"], topic)
    seen = set()
    while len(seen) < 380:
        delivery = client.deliveries.get(timeout=30)
        delivery.ack()
        seen.add(delivery.topic)
    assert seen == topics


def test_overlapping_subscriptions_deliver_everything_once_or_twice(broker, client_of, publish):
    client = client_of(broker.port, filters=("grid/v1/P01/+/+", "grid/v1/P01/P01-S1/tele"))
    until_up(client)
    publish(broker.port, numbers(0, 20))
    seen = {}
    while len(seen) < 20 or not client.deliveries.empty():
        for payload in take(client, 1):
            seen[payload] = seen.get(payload, 0) + 1
    assert set(seen) == set(numbers(0, 20))
    assert set(seen.values()) <= {1, 2}


def test_what_the_broker_retained_says_so(broker, client_of, publish):
    publish(broker.port, [b"alive"], "grid/v1/P01/P01-S1/state", retain=True)
    delivery = client_of(broker.port).deliveries.get(timeout=30)
    assert (delivery.payload, delivery.retained) == (b"alive", True)


SUBSCRIBER = """
import os, sqlite3, sys
from devices.credentials import Credentials
from devices.sensors.client import Retry, SensorClient
from devices.site.model import Broker

store = sqlite3.connect(sys.argv[2])
store.execute("PRAGMA synchronous=FULL")
store.execute("CREATE TABLE IF NOT EXISTS got (payload BLOB)")
client = SensorClient(Broker(port=int(sys.argv[1])), Credentials.from_environment("STREET_MQTT", os.environ),
                      client_id="gridwatch-n1", filters=["grid/v1/P01/+/+"],
                      on_status=lambda status, _: print(status, flush=True), retry=Retry(0.05, 0.3))
client.start()
while True:
    delivery = client.deliveries.get()
    store.execute("INSERT INTO got VALUES (?)", (delivery.payload,))
    store.commit()
    delivery.ack()
"""


def test_a_subscriber_killed_at_any_moment_has_lost_nothing_it_had_not_committed(
    mosquitto, tmp_path, publish, monkeypatch
):
    monkeypatch.setenv("STREET_MQTT_USER", "street")
    monkeypatch.setenv("STREET_MQTT_PASSWORD", PASSWORD)
    path = tmp_path / "got.db"
    pace = random.Random(7)
    sent = 0
    for _ in range(3):
        command = [sys.executable, "-c", SUBSCRIBER, str(mosquitto.port), str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout.readline() == b"up\n"
            for _ in range(6):
                publish(mosquitto.port, numbers(sent, sent + 40))
                sent += 40
            time.sleep(pace.random() * 0.05)
            child.kill()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        store = sqlite3.connect(path)
        deadline = time.monotonic() + 90
        got = set()
        while len(got) < sent and time.monotonic() < deadline:
            time.sleep(0.1)
            got = {payload for (payload,) in store.execute("SELECT payload FROM got")}
        child.kill()
        store.close()
    assert got == set(numbers(0, sent))


def test_the_wait_grows_to_its_limit_and_is_spread_by_chance():
    retry = Retry()
    waits = [retry.delay(failures, refused=False, chance=1) for failures in range(1, 10)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert retry.delay(10_000, refused=False, chance=0) == 30
    assert retry.delay(1, refused=True, chance=1) == 60
