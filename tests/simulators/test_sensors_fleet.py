"""The fleet on real brokers, heard by the edge's own client."""

import queue
import time
from datetime import UTC, datetime

import paho.mqtt.client as mqtt
import pytest

from devices.credentials import Credentials
from devices.messages import DeviceStatus
from devices.sensors.client import Retry, SensorClient
from devices.sensors.decode import bindings, decode
from devices.sensors.presence import decode_presence
from devices.sensors.quantities import KINDS
from devices.sensors.topics import Channel, filters, parse
from devices.sensors.track import Track, follow
from devices.site.model import Broker, Names, Point, Position, Sensor
from simulators import broker as brokers
from simulators.broker import start_broker
from simulators.errors import SimulatorsError
from simulators.sensors.fleet import SensorFleet
from simulators.sensors.scenario import Fault, FaultKind, Happening, Scenario
from simulators.sensors.town import sensor as written

CREDENTIALS = Credentials("street", "hush-hush")
NAMES = Names(zh="桥", en="Bridge")


def street(points, period, sensors=3):
    kinds = sorted(KINDS)
    return [
        Point(
            id=f"P{number:02}",
            name=NAMES,
            node="n1",
            grid="G01",
            position=Position(lon=121, lat=31),
            sensors=tuple(
                Sensor(
                    id=f"P{number:02}-S{at}",
                    name=NAMES,
                    kind=kinds[(number * sensors + at) % len(kinds)],
                    period=period,
                )
                for at in range(1, sensors + 1)
            ),
        )
        for number in range(1, points + 1)
    ]


@pytest.fixture(params=brokers.KINDS)
def broker(request, tmp_path):
    with start_broker(tmp_path / "broker", {"street": "hush-hush"}, prefer=request.param) as running:
        yield running


@pytest.fixture
def mosquitto(tmp_path):
    with start_broker(tmp_path / "broker", {"street": "hush-hush"}, prefer="mosquitto") as running:
        yield running


@pytest.fixture
def stop_later():
    started = []
    yield started.append
    for each in reversed(started):
        each.stop()
        assert not each._thread.is_alive()


@pytest.fixture
def listen(stop_later):
    def start(port, points):
        statuses = queue.Queue()
        client = SensorClient(
            Broker(port=port),
            CREDENTIALS,
            client_id="listener",
            filters=filters(point.id for point in points),
            on_status=lambda *status: statuses.put(status),
            retry=Retry(0.05, 0.2),
        )
        client.start()
        stop_later(client)
        while statuses.get(timeout=30)[0] is not DeviceStatus.UP:
            continue
        return client

    return start


@pytest.fixture
def fleet_of(stop_later):
    def start(port, points, scenario=None, credentials=CREDENTIALS):
        fleet = SensorFleet(points, Broker(port=port), credentials, scenario)
        fleet.start()
        stop_later(fleet)
        return fleet

    return start


def hear(client, enough, within=15.0):
    """Deliveries until `enough(them)`."""
    heard, deadline = [], time.monotonic() + within
    while not enough(heard):
        heard.append(client.deliveries.get(timeout=max(0.01, deadline - time.monotonic())))
        heard[-1].ack()
    return heard


def by_channel(heard, channel):
    return [delivery for delivery in heard if parse(delivery.topic).channel is channel]


def test_every_sensor_of_38_points_is_born_on_line_and_measures(broker, listen, fleet_of):
    points = street(38, period=2)
    where = bindings(points)
    client = listen(broker.port, points)
    fleet_of(broker.port, points)

    def complete(heard):
        said = {(parse(delivery.topic).device, parse(delivery.topic).channel) for delivery in heard}
        wanted = {Channel.TELE, Channel.STATE, Channel.BIRTH}
        return (
            len(heard) >= 3 * len(where)
            and {(sensor, channel) for sensor in where for channel in wanted} <= said
        )

    heard = hear(client, complete, within=25)
    for delivery in by_channel(heard, Channel.STATE):
        assert decode_presence(delivery.topic, delivery.payload, where).online
    readings = [
        r for delivery in heard for r in decode(delivery.topic, delivery.payload, where, delivery.received_at)
    ]
    assert {reading.sensor for reading in readings} == set(where)
    assert {reading.quality for reading in readings} == {"good"}
    assert max(abs((r.received_at - r.taken_at).total_seconds()) for r in readings) < 5


def test_nothing_is_lost_or_doubled_on_a_healthy_line(mosquitto, listen, fleet_of):
    points = street(4, period=0.05)
    where = bindings(points)
    client = listen(mosquitto.port, points)
    fleet_of(mosquitto.port, points)
    tracks = {}
    for delivery in hear(client, lambda heard: len(heard) > 400):
        for reading in decode(delivery.topic, delivery.payload, where, delivery.received_at)[:1]:
            known = tracks.get(reading.sensor, Track())
            tracks[reading.sensor], _ = follow(known, reading.boot, reading.seq)
    assert set(tracks) == set(where)
    assert [(track.lost, track.duplicates) for track in tracks.values()] == [(0, 0)] * len(where)


