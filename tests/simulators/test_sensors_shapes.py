"""What simulated devices speak, read by the decoders of the product; each side was written by itself."""

import json
from collections import deque
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from paho.mqtt.client import topic_matches_sub

from devices.sensors.decoders.base import Incoming
from devices.sensors.decoders.registry import DECODERS
from devices.sensors.quantities import KINDS, QUANTITIES
from devices.sensors.router import Router
from devices.site.model import Point, Sensor
from simulators.sensors.device import SimulatedSensor
from simulators.sensors.scenario import Fault, FaultKind, Happening, Scenario
from simulators.sensors.shapes import SHAPES
from simulators.sensors.town import sensor as written

ORIGIN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC).timestamp()
EXCITED = {"1": 1.0}
WITHOUT_BATTERY = {"onvif"}
WITHOUT_CLOCK = {"zigbee2mqtt", "home-assistant"}
WITH_A_WILL = {"gridwatch", "zigbee2mqtt", "tasmota", "sparkplug", "home-assistant"}
BY_RADIO = {"gridwatch", "json", "chirpstack", "things-stack"}


def happening(kind):
    return tuple(
        Happening("P01-S1", quantity, 100, 100, EXCITED.get(QUANTITIES[quantity].unit, 12.5))
        for quantity in KINDS[kind]
    )


class Ear:
    """A device of one kind, and a router that hears what it publishes."""

    def __init__(self, kind, decoder, faults=()):
        sensor = Sensor.model_validate(written("P01-S1", kind, decoder))
        name = {"zh": "桥", "en": "Bridge"}
        place = {"grid": "G01", "position": {"lon": 120, "lat": 30}}
        point = Point.model_validate({"id": "P01", "name": name, "node": "n1", **place, "sensors": [sensor]})
        scenario = Scenario(happening(kind), faults, passers=False)
        self.device = SimulatedSensor("P01", sensor, scenario, 1, ORIGIN)
        self.router = Router([point], ZoneInfo("Asia/Shanghai"))
        self.readings, self.presence, self.asks, self.refused = [], [], [], []

    def hear(self, publications, t):
        waiting = deque(publications)
        for number in range(len(waiting)):
            one = waiting.popleft()
            assert any(topic_matches_sub(filter_, one.topic) for filter_ in self.router.filters), one.topic
            at = datetime.fromtimestamp(ORIGIN + t, UTC)
            heard = self.router.hear(Incoming(one.topic, one.payload, at, one.retain, mid=number + 1))
            self.readings += heard.readings
            self.presence += [each.online for each in heard.presence]
            self.asks += heard.asks
            self.refused += heard.refused
        return self

    def values(self):
        return {one.quantity: one.value for one in self.readings}


def test_there_is_a_shape_for_every_decoder():
    assert set(SHAPES) == set(DECODERS)


@pytest.mark.parametrize("decoder", sorted(SHAPES))
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_a_device_measures_is_what_its_decoder_reads(kind, decoder):
    for t in (5.0, 150.0):
        ear = Ear(kind, decoder)
        ear.device.will()
        ear.hear(ear.device.connected(t) + ear.device.measure(t, sudden=True), t)
        expected = ear.device.true_values(t)
        if decoder in WITHOUT_BATTERY:
            del expected["battery"]
        read = ear.values()
        assert {name: read.get(name) for name in expected} == pytest.approx(expected, rel=1e-3, abs=0.01)
        assert ear.refused == []
        qualities = {one.quality for one in ear.readings}
        assert qualities == ({"edge_time"} if decoder in WITHOUT_CLOCK else {"good"})
        assert {one.unit for one in ear.readings} <= {quantity.unit for quantity in QUANTITIES.values()}
        if decoder in BY_RADIO:
            assert all(-120 < one.signal < -60 for one in ear.readings)


@pytest.mark.parametrize("decoder", sorted(SHAPES))
def test_two_measurements_are_two_readings_and_one_that_comes_twice_is_one(decoder):
    ear = Ear("climate", decoder)
    ear.device.will()
    ear.hear(ear.device.connected(0.0), 0)
    ear.readings.clear()
    one, two = ear.device.measure(20.0, sudden=True), ear.device.measure(50.0, sudden=True)
    known = [
        {(one.quantity, one.boot, one.seq) for one in (ear.readings.clear(), ear.hear(said, t))[1].readings}
        for said, t in ((one, 20.0), (two, 50.0), (one, 20.0))
    ]
    assert known[0]
    assert not known[0] & known[1]
    assert known[0] == known[2]


@pytest.mark.parametrize("decoder", sorted(SHAPES))
def test_a_device_is_known_to_come_and_to_go_where_its_format_says_so(decoder):
    ear = Ear("door", decoder)
    will = ear.device.will()
    assert (will is not None) == (decoder in WITH_A_WILL)
    if will is not None:
        ear.hear([*ear.device.connected(0.0), will], 0.0)
        assert ear.presence[-1] is False
        assert True in ear.presence


def test_who_missed_a_birth_asks_and_is_answered():
    ear = Ear("climate", "sparkplug")
    ear.device.will()
    ear.device.connected(0.0)  # nobody heard it
    ear.hear(ear.device.measure(5.0), 5.0)
    assert ear.values() == {}
    assert [ask.topic for ask in ear.asks] == [ear.device.asked]
    ear.hear(ear.device.connected(6.0) + ear.device.measure(7.0), 7.0)
    assert ear.values() == pytest.approx(ear.device.true_values(7.0), rel=1e-3, abs=0.01)


def test_garbage_of_any_device_is_refused_and_costs_nothing_else():
    for decoder in SHAPES:
        ear = Ear("climate", decoder, (Fault("P01-S1", FaultKind.GARBAGE, 50, 50),))
        ear.device.will()
        ear.hear(ear.device.connected(0.0), 0)
        ear.readings.clear()
        ear.hear(ear.device.measure(60.0), 60)
        assert ear.readings == []
        assert ear.refused
        ear.hear(ear.device.measure(110.0), 110)
        ear.hear(ear.device.connected(111.0) + ear.device.measure(112.0), 112)
        assert ear.readings


def test_what_was_held_back_comes_at_once_with_its_own_times():
    ear = Ear("climate", "senml", (Fault("P01-S1", FaultKind.LATE, 10, 40),))
    for t in (20.0, 30.0, 40.0):
        assert ear.device.measure(t) == []
    ear.hear(ear.device.measure(60.0), 60)
    assert sorted({one.taken_at.timestamp() - ORIGIN for one in ear.readings}) == [20, 30, 40, 60]


def test_a_radio_that_is_not_heard_leaves_a_gap_in_the_numbers():
    ear = Ear("climate", "gridwatch", (Fault("P01-S1", FaultKind.RADIO, 10, 40),))
    assert ear.device.measure(20.0) == ear.device.measure(30.0) == []
    (said,) = ear.device.measure(60.0)
    assert json.loads(said.payload)["seq"] == 2


def test_lorawan_loses_some_uplinks_but_none_that_is_an_alarm():
    ear = Ear("sos", "chirpstack")
    assert 0 < sum(ear.device.measure(float(t)) == [] for t in range(1000)) < 40
    assert all(ear.device.measure(float(t), sudden=True) for t in range(1000))
