"""A site's broker as `gridwatch broker` sets it up: a real mosquitto, TLS 1.3, users by certificate."""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import ssl
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from devices.errors import CredentialsError
from devices.messages import DeviceStatus
from devices.sensors.client import Retry, SensorClient
from devices.site import broker as users
from devices.site.certificates import Authority, today
from devices.site.edit import dump_site
from devices.site.model import Broker, Names, Node, Point, Position, Sensor, Site
from devices.site.mosquitto import config, files_under
from gridwatch import main
from simulators.broker import find_broker, free_port
from tests.devices.mqtt_peers import publish

NAME = Names(zh="街", en="Street")
QUICK = Retry(first=0.05, longest=0.3, refused=0.3, steady=30)


def site_at(port: int, tls: Path) -> Site:
    points = tuple(
        Point(
            id=f"P0{number}", name=NAME, node=f"n{number}", grid="g", position=Position(lon=1, lat=1),
            sensors=(Sensor(id=f"P0{number}-S1", name=NAME, kind="smoke"),),
        )
        for number in (1, 2)
    )  # fmt: skip
    line = Broker(
        port=port, tls=True, ca_file=str(tls / "broker/ca.pem"), client_cert=str(tls / "users/n1.pem"),
        client_key=str(tls / "users/n1.key"),
    )  # fmt: skip
    return Site(
        version=1,
        name=NAME,
        broker=line,
        nodes=(Node(id="n1", name=NAME), Node(id="n2", name=NAME)),
        points=points,
    )


def pair(folder: Path, name: str) -> dict[str, str]:
    return {"client_cert": str(folder / f"{name}.pem"), "client_key": str(folder / f"{name}.key")}


