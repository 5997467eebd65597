"""Messages as real devices send them (`payloads/`), and what comes of each."""

import json
from datetime import datetime

import pytest

from devices.sensors.decoders.registry import DECODERS
from devices.site import wiring
from devices.site.model import Sensor
from tests.devices.decoding import PAYLOADS, incoming, known_by, reasons, router, sensor

CASES = sorted(PAYLOADS.glob("*.json"))


def told(case):
    given = json.loads(case.read_text("utf-8"))
    ears = router(sensor(**given["sensor"]))
    heard = [
        ears.hear(
            incoming(
                message["topic"],
                message["text"].encode() if "text" in message else message["json"],
                retained=message.get("retained", False),
            )
        )
        for message in given["messages"]
    ]
    return given, heard


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_message_as_a_device_sends_it_becomes_the_readings_it_means(case):
    given, heard = told(case)
    readings = [reading for one in heard for reading in one.readings]
    got = [[reading.quantity, reading.value, reading.unit] for reading in readings]
    assert [[name, pytest.approx(value), unit] for name, value, unit in given["readings"]] == got
    assert [one.online for each in heard for one in each.presence] == given.get("online", [])
    assert [reason for one in heard for reason in reasons(one)] == given.get("refused", [])
    for reading in readings:
        assert (reading.point, reading.sensor) == ("P07", given["sensor"]["id"])
        assert "battery" not in given or reading.battery == given["battery"]
        assert "signal" not in given or reading.signal == given["signal"]
        assert "quality" not in given or reading.quality == given["quality"]
        assert "taken_at" not in given or reading.taken_at == datetime.fromisoformat(given["taken_at"])
        assert "known" not in given or [reading.boot, reading.seq] == given["known"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_same_messages_again_are_the_same_readings(case):
    ones, others = told(case)[1], told(case)[1]
    assert [known_by(one) for one in ones] == [known_by(one) for one in others]


def test_every_decoder_that_a_site_may_name_exists_and_has_payloads_to_show():
    names = set(wiring.DecoderName.__args__)
    assert names == set(DECODERS)
    shown = {json.loads(case.read_text("utf-8"))["sensor"]["decoder"] for case in CASES}
    assert shown == names - {"gridwatch", "sparkplug"}  # these have tests of their own


def test_what_any_json_or_senml_is_heard_under_must_be_said():
    for name, words in (("json", "mapping"), ("senml", "topic")):
        with pytest.raises(ValueError, match=words):
            Sensor.model_validate(
                {"id": "s", "name": {"zh": "一", "en": "a"}, "kind": "bin", "decoder": name}
            )
