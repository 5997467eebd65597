"""What is bounded: depth, size, what is learnt, what is kept of what was refused; kinds and their rules."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from devices.sensors import kinds
from devices.sensors.decoders.sparkplug_wire import rebirth
from devices.sensors.paths import find
from devices.sensors.quantities import KINDS, QUANTITIES
from devices.sensors.refused import MAX_REASONS, OTHER, SAMPLE, Refused, shape
from devices.sensors.router import MAX_LEARNT
from devices.sensors.vocabulary import BINARY, NAMES, OF_KIND
from devices.site.sensor_rules import QuantityRule
from tests.devices.decoding import PAYLOADS, ZONE, incoming, points, reasons, router, sensor, values

UPLINK = json.loads((PAYLOADS / "chirpstack-tilt.json").read_text("utf-8"))
DISCOVERED = {"decoder": "home-assistant", "device": "esp7"}


def test_a_field_nested_to_any_depth_that_json_takes_costs_that_field_only():
    ears = router(sensor(**UPLINK["sensor"]))
    message = UPLINK["messages"][0]
    body = json.dumps(message["json"] | {"fCnt": 0}).encode()
    heard = []
    for depth in range(880, 1000):
        payload = body.replace(b'"fCnt": 0', b'"fCnt": ' + b"[" * depth + b"]" * depth)
        heard.append(ears.hear(incoming(message["topic"], payload)))
    assert values(heard[0])["tilt"] == 17.5
    assert reasons(heard[-1]) == ["payload: nested too deep"]


@pytest.mark.parametrize("topic", ["maker/7", "other/7"])
def test_a_message_of_more_than_64_kb_is_refused_whatever_it_says(topic):
    mapping = {"values": [{"quantity": "tilt", "path": "$.a"}]}
    ears = router(sensor(decoder="json", topic="maker/+", mapping=mapping))
    heard = ears.hear(incoming(topic, b'{"a": 1, "b": "' + b"x" * 65536 + b'"}'))
    assert heard.readings == ()
    assert len(heard.refused) == 1


def test_a_device_may_name_topics_but_no_wildcards_and_not_without_end():
    ears = router(sensor(**DISCOVERED))
    before = set(ears.filters)
    for topic in ("#", "a/#", "a/+/b", "$SYS/broker", "", "x" * 300, "a\u0000b"):
        ears.hear(found("t", state_topic=topic))
    assert set(ears.filters) == before
    for number in range(MAX_LEARNT + 10):
        ears.hear(found("t", state_topic=f"a/{number}"))
    assert len(set(ears.filters) - before) == MAX_LEARNT


def found(name, **config):
    body = {"device_class": "temperature", "unit_of_measurement": "°C", **config}
    return incoming(f"homeassistant/sensor/esp7/{name}/config", body, retained=True)


def test_what_a_device_said_of_itself_stays_over_a_change_of_the_site_and_goes_with_the_device():
    ears = router(sensor(**DISCOVERED))
    ears.hear(found("t", state_topic="esp7/t"))
    assert "esp7/t" in ears.filters
    ears.restock(points(sensor(**DISCOVERED), sensor(id="P07-S2", kind="bin")), ZONE)
    assert values(ears.hear(incoming("esp7/t", b"21"))) == {"temperature": 21}
    ears.restock(points(sensor(id="P07-S2", kind="bin")), ZONE)
    assert ears.filters == ("grid/v1/P07/+/+",)


def test_an_entity_that_is_taken_back_is_heard_no_more():
    ears = router(sensor(**DISCOVERED))
    ears.hear(found("t", state_topic="esp7/t"))
    assert values(ears.hear(incoming("esp7/t", b"21"))) == {"temperature": 21}
    ears.hear(incoming("homeassistant/sensor/esp7/t/config", b"", retained=True))
    assert values(ears.hear(incoming("esp7/t", b"21"))) == {}


def test_reasons_are_counted_and_bounded():
    book = Refused()
    for number in range(MAX_REASONS + 50):
        fresh = book.note(f"s{number % 3}", f"field{number}: wrong", b"{}")
        assert fresh is (number <= MAX_REASONS)
    assert len(book.reasons) == MAX_REASONS + 1
    assert book.reasons[OTHER] == 50
    assert sum(one.times for one in book.sensors.values()) == MAX_REASONS + 50
    book.forget_but({"s1"})
    assert set(book.sensors) == {"s1"}


def test_a_sample_shows_names_and_numbers_and_no_text():
    payload = json.dumps({"ssid": "office", "key": ["hunter2", 3], "v": 21.5, "n": None}).encode()
    assert shape(payload) == '{"ssid":"(6 letters)","key":["(7 letters)",3],"v":21.5,"n":null}'
    assert shape(b"\xffhunter2") == "8 bytes; payload: not UTF-8"


@given(payload=st.binary(max_size=400) | st.text(max_size=200).map(lambda text: json.dumps([text]).encode()))
def test_any_sample_is_short(payload):
    assert len(shape(payload)) <= SAMPLE


paths = st.lists(st.text("abc", min_size=1, max_size=3) | st.integers(0, 2), max_size=5)


@given(path=paths, value=st.integers())
def test_what_is_put_at_a_path_is_found_there_and_nowhere_else(path, value):
    body = value
    for step in reversed(path):
        body = {step: body} if isinstance(step, str) else [None] * step + [body]
    query = "$" + "".join(f"['{step}']" if isinstance(step, str) else f"[{step}]" for step in path)
    assert find(query, body) == value
    assert find(query + ".no", body) is None


def test_a_kind_measures_what_has_a_unit_and_its_rules_are_rules_of_what_is_known():
    rule = TypeAdapter(QuantityRule)
    assert set(KINDS) <= set(kinds.KINDS)
    for kind in kinds.KINDS:
        measured = KINDS.get(kind, ())
        assert set(measured) <= set(QUANTITIES)
        told = [rule.validate_python(dict(written)) for written in kinds.KINDS[kind].rules]
        assert kind not in KINDS or {one.quantity for one in told} <= set(QUANTITIES)
        assert len({one.id for one in told}) == len(told)
        assert all(one.event_class for one in told)
        deciding = {one.quantity for one in told}
        assert not told or set(measured[:1]) <= deciding


def test_default_rules_are_of_classes_that_the_site_has():
    assert [rule["id"] for rule in kinds.default_rules("manhole", {"04-99-081"})] == ["tilt", "displacement"]
    assert kinds.default_rules("manhole", ()) == kinds.default_rules("unheard of", {"04-06"}) == ()
    assert {kind for kind in kinds.KINDS if kinds.urgent(kind)} >= {"smoke", "heat", "co", "gas", "sos"}
    assert not any(kinds.urgent(kind) for kind in ("bin", "climate", "parking", "unheard of"))


def test_every_name_that_a_maker_uses_means_a_quantity_of_ours():
    words = [*NAMES.values(), *(word for each in OF_KIND.values() for word in each.values())]
    assert {word.quantity for word in words} | set(BINARY.values()) <= set(QUANTITIES)
    assert {word.if_bool for word in words if word.if_bool} <= set(QUANTITIES)
    assert set(BINARY) | set(OF_KIND) <= set(KINDS)


def test_the_request_for_births_is_what_the_specification_says():
    assert (
        rebirth(1).hex() == "080112" + "1c" + "0a144e6f646520436f6e74726f6c2f52656269727468" + "1801200b7001"
    )


def test_an_uplink_that_forty_gateways_heard_is_read():
    ears = router(sensor(decoder="chirpstack", device="24e124136b502217"))
    gateway = {"gatewayId": "0016c001f153a14c", "time": "2026-11-22T07:59:58.775023242+00:00", "rssi": -90}
    place = {"location": {"latitude": 30.1, "longitude": 120.2, "altitude": 12}, "crcStatus": "CRC_OK"}
    body = {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
        "deviceInfo": {"devEui": "24e124136b502217"},
        "object": {"temperature": 25.6},
        "rxInfo": [gateway | place | {"uplinkId": number, "context": "E3OWOQ=="} for number in range(40)],
    }
    heard = ears.hear(incoming("application/1/device/24e124136b502217/event/up", body))
    assert values(heard) == {"temperature": 25.6}