@dataclass
class SiteBroker:
    """A mosquitto with the configuration, access list and certificates that the commands make."""

    site: Site
    tls: Path
    root: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.root / "log").open("ab") as words:
            command = [find_broker("mosquitto")[1], "-c", self.root / "mosquitto.conf"]
            self.process = subprocess.Popen(command, stderr=words)
        due = time.monotonic() + 20
        while time.monotonic() < due:
            with socket.socket() as line:
                if line.connect_ex(("127.0.0.1", self.site.broker.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError((self.root / "log").read_text())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def line(self, user: str) -> Broker:
        """The site's broker as the machine of `user` names its files."""
        return self.site.broker.model_copy(update=pair(self.tls / "users", user))


def set_up(root: Path) -> SiteBroker:
    for name in ("config", "data"):
        (root / name).mkdir(parents=True)
    site = site_at(free_port(), root / "made")
    Authority(root / "made", today()).make([site.broker.host], users.users(site))
    (root / "tls").symlink_to(root / "made/broker")
    (root / "config/acl").write_text(users.acl(site))
    own = "user root\n" if os.geteuid() == 0 else ""
    (root / "mosquitto.conf").write_text(own + config(site.broker, files_under(root)))
    return SiteBroker(site, root / "made", root)


@pytest.fixture(scope="module")
def site_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteBroker]:
    running = set_up(tmp_path_factory.mktemp("site-broker"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def come() -> Iterator[Callable[..., SensorClient]]:
    """The node's client over a line, with a queue of its statuses."""
    started = []

    def start(line: Broker, client_id: str = "gridwatch-n1", **options) -> SensorClient:
        statuses = queue.Queue()
        client = SensorClient(
            line, None, client_id=client_id, on_status=lambda *said: statuses.put(said), retry=QUICK,
            **{"filters": ["grid/v1/P01/+/+"], "probe": users.probe_topic("n1")} | options,
        )  # fmt: skip
        client.statuses = statuses
        started.append(client)
        client.start()
        return client

    yield start
    for client in started:
        client.stop()


def take(client: SensorClient) -> bytes:
    delivery = client.deliveries.get(timeout=30)
    delivery.ack()
    return delivery.payload


def said(client: SensorClient) -> tuple[DeviceStatus, str]:
    return client.statuses.get(timeout=30)


def refusal(client: SensorClient) -> tuple[DeviceStatus, str]:
    """What it says when it is turned away: a broker that hangs up may be quicker than its reason."""
    status, detail = said(client)
    return said(client) if status is DeviceStatus.UNREACHABLE else (status, detail)


def test_a_node_with_its_certificate_hears_a_sensor_with_its_own(site_broker, come):
    node = come(site_broker.line("n1"))
    assert said(node)[0] is DeviceStatus.UP
    assert publish(site_broker.line("P01-S1"), {"grid/v1/P01/P01-S1/tele": b"1"}) == ["Success"]
    delivery = node.deliveries.get(timeout=30)
    delivery.ack()
    assert (delivery.topic, delivery.payload) == ("grid/v1/P01/P01-S1/tele", b"1")


def test_a_stolen_sensor_certificate_publishes_its_own_topics_only_and_each_refusal_is_said_to_it(
    site_broker, come
):
    node = come(site_broker.line("n1"))
    assert said(node)[0] is DeviceStatus.UP
    thief = site_broker.line("P01-S1")
    elsewhere = ["grid/v1/P02/P02-S1/tele", "grid/v1/P01/P02-S1/tele", users.probe_topic("n1"), "other"]
    assert publish(thief, dict.fromkeys(elsewhere, b"forged")) == ["Not authorized"] * len(elsewhere)
    assert publish(thief, {"grid/v1/P01/P01-S1/tele": b"its own"}) == ["Success"]
    assert take(node) == b"its own"
    assert node.deliveries.empty()


def test_a_stolen_sensor_certificate_cannot_end_the_session_of_the_node_by_its_client_id(site_broker, come):
    node = come(site_broker.line("n1"))
    assert said(node)[0] is DeviceStatus.UP
    thief = site_broker.line("P01-S1")
    assert publish(thief, {"grid/v1/P01/P01-S1/tele": b"1"}, client_id="gridwatch-n1") == ["Success"]
    assert publish(thief, {"grid/v1/P01/P01-S1/tele": b"2"}, client_id="n1") == ["Success"]
    assert [take(node), take(node)] == [b"1", b"2"]
    assert node.statuses.empty()
    assert node.facts()["connections"] == 1


def test_a_node_hears_nothing_of_another_nodes_points_whatever_it_subscribes_to(site_broker, come):
    node = come(site_broker.line("n1"), filters=["#"])
    assert said(node)[0] is DeviceStatus.UP
    assert publish(site_broker.line("P02-S1"), {"grid/v1/P02/P02-S1/tele": b"theirs"}) == ["Success"]
    assert publish(site_broker.line("P01-S1"), {"grid/v1/P01/P01-S1/tele": b"ours"}) == ["Success"]
    assert take(node) == b"ours"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("none", "wants a client certificate"),
        ("another authority", "does not know who signed our client certificate"),
        ("expired", "says that our client certificate has expired"),
        ("the broker's authority is unknown", "shows a certificate that is signed by nobody known here"),
        ("for another name", "shows a certificate that is for another name"),
        ("no such file", "ca_file, client_cert or client_key of the site's broker cannot be used"),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho and failed handshakes
def test_what_is_wrong_with_a_certificate_is_one_sentence(site_broker, come, tmp_path, damage, words):
    line = site_broker.line("n1")
    if damage == "none":
        line = line.model_copy(update={"client_cert": None, "client_key": None})
    elif damage == "another authority":
        Authority(tmp_path / "b", today()).make(["x"], ["n1"])
        line = line.model_copy(update=pair(tmp_path / "b/users", "n1"))
    elif damage == "expired":
        with borrowed(site_broker.tls, tmp_path) as folder:
            Authority(folder, today() - timedelta(days=100)).make(["x"], ["n1"], days=90)
        line = line.model_copy(update=pair(tmp_path / "users", "n1"))
    elif damage == "the broker's authority is unknown":
        Authority(tmp_path / "b", today())
        line = line.model_copy(update={"ca_file": str(tmp_path / "b/broker/ca.pem")})
    elif damage == "for another name":
        line = line.model_copy(update={"host": "localhost"})
    else:
        line = line.model_copy(update={"client_cert": str(tmp_path / "gone.pem")})
    status, detail = said(come(line))
    assert (status, words in detail) == (DeviceStatus.REFUSED, True), detail


@contextlib.contextmanager
def borrowed(made: Path, folder: Path) -> Iterator[Path]:
    """The same authority in another folder, with nothing made yet."""
    (folder / "broker").mkdir(parents=True)
    for name in ("ca.key", "broker/ca.pem"):
        (folder / name).write_bytes((made / name).read_bytes())
    yield folder


def test_a_client_that_speaks_only_tls_1_2_is_not_let_in(site_broker):
    line = site_broker.line("n1")
    context = ssl.create_default_context(cafile=line.ca_file)
    context.load_cert_chain(line.client_cert, line.client_key)
    with (
        socket.create_connection((line.host, line.port), 10) as plain,
        context.wrap_socket(plain, server_hostname=line.host) as tls,
    ):
        assert tls.version() == "TLSv1.3"
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((line.host, line.port), 10) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname=line.host)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_revoked_certificate_is_not_let_in_and_its_successor_is(tmp_path, come):
    mine = set_up(tmp_path / "own")
    stolen = tmp_path / "stolen"
    stolen.mkdir()
    for end in ("pem", "key"):
        (stolen / f"thief.{end}").write_bytes((mine.tls / f"users/n1.{end}").read_bytes())
    authority = Authority(mine.tls, today())
    authority.revoke("n1")
    authority.make([mine.site.broker.host], users.users(mine.site))
    mine.start()
    try:
        status, detail = refusal(come(mine.site.broker.model_copy(update=pair(stolen, "thief"))))
        assert (status, "our client certificate is revoked" in detail) == (DeviceStatus.REFUSED, True), detail
        assert said(come(mine.line("n1")))[0] is DeviceStatus.UP
    finally:
        mine.stop()


def test_keys_are_private_what_is_good_stays_and_what_ends_soon_is_made_anew(tmp_path):
    first = Authority(tmp_path, today())
    first.make(["127.0.0.1"], ["n1", "P01-S1"])
    keys = sorted(tmp_path.rglob("*.key"))
    assert [key.name for key in keys] == ["broker.key", "ca.key", "P01-S1.key", "n1.key"]
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    later = Authority(tmp_path, today())
    later.make(["127.0.0.1"], ["n1", "P01-S1"])
    assert later.made == []
    much_later = Authority(tmp_path, today() + timedelta(days=700))
    much_later.make(["127.0.0.1"], ["n1"])
    assert much_later.made == ["broker/broker.key", "broker/broker.pem", "users/n1.key", "users/n1.pem"]
    renamed = Authority(tmp_path, today() + timedelta(days=700))
    renamed.make(["broker.street"], ["n1"])
    assert renamed.made == ["broker/broker.key", "broker/broker.pem"]


def test_a_half_written_pair_is_made_anew_and_an_authority_without_its_key_is_said(tmp_path):
    Authority(tmp_path, today()).make(["x"], ["n1"])
    Authority(tmp_path / "other", today()).make(["x"], ["n1"])
    (tmp_path / "users/n1.key").write_bytes((tmp_path / "other/users/n1.key").read_bytes())
    again = Authority(tmp_path, today())
    again.make(["x"], ["n1"])
    assert again.made == ["users/n1.key", "users/n1.pem"]
    (tmp_path / "ca.key").unlink()
    with pytest.raises(CredentialsError, match=r"there is broker/ca\.pem without the rest of ca\.key"):
        Authority(tmp_path, today())


def test_openssl_finds_nothing_wrong_with_them(tmp_path):
    Authority(tmp_path, today()).make(["127.0.0.1", "broker.street"], ["n1"])
    broker = tmp_path / "broker"
    strict = [
        "openssl",
        "verify",
        "-x509_strict",
        "-crl_check",
        "-CRLfile",
        broker / "revoked.pem",
        "-CAfile",
        broker / "ca.pem",
    ]
    for purpose, name in (("sslclient", "users/n1.pem"), ("sslserver", "broker/broker.pem")):
        subprocess.run([*strict, "-purpose", purpose, tmp_path / name], check=True, capture_output=True)
    wrong = subprocess.run(
        [*strict, "-purpose", "sslserver", tmp_path / "users/n1.pem"], check=False, capture_output=True
    )
    assert wrong.returncode != 0, "a user's certificate must not pass for the broker"


def test_the_commands_print_the_configuration_and_make_and_revoke_certificates(tmp_path, capsys):
    file = tmp_path / "site.yaml"
    site = site_at(8883, Path("/etc/gridwatch/tls"))
    file.write_text(dump_site(site))
    assert main(["broker", "config", str(file), "--under", "/srv/broker"]) == 0
    assert capsys.readouterr().out == config(site.broker, files_under(Path("/srv/broker")))
    assert main(["broker", "certs", str(file), str(tmp_path / "made"), "--also", "broker.street"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line.startswith("users/") and line.endswith(".pem")] == [
        f"users/{user}.pem" for user in users.users(site)
    ]
    assert main(["broker", "revoke", str(tmp_path / "made"), "P01-S1"]) == 0
    assert not (tmp_path / "made/users/P01-S1.pem").exists()
    assert main(["broker", "revoke", str(tmp_path / "made"), "P01-S1"]) == 1
    assert "P01-S1: has no certificate here" in capsys.readouterr().err


def test_the_configuration_follows_how_the_site_file_says_the_broker_is_spoken_to():
    plain = config(Broker(), files_under(Path("/b")))
    assert "listener 1883 127.0.0.1\n" in plain
    assert "certfile" not in plain
    secret = config(Broker(tls=True, port=8883), files_under(Path("/b")))
    assert "listener 8883\n" in secret
    assert "password_file /b/config/passwords\n" in secret
    assert "require_certificate" not in secret
    certified = config(Broker(tls=True, client_cert="/n1.pem"), files_under(Path("/b")))
    assert "require_certificate true\nuse_identity_as_username true\n" in certified
    assert "password_file" not in certified
    for text in (plain, secret, certified):
        assert {"allow_anonymous false", "use_username_as_clientid true", "acl_file /b/config/acl"} <= set(
            text.splitlines()
        )
