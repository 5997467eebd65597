"""The broker's access list and passwords, out of the site; and what a real mosquitto makes of them."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from devices.credentials import Credentials
from devices.errors import CredentialsError, SiteError
from devices.messages import DeviceStatus
from devices.sensors.client import SensorClient
from devices.sensors.topics import Channel
from devices.site import broker
from devices.site.edit import dump_site
from devices.site.load import load_site
from devices.site.model import Broker, Names, Node, Point, Position, Sensor, Site
from gridwatch import main
from simulators.broker import RunningBroker, start_broker

NAME = Names(zh="街", en="Street")
STREET = Path(__file__).parents[2] / "examples" / "street" / "site.yaml"


def sensor(name: str) -> Sensor:
    return Sensor(id=name, name=NAME, kind="smoke")


def site_of(*sensors: tuple[str, str, tuple[str, ...]]) -> Site:
    """Points as (id, node, sensors)."""
    points = [
        Point(
            id=point, name=NAME, node=node, grid="g", position=Position(lon=1, lat=1),
            sensors=tuple(map(sensor, names)),
        )
        for point, node, names in sensors
    ]  # fmt: skip
    nodes = tuple(Node(id=name, name=NAME) for name in ("n1", "n2", "n3"))
    return Site(version=7, name=NAME, nodes=nodes, points=tuple(points))


SITE = site_of(
    ("P01", "n1", ("P01-S1", "P01-S2")), ("P02", "n2", ("P02-S1",)), ("P03", "n3", ()), ("P04", "n1", ())
)
PASSWORDS = {name: f"password-of-{name}" for name in broker.users(SITE)}


def test_the_access_list_names_each_sensor_and_each_node_with_sensors_and_nobody_else() -> None:
    assert broker.users(SITE) == ["n1", "n2", "P01-S1", "P01-S2", "P02-S1"]
    text = broker.acl(SITE)
    users = [line.removeprefix("user ") for line in text.splitlines() if line.startswith("user ")]
    assert users == ["n1", "n2", "P01-S1", "P01-S2", "P02-S1"]
    assert "user P02-S1\ntopic write grid/v1/P02/P02-S1/tele\n" in text
    assert "pattern" not in text
    assert "#" not in text.replace("# Street, version 7", "")
    assert [line for line in text.splitlines() if "readwrite" in line] == [
        f"topic readwrite {broker.probe_topic(node)}" for node in ("n1", "n2")
    ]
    assert set(broker.CHANNELS) == {str(channel) for channel in Channel}


def test_devices_of_other_formats_publish_their_own_topics_and_the_node_of_the_point_reads_them() -> None:
    sensors = (
        Sensor(id="P01-S1", name=NAME, kind="smoke", decoder="tasmota", device="plug1"),
        Sensor(id="P01-S2", name=NAME, kind="smoke", decoder="zigbee2mqtt", device="hall"),
        Sensor(id="P01-S3", name=NAME, kind="smoke", decoder="zigbee2mqtt", device="attic"),
        Sensor(id="P01-S4", name=NAME, kind="smoke", decoder="sparkplug", device="G/E/D"),
        Sensor(id="P01-S5", name=NAME, kind="smoke", decoder="senml", topic="pack/5"),
    )
    point = SITE.points[0].model_copy(update={"sensors": sensors})
    site = SITE.model_copy(update={"points": (point,)})
    assert broker.users(site) == ["n1", "P01-S1", "zigbee2mqtt", "sparkplug", "P01-S5"]
    parts = dict(part.split("\n", 1) for part in broker.acl(site).split("\nuser ")[1:])
    hall = [f"zigbee2mqtt/{name}{more}" for name in ("hall", "attic") for more in ("", "/availability")]
    assert parts["zigbee2mqtt"].splitlines() == [f"topic write {topic}" for topic in hall]
    assert parts["P01-S1"].splitlines() == ["topic write tele/plug1/+", "topic write stat/plug1/+"]
    assert parts["sparkplug"].splitlines() == ["topic write spBv1.0/G/+/E/#", "topic read spBv1.0/G/NCMD/E"]
    assert parts["n1"].splitlines() == [
        f"topic readwrite {broker.probe_topic('n1')}",
        *(f"topic read {topic}" for topic in ("tele/plug1/+", "stat/plug1/+", *hall)),
        "topic read spBv1.0/G/+/E/#",
        "topic read pack/5",
        "topic write spBv1.0/G/NCMD/E",
    ]


def test_the_shipped_street_has_an_access_list_and_every_user_a_password(tmp_path, capsys) -> None:
    assert main(["broker", "acl", str(STREET)]) == 0
    assert capsys.readouterr().out == broker.acl(load_site(STREET))
    secrets = tmp_path / "secrets"
    assert main(["broker", "passwords", str(STREET), str(secrets)]) == 0
    printed = capsys.readouterr().out
    assert [line.split(":")[0] for line in printed.splitlines()] == broker.users(load_site(STREET))
    plain = dict(line.split() for line in secrets.read_text().splitlines())
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert len(set(plain.values())) == len(plain)
    assert not any(password in printed for password in plain.values())
    assert main(["broker", "passwords", str(STREET), str(secrets)]) == 0
    assert dict(line.split() for line in secrets.read_text().splitlines()) == plain, "kept for the next time"


def test_a_name_that_would_begin_a_line_of_its_own_does_not() -> None:
    evil = SITE.model_copy(update={"name": Names(zh="街", en="x\nuser P01-S1\ntopic readwrite #")})
    assert broker.acl(evil).splitlines()[1:] == broker.acl(SITE).splitlines()[1:]
    assert "\ntopic readwrite #" not in broker.acl(evil)


def test_an_id_that_no_broker_takes_is_named() -> None:
    with pytest.raises(SiteError, match=r"^a:b: cannot be a broker's user"):
        broker.acl(site_of(("P01", "n1", ("a:b",))))


def test_a_file_of_passwords_that_others_may_read_or_that_is_wrong_is_refused(tmp_path) -> None:
    file = tmp_path / "secrets"
    file.write_text("n1 hush-hush\n")
    file.chmod(0o644)
    with pytest.raises(CredentialsError, match="others may read it; run chmod 600"):
        broker.passwords(file, ["n1"])
    file.chmod(0o600)
    assert broker.passwords(file, ["n1"]) == {"n1": "hush-hush"}
    file.write_text("n1 hush hush\n")
    with pytest.raises(CredentialsError, match=r":1: write `user password`") as caught:
        broker.passwords(file, ["n1"])
    assert "hush" not in str(caught.value)


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    state = tmp_path_factory.mktemp("broker")
    with start_broker(state, PASSWORDS, prefer="mosquitto", acl=broker.acl(SITE)) as running:
        yield running


@pytest.fixture
def someone(mosquitto: RunningBroker) -> Iterator[Callable[[str], mqtt.Client]]:
    made = []

    def connect(user: str, will: str | None = None) -> mqtt.Client:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.username_pw_set(user, PASSWORDS[user])
        if will is not None:
            client.will_set(will, b"will", 1)
        joined = threading.Event()
        client.on_connect = lambda *_: joined.set()
        client.connect("127.0.0.1", mosquitto.port)
        client.loop_start()
        assert joined.wait(10)
        made.append(client)
        return client

    yield connect
    for client in made:
        client.disconnect()
        client.loop_stop()
        client.on_connect = client.on_publish = client.on_message = client.on_subscribe = None


def published(client: mqtt.Client, topic: str) -> bool:
    """Whether the broker took it; an MQTT 5 broker says when it may not be."""
    answered, reasons = threading.Event(), []

    def on_publish(_client: Any, _data: Any, _mid: int, reason: Any, _properties: Any) -> None:
        reasons.append(reason)
        answered.set()

    client.on_publish = on_publish
    client.publish(topic, b"forged", 1)
    assert answered.wait(10)
    return not reasons[0].is_failure


@pytest.fixture
def node(mosquitto: RunningBroker, request: pytest.FixtureRequest) -> Iterator[SensorClient]:
    """Node n1's own client, which asks for more than it may have."""
    up = threading.Event()
    client = SensorClient(
        Broker(port=mosquitto.port), Credentials("n1", PASSWORDS["n1"]), client_id=request.node.name[:60],
        filters=["#"],
        on_status=lambda status, _: up.set() if status is DeviceStatus.UP else None,
    )  # fmt: skip
    client.start()
    assert up.wait(10)
    yield client
    client.stop()


