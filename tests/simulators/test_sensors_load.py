"""Many readings a second, of a site made for it, through the command and over a real broker."""

import logging
import time

import pytest

from devices.credentials import Credentials
from devices.sensors.kinds import KINDS as USUAL
from devices.sensors.quantities import KINDS
from devices.site.edit import dump_site
from devices.site.load import load_site
from gridwatch import main
from simulators.broker import start_broker
from simulators.errors import SimulatorsError
from simulators.sensors.load import LoadFleet
from simulators.sensors.shapes import SHAPES
from simulators.sensors.town import make_site


@pytest.fixture
def broker(tmp_path):
    with start_broker(tmp_path / "broker", {"street": "hush-hush"}, prefer="mosquitto") as running:
        yield running


def sent_after(fleet, readings, within=30):
    deadline = time.monotonic() + within
    while fleet.sent.readings < readings:
        assert time.monotonic() < deadline, fleet.sent
        time.sleep(0.05)
    return fleet.sent


@pytest.mark.parametrize("connections", [None, 3])
def test_the_rate_that_is_asked_for_is_kept_and_all_of_it_is_confirmed(broker, connections):
    site = make_site(5, {"port": broker.port})
    fleet = LoadFleet(site, Credentials("street", "hush-hush"), 1000, connections=connections)
    assert fleet.sensors == 20
    fleet.start()
    try:
        sent = sent_after(fleet, 1500)
        assert sent.readings <= 1000 * sent.seconds + 50
    finally:
        fleet.stop()
    assert fleet.sent.confirmed == fleet.sent.messages
    assert fleet.sent.messages > fleet.sent.readings / 4


def test_nothing_is_measured_before_there_is_a_broker():
    fleet = LoadFleet(make_site(1, {"port": 1}), Credentials("street", "hush-hush"), 1000)
    fleet.start()
    time.sleep(0.3)
    fleet.stop()
    assert (fleet.sent.readings, fleet.sent.seconds) == (0, 0)


def test_38_points_have_every_kind_with_every_decoder_and_load_as_a_site_file(tmp_path):
    site = make_site(38)
    sensors = [sensor for point in site.points for sensor in point.sensors]
    assert {(sensor.kind, sensor.decoder) for sensor in sensors} == {(k, d) for k in KINDS for d in SHAPES}
    assert {len(list(site.points_of(node.id))) for node in site.nodes} == {10, 8}
    assert all(bool(sensor.rules) == bool(USUAL[sensor.kind].rules) for sensor in sensors)
    path = tmp_path / "site.yaml"
    path.write_text(dump_site(site), encoding="utf-8")
    assert load_site(path) == site


@pytest.mark.parametrize("points", [0, 2001])
def test_a_number_of_points_that_makes_no_sense_is_refused(points):
    with pytest.raises(SimulatorsError, match="--points: 1 to 2000"):
        make_site(points)


def test_the_command_publishes_the_load_of_a_site_and_tells_of_it(broker, tmp_path, monkeypatch, caplog):
    path = tmp_path / "site.yaml"
    path.write_text(dump_site(make_site(2, {"port": broker.port})), encoding="utf-8")
    monkeypatch.setenv("STREET_MQTT_USER", "street")
    monkeypatch.setenv("STREET_MQTT_PASSWORD", "hush-hush")
    with caplog.at_level(logging.INFO):
        assert main(["simulate", "--site", str(path), "--rate", "500", "--seconds", "1.5"]) == 0
    assert "8 sensors publish to 127.0.0.1" in caplog.text
    assert "readings/s" in caplog.text


def test_a_rate_of_nothing_is_refused(tmp_path, capsys):
    assert main(["simulate", "--points", "1", "--rate", "0"]) == 1
    assert "--rate, --connections: more than 0" in capsys.readouterr().err