def test_a_scripted_press_arrives_as_an_event(mosquitto, listen, fleet_of):
    sos = Sensor(id="P01-S1", name=NAMES, kind="sos", period=3600)
    point = Point(
        id="P01", name=NAMES, node="n1", grid="G01", position=Position(lon=121, lat=31), sensors=(sos,)
    )
    client = listen(mosquitto.port, [point])
    fleet_of(
        mosquitto.port, [point], Scenario((Happening("P01-S1", "pressed", start=0.5, hold=0.5, level=1),))
    )
    heard = by_channel(hear(client, lambda heard: len(by_channel(heard, Channel.EVENT)) == 2), Channel.EVENT)
    pressed = [decode(d.topic, d.payload, {"P01-S1": "P01"}, d.received_at)[0] for d in heard]
    assert [reading.value for reading in pressed] == [1, 0]
    assert 0.3 < (pressed[1].taken_at - pressed[0].taken_at).total_seconds() < 9


def test_a_fleet_that_dies_is_declared_off_line_by_the_last_wills(mosquitto, listen, fleet_of):
    points = street(2, period=5)
    where = bindings(points)
    client = listen(mosquitto.port, points)
    fleet = fleet_of(mosquitto.port, points)
    hear(client, lambda heard: len(by_channel(heard, Channel.STATE)) == len(where))
    for line in fleet._lines:  # as the kernel does for a killed process
        line.client.socket().close()

    def all_declared(heard):
        states = [decode_presence(d.topic, d.payload, where) for d in by_channel(heard, Channel.STATE)]
        return {state.device for state in states if not state.online} == set(where)

    hear(client, all_declared)


def test_a_fleet_that_is_stopped_takes_leave(mosquitto, listen, fleet_of):
    points = street(2, period=5)
    where = bindings(points)
    client = listen(mosquitto.port, points)
    fleet = fleet_of(mosquitto.port, points)
    hear(client, lambda heard: len(by_channel(heard, Channel.STATE)) == len(where))
    fleet.stop()
    assert fleet.acknowledged == fleet.published
    heard = hear(client, lambda heard: len(by_channel(heard, Channel.STATE)) == len(where))
    assert not any(
        decode_presence(d.topic, d.payload, where).online for d in by_channel(heard, Channel.STATE)
    )


def test_a_fleet_survives_a_broker_that_is_killed_and_comes_back(broker, listen, fleet_of):
    points = street(3, period=0.2)
    where = bindings(points)
    client = listen(broker.port, points)
    fleet_of(broker.port, points)
    hear(client, lambda heard: len(by_channel(heard, Channel.TELE)) > 20)
    broker.kill()
    time.sleep(0.3)
    broker.restart()
    again = datetime.now(UTC)

    def all_back(heard):
        measured = [
            r
            for d in by_channel(heard, Channel.TELE)
            for r in decode(d.topic, d.payload, where, d.received_at)
        ]
        return {reading.sensor for reading in measured if reading.taken_at > again} == set(where)

    hear(client, all_back)


def test_wrong_credentials_stop_nobody_and_are_said_once(mosquitto, fleet_of, caplog):
    fleet = fleet_of(mosquitto.port, street(2, period=1), credentials=Credentials("street", "wrong-pass"))
    deadline = time.monotonic() + 5
    while not caplog.records and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    assert [record.message for record in caplog.records] == [
        "sensors: the broker refuses their user name or password"
    ]
    assert fleet.acknowledged == 0
    assert "wrong-pass" not in caplog.text


def test_a_flood_of_one_device_leaves_the_others_their_pace(mosquitto, listen, fleet_of):
    points = street(2, period=1)
    where = bindings(points)
    client = listen(mosquitto.port, points)
    fleet_of(mosquitto.port, points, Scenario(faults=(Fault("P01-S1", FaultKind.FLOOD),)))

    def enough(heard):
        devices = [parse(d.topic).device for d in by_channel(heard, Channel.TELE)]
        return all(devices.count(sensor) >= 2 for sensor in where) and devices.count("P01-S1") > 100

    hear(client, enough)


@pytest.mark.parametrize("connections", [None, 1])
def test_a_sparkplug_device_that_is_asked_says_again_what_it_is(mosquitto, stop_later, connections):
    sensors = [Sensor.model_validate(written(f"P01-S{n}", "door", "sparkplug")) for n in (1, 2)]
    (point,) = street(1, period=3600)
    points = [point.model_copy(update={"sensors": tuple(sensors)})]
    fleet = SensorFleet(points, Broker(port=mosquitto.port), CREDENTIALS, connections=connections)
    heard = queue.Queue()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.username_pw_set(CREDENTIALS.user, CREDENTIALS.password)
    client.on_message = lambda _, __, message: heard.put(message.topic)
    client.on_connect = lambda *_: client.subscribe("spBv1.0/street/+/P01-S1/#", 1)
    client.on_subscribe = lambda *_: fleet.start()
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    stop_later(fleet)
    births = ["spBv1.0/street/NBIRTH/P01-S1", "spBv1.0/street/DBIRTH/P01-S1/door"]
    try:
        assert [heard.get(timeout=15) for _ in births] == births
        client.publish("spBv1.0/street/NCMD/P01-S1", b"", 0)
        again = [heard.get(timeout=15) for _ in range(4)]
        assert [topic for topic in again if "BIRTH" in topic] == births
    finally:
        client.disconnect()
        client.loop_stop()


def test_a_kind_without_a_series_is_refused_by_name():
    odd = Sensor(id="P01-S1", name=NAMES, kind="sundial")
    point = Point(
        id="P01", name=NAMES, node="n1", grid="G01", position=Position(lon=0, lat=0), sensors=(odd,)
    )
    with pytest.raises(SimulatorsError, match="P01-S1: kind 'sundial'"):
        SensorFleet([point], Broker(), None)
