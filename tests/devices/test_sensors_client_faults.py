"""The client against peers that are no proper broker, and over TLS."""

import contextlib
import os
import queue
import socket
import subprocess
import threading
import time

import pytest
import trustme

from devices.credentials import Credentials
from devices.messages import DeviceStatus
from devices.sensors import connection
from devices.sensors.client import Retry, SensorClient
from devices.site.model import Broker
from simulators.broker import answers, broker_command, free_port

QUICK = Retry(first=0.05, longest=0.2, refused=0.2, steady=10)
CONNACK_5 = b"\x20\x03\x00\x00\x00"
SUBACK_5 = b"\x90\x04\x00\x01\x00\x01"


@pytest.fixture
def peer():
    """A server that answers the n-th thing it receives with the n-th of some words, then closes or waits."""
    stopping = threading.Event()
    servers, threads = [], []

    def serve(*words, hold=False):
        server = socket.create_server(("127.0.0.1", 0))
        server.settimeout(0.1)
        servers.append(server)

        def run():
            held = []
            while not stopping.is_set():
                try:
                    line, _ = server.accept()
                except TimeoutError:
                    continue
                line.settimeout(0.5)
                with contextlib.suppress(OSError):
                    for word in words:
                        line.recv(4096)
                        line.sendall(word)
                if hold:
                    held.append(line)
                else:
                    line.close()
            for line in held:
                line.close()

        thread = threading.Thread(target=run)
        thread.start()
        threads.append(thread)
        return server.getsockname()[1]

    yield serve
    stopping.set()
    for thread in threads:
        thread.join(5)
    for server in servers:
        server.close()


@pytest.fixture
def first_words():
    """The first status that a client tells of a port."""
    clients = []

    def ask(port, count=1, **options):
        statuses = queue.Queue()
        client = SensorClient(
            Broker(port=port, **options),
            Credentials("street", "hush-hush"),
            client_id="n1",
            filters=["grid/v1/P01/+/+"],
            on_status=lambda *status: statuses.put(status),
            retry=QUICK,
        )
        clients.append(client)
        client.start()
        said = [statuses.get(timeout=30) for _ in range(count)]
        assert client._thread.is_alive()
        return said if count > 1 else said[0]

    yield ask
    for client in clients:
        client.stop()
        assert not client._thread.is_alive()


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        b"\x20\x02\x00",
        b"\x20\x00",
        b"\x20\x01\x00",
        b"\x20\x03\x00\x77\x00",
        b"\x20\x05\x00\x00\x02\xff\xff",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x30\x02\x00\x01",
        b"\x90\x00",
        b"\xe0\x02\xff\x00",
        bytes(range(256)),
    ],
)
def test_a_peer_that_talks_nonsense_is_no_broker_and_the_client_goes_on_trying(peer, first_words, garbage):
    status, detail = first_words(peer(garbage))
    assert status is DeviceStatus.UNREACHABLE
    assert "127.0.0.1" in detail
    assert "hush" not in detail


def test_a_peer_that_accepts_and_says_nothing_is_given_up_in_time(peer, first_words, monkeypatch):
    monkeypatch.setattr(connection, "ANSWER_TIMEOUT_S", 0.5)
    status, detail = first_words(peer(hold=True))
    assert (status, "does not answer as an MQTT broker" in detail) == (DeviceStatus.UNREACHABLE, True)


@pytest.mark.parametrize(
    ("connack", "status", "words"),
    [
        (b"\x20\x03\x00\x86\x00", DeviceStatus.REFUSED, "refuses the user name or password"),
        (b"\x20\x03\x00\x87\x00", DeviceStatus.REFUSED, "refuses the user name or password"),
        (b"\x20\x03\x00\x85\x00", DeviceStatus.REFUSED, "client identifier not valid"),
        (b"\x20\x03\x00\x8a\x00", DeviceStatus.REFUSED, "banned"),
        (b"\x20\x03\x00\x88\x00", DeviceStatus.UNREACHABLE, "server unavailable"),
        (b"\x20\x03\x00\x89\x00", DeviceStatus.UNREACHABLE, "server busy"),
    ],
)
def test_the_brokers_reason_becomes_the_status(peer, first_words, connack, status, words):
    said, detail = first_words(peer(connack))
    assert said is status
    assert words in detail


def test_refused_subscriptions_are_told(peer, first_words):
    status, detail = first_words(peer(CONNACK_5, SUBACK_5[:-1] + b"\x87"))
    assert (status, "refuses the subscriptions" in detail) == (DeviceStatus.REFUSED, True)