def test_a_stolen_sensor_credential_publishes_its_own_topic_only_and_nothing_else_reaches_the_node(
    someone, node
) -> None:
    thief = someone("P01-S1")
    elsewhere = [
        "grid/v1/P01/P01-S2/tele", "grid/v1/P02/P02-S1/tele", "grid/v1/P02/P01-S1/tele",
        "grid/v1/P01/P01-S1/cmd", "grid/v1/P01/P01-S1/tele/more", "grid/v1/P01/P01-S1", "other", "$SYS/x",
    ]  # fmt: skip
    assert [topic for topic in elsewhere if published(thief, topic)] == []
    for channel in broker.CHANNELS:
        assert published(thief, f"grid/v1/P01/P01-S1/{channel}")
    got = [node.deliveries.get(timeout=30).topic for _ in broker.CHANNELS]
    assert got == [f"grid/v1/P01/P01-S1/{channel}" for channel in broker.CHANNELS]
    assert node.deliveries.empty()


def test_a_node_reads_what_its_own_points_publish_and_writes_nothing_but_its_probe(someone, node) -> None:
    theirs, mine, as_node = someone("P02-S1"), someone("P01-S2"), someone("n1")
    assert published(theirs, "grid/v1/P02/P02-S1/tele")
    assert published(mine, "grid/v1/P01/P01-S2/tele")
    assert node.deliveries.get(timeout=30).topic == "grid/v1/P01/P01-S2/tele"
    assert node.deliveries.empty()
    assert not published(as_node, "grid/v1/P01/P01-S1/tele")
    assert not published(as_node, broker.probe_topic("n2"))
    assert published(as_node, broker.probe_topic("n1"))


def test_a_sensor_reads_nothing_not_even_its_neighbours(someone) -> None:
    thief, neighbour = someone("P01-S1"), someone("P01-S2")
    heard: list[str] = []
    subscribed = threading.Event()
    thief.on_message = lambda _client, _data, message: heard.append(message.topic)
    thief.on_subscribe = lambda *_: subscribed.set()
    thief.subscribe([("#", 1), ("grid/v1/P01/P01-S2/tele", 1)])
    assert subscribed.wait(10)
    assert published(neighbour, "grid/v1/P01/P01-S2/tele")
    assert published(thief, "grid/v1/P01/P01-S1/tele"), "and what was before it would have arrived by now"
    assert heard == []


def test_the_site_file_that_the_list_is_made_from_holds_no_password() -> None:
    assert not any(password in dump_site(SITE) for password in PASSWORDS.values())
