import os
import stat
import subprocess
import threading
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
import pytest

from simulators import broker as brokers
from simulators.broker import answers, broker_command, find_broker, free_port, start_broker
from simulators.errors import BrokerError

USERS = {"street": 'p"a$s\\w#o:rd 1', "second": "other"}


@pytest.fixture(params=brokers.KINDS)
def broker(request, tmp_path):
    with start_broker(tmp_path / "broker", USERS, prefer=request.param) as running:
        yield running


def connack(port, user, password):
    """The broker's answer to a connection, as paho's reason."""
    answered, said = threading.Event(), []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
    if user is not None:
        client.username_pw_set(user, password)

    def on_connect(_client, _userdata, _flags, reason, _properties):
        said.append(reason)
        answered.set()

    client.on_connect = on_connect
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert answered.wait(5)
    client.disconnect()
    client.loop_stop()
    client.on_connect = None
    return said[0]


def test_each_user_gets_in_with_the_own_password_and_nobody_else(broker):
    for user, password in USERS.items():
        assert not connack(broker.port, user, password).is_failure
    for user, password in (("street", "other"), ("third", "other"), ("street", ""), (None, None)):
        assert connack(broker.port, user, password).is_failure


def test_the_broker_listens_on_the_loopback_address_only(broker):
    listening = [
        line for line in psutil.Process(broker.pid).net_connections("tcp") if line.status == "LISTEN"
    ]
    assert {line.laddr.ip for line in listening} == {"127.0.0.1"}
    assert broker.port in {line.laddr.port for line in listening}


def test_no_password_stands_in_the_command_line_and_the_files_are_private(broker):
    assert not any(password in " ".join(psutil.Process(broker.pid).cmdline()) for password in USERS.values())
    state = Path(broker.command[2]).parent
    for name in ("mosquitto.passwords", "mosquitto.conf", "nats-server.conf"):
        if (state / name).exists():
            assert stat.S_IMODE((state / name).stat().st_mode) == 0o600
    assert USERS["street"] not in broker.log.read_text()
    if broker.kind == "mosquitto":
        assert all(
            USERS["street"] not in (state / name).read_text()
            for name in ("mosquitto.passwords", "mosquitto.conf")
        )


def test_a_supervisor_can_start_the_same_command_again_and_again(broker):
    broker.kill()
    assert not answers(broker.port)
    with subprocess.Popen(broker.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as again:
        deadline = time.monotonic() + 10
        while not answers(broker.port) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not connack(broker.port, "street", USERS["street"]).is_failure
        again.terminate()


def test_a_stopped_mosquitto_keeps_what_it_held_for_the_next_start(tmp_path):
    with start_broker(tmp_path / "broker", USERS, prefer="mosquitto") as running:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.username_pw_set("street", USERS["street"])
        client.connect("127.0.0.1", running.port)
        client.loop_start()
        client.publish("grid/v1/P01/P01-S1/state", b"kept", 1, retain=True).wait_for_publish(5)
        running.stop()
        running.restart()
        heard = threading.Event()
        client.on_message = lambda _client, _userdata, message: message.payload == b"kept" and heard.set()
        client.on_connect = lambda client, *_: client.subscribe("grid/v1/#", 1)
        client.reconnect()
        assert heard.wait(5)
        client.disconnect()
        client.loop_stop()
        client.on_message = client.on_connect = None
    assert (tmp_path / "broker" / "mosquitto.db").stat().st_size > 0


def joined(port, name, *, clean, on_message=None):
    """A client that has subscribed to everything and runs."""
    subscribed = threading.Event()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean)
    client.username_pw_set("street", USERS["street"])
    client.max_inflight_messages_set(100)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_connect = lambda client, *_: client.subscribe("grid/v1/#", 1)
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert subscribed.wait(5)
    return client


def part_with(client):
    client.disconnect()
    client.loop_stop()
    client.on_message = client.on_subscribe = client.on_connect = None


def test_mosquitto_hands_out_far_more_than_its_default_thousand_to_a_returning_subscriber(tmp_path):
    got, all_there = set(), threading.Event()

    def on_message(_client, _userdata, message):
        got.add(message.payload)
        if len(got) == 3000:
            all_there.set()

    with start_broker(tmp_path / "broker", USERS, prefer="mosquitto") as running:
        part_with(joined(running.port, "edge", clean=False))
        sender = joined(running.port, "sensor", clean=True)
        for sent in [sender.publish("grid/v1/P01/P01-S1/tele", b"%d" % n, 1) for n in range(3000)]:
            sent.wait_for_publish(60)
        part_with(sender)
        returned = joined(running.port, "edge", clean=False, on_message=on_message)
        all_there.wait(90)
        part_with(returned)
    assert len(got) == 3000


def test_mosquitto_comes_first_and_nats_server_stands_in(monkeypatch, tmp_path):
    assert find_broker()[0] == "mosquitto"
    assert find_broker("nats-server")[0] == "nats-server"
    real = brokers.shutil.which
    monkeypatch.setattr(
        brokers.shutil, "which", lambda name, path: None if name == "mosquitto" else real(name, path=path)
    )
    command = broker_command(tmp_path, 1, USERS)
    assert Path(command[0]).name == "nats-server"
    assert os.access(command[0], os.X_OK)


def test_a_machine_without_a_broker_is_told_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(brokers.shutil, "which", lambda name, path: None)
    with pytest.raises(BrokerError, match=r"install mosquitto .* or nats-server"):
        broker_command(tmp_path, 1, USERS)


@pytest.mark.parametrize(
    "users", [{"a:b": "x"}, {"": "x"}, {"a\nb": "x"}, {"a": ""}, {"a": "line\nbreak"}, {"a": "x" * 129}]
)
def test_a_user_that_no_broker_takes_is_refused_without_the_password(tmp_path, users):
    with pytest.raises(BrokerError, match=r"^users: ") as caught:
        broker_command(tmp_path, 1, users)
    assert "break" not in str(caught.value)


def test_a_taken_port_is_a_clear_error(broker, tmp_path):
    with pytest.raises(BrokerError, match=f"{broker.kind} does not come up"):
        start_broker(tmp_path / "other", USERS, port=broker.port, prefer=broker.kind)


def test_nobody_answers_at_a_free_port():
    assert not answers(free_port())