def test_a_taken_over_session_names_the_other_client(peer, first_words):
    said = first_words(peer(CONNACK_5, SUBACK_5 + b"\xe0\x01\x8e"), count=2)
    assert [status for status, _ in said] == [DeviceStatus.UP, DeviceStatus.REFUSED]
    assert "another client" in said[1][1]


def test_a_broker_that_shuts_down_says_so(peer, first_words):
    said = first_words(peer(CONNACK_5, SUBACK_5 + b"\xe0\x01\x8b"), count=2)
    assert said[1] == (
        DeviceStatus.UNREACHABLE,
        f"the broker at {said[0][1].split()[2]} ended it: server shutting down",
    )


def test_a_topic_that_is_not_text_is_delivered_for_the_decoder_to_refuse(peer):
    bad = b"\x32\x08\x00\x02\xff\xfe\x00\x07\x00x"
    client = SensorClient(
        Broker(port=peer(CONNACK_5, SUBACK_5 + bad, hold=True)), None, client_id="n1", filters=["a"],
        on_status=lambda *_: None, retry=QUICK,
    )  # fmt: skip
    client.start()
    delivery = client.deliveries.get(timeout=30)
    assert (delivery.topic, delivery.payload) == ("", b"x")
    delivery.ack()
    client.stop()


def test_a_message_is_acknowledged_once_because_its_packet_id_may_soon_be_anothers():
    sent = b""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = SensorClient(
            Broker(port=server.getsockname()[1]), None, client_id="n1", filters=["a"],
            on_status=lambda *_: None, retry=QUICK,
        )  # fmt: skip
        client.start()
        line, _ = server.accept()
        with line:
            line.settimeout(5)
            line.recv(4096)
            line.sendall(CONNACK_5)
            line.recv(4096)
            line.sendall(SUBACK_5 + b"\x32\x07\x00\x01a\x00\x07\x00x")
            delivery = client.deliveries.get(timeout=30)
            for _ in range(3):
                delivery.ack()
            client.stop()
            while received := line.recv(4096):
                sent += received
    assert sent.count(b"\x40\x02\x00\x07") == 1


def test_a_name_that_does_not_resolve_is_unreachable():
    statuses = queue.Queue()
    client = SensorClient(
        Broker(host="no-such-host.invalid"), None, client_id="n1", filters=["a"],
        on_status=lambda *status: statuses.put(status), retry=QUICK,
    )  # fmt: skip
    client.start()
    status, detail = statuses.get(timeout=20)
    client.stop()
    assert (status, "no-such-host.invalid" in detail) == (DeviceStatus.UNREACHABLE, True)


# paho leaves the socket of a failed handshake to the reference counter
unclosed = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def tls_broker(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    port, plain = free_port(), free_port()
    command = broker_command(tmp_path / "state", plain, {"street": "hush-hush"}, "mosquitto")
    with (tmp_path / "state" / "mosquitto.conf").open("a") as config:
        pem = tmp_path / "server.pem"
        config.write(f"listener {port} 127.0.0.1\ncertfile {pem}\nkeyfile {pem}\n")
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while not answers(plain) and time.monotonic() < deadline:
        time.sleep(0.02)
    yield port, tmp_path / "ca.pem"
    process.terminate()
    process.wait(5)


def test_tls_is_spoken_to_a_broker_whose_certificate_is_trusted(tls_broker, first_words, monkeypatch):
    port, authority = tls_broker
    monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(authority))
    assert first_words(port, tls=True)[0] is DeviceStatus.UP


@unclosed
def test_a_certificate_nobody_vouches_for_is_refused_before_the_password_is_sent(tls_broker, first_words):
    status, detail = first_words(tls_broker[0], tls=True)
    assert status is DeviceStatus.REFUSED
    assert "shows a certificate that is signed by nobody known here" in detail


@unclosed
def test_tls_to_a_plain_port_is_unreachable(peer, first_words):
    assert first_words(peer(b"\x20\x02\x00\x00"), tls=True)[0] is DeviceStatus.UNREACHABLE


def test_a_broker_whose_authority_the_site_names_is_trusted_and_a_wrong_file_is_said(tls_broker, first_words):
    port, authority = tls_broker
    assert first_words(port, tls=True, ca_file=str(authority))[0] is DeviceStatus.UP
    status, detail = first_words(port, tls=True, ca_file="/nowhere/ca.pem")
    assert status is DeviceStatus.REFUSED
    assert "ca_file, client_cert or client_key of the site's broker cannot be used" in detail


@unclosed
def test_a_broker_that_shows_a_certificate_for_another_name_is_refused(tls_broker, first_words):
    port, authority = tls_broker
    status, detail = first_words(port, tls=True, ca_file=str(authority), host="localhost")
    assert status is DeviceStatus.REFUSED
    assert "shows a certificate that is for another name" in detail
