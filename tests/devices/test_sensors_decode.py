import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import PayloadError
from devices.messages import Reading
from devices.sensors.decode import bindings, decode
from devices.sensors.presence import Presence, decode_presence, newer
from devices.sensors.quantities import KINDS, QUANTITIES, normalise
from devices.sensors.topics import Channel, Topic, filters, parse
from devices.site.model import Names, Point, Position, Sensor

NOW = datetime(2026, 11, 22, 8, 0, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
WHERE = {"P07-S1": "P07"}
TELE = "grid/v1/P07/P07-S1/tele"


def message(**changes):
    body = {
        "v": 1,
        "dev": "P07-S1",
        "boot": "7f3a",
        "seq": 12,
        "t": NOW_MS - 1500,
        "m": [{"n": "water_level", "v": 0.42, "u": "m"}, {"n": "battery", "v": 87, "u": "%EL"}],
        "rssi": -97,
    } | changes
    return json.dumps({name: value for name, value in body.items() if value is not ...}).encode()


def read(**changes):
    return decode(TELE, message(**changes), WHERE, NOW)


def test_a_message_becomes_readings_in_the_quantitys_own_unit():
    water, battery = read()
    assert (water.point, water.sensor, water.quantity, water.value, water.unit) == (
        "P07", "P07-S1", "water_level", 42.0, "cm",
    )  # fmt: skip
    assert water.taken_at == NOW - timedelta(seconds=1.5)
    assert water.received_at == NOW
    assert (water.boot, water.seq, water.quality) == ("7f3a", 12, "good")
    assert (water.battery, water.signal) == (87.0, -97.0)
    assert (battery.quantity, battery.value, battery.unit) == ("battery", 87.0, "%EL")


def test_a_device_without_a_clock_gets_the_time_of_arrival():
    reading = read(t=...)[0]
    assert (reading.taken_at, reading.quality) == (NOW, "edge_time")


@pytest.mark.parametrize(
    "t", [946684800000, NOW_MS // 1000, NOW_MS + 86_401_000, NOW_MS - 86_401_000, -5, 1e15]
)
def test_a_clock_more_than_a_day_off_is_replaced_and_marked(t):
    reading = read(t=t)[0]
    assert (reading.taken_at, reading.quality) == (NOW, "clock")


@pytest.mark.parametrize("t", [NOW_MS + 86_399_000, NOW_MS - 86_399_000, NOW_MS + 0.5])
def test_a_clock_less_than_a_day_off_is_kept(t):
    reading = read(t=t)[0]
    assert reading.quality == "good"
    assert abs(reading.taken_at.timestamp() * 1000 - t) < 1


@pytest.mark.parametrize(
    ("name", "unit", "value", "wanted", "symbol"),
    [
        ("temperature", "°C", 21.5, 21.5, "Cel"),
        ("temperature", "℃", 21.5, 21.5, "Cel"),
        ("temperature", "degF", 86, 30.0, "Cel"),
        ("temperature", "K", 273.15, 0.0, "Cel"),
        ("humidity", "%", 55, 55.0, "%RH"),
        ("pm25", "µg/m³", 35, 35.0, "ug/m3"),
        ("pm25", "μg/m3", 35, 35.0, "ug/m3"),
        ("pm10", "mg/m3", 0.05, 50.0, "ug/m3"),
        ("laeq", "dB(A)", 58, 58.0, "dB"),
        ("residual_current", "A", 0.3, 300.0, "mA"),
        ("open", "", 1, 1.0, "1"),
        ("fill", "/", 0.8, 80.0, "%"),
        ("wind_speed", "m/s", 3, 3.0, "m/s"),
    ],
)
def test_units_become_the_symbol_of_the_quantity(name, unit, value, wanted, symbol):
    reading = read(m=[{"n": name, "v": value, "u": unit}])[0]
    assert (reading.value, reading.unit, reading.quality) == (pytest.approx(wanted), symbol, "good")


def test_every_quantity_of_every_kind_is_known_and_its_own_unit_is_taken_as_it_is():
    for names in KINDS.values():
        for name in names:
            assert normalise(name, 1.0, QUANTITIES[name].unit) == (1.0, QUANTITIES[name].unit)


def test_a_value_no_instrument_can_show_is_bad_and_its_neighbours_stay_good():
    air = read(m=[{"n": "pm25", "v": -40, "u": "ug/m3"}, {"n": "pm10", "v": 40, "u": "ug/m3"}])
    assert [reading.quality for reading in air] == ["bad", "good"]


@pytest.mark.parametrize(
    ("flags", "quality"), [(["selftest"], "uncertain"), (["selftest", "fault"], "bad"), ([{}], "good")]
)
def test_what_a_device_says_of_its_own_values_is_their_quality(flags, quality):
    assert read(flags=flags)[0].quality == quality


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"v": 2}, "v"),
        ({"v": True}, "v"),
        ({"v": ...}, "v"),
        ({"dev": "P07-S2"}, "dev"),
        ({"boot": ...}, "boot"),
        ({"boot": "a b"}, "boot"),
        ({"boot": "\ud800"}, "boot"),
        ({"seq": -1}, "seq"),
        ({"seq": 1.0}, "seq"),
        ({"seq": True}, "seq"),
        ({"seq": 2**60}, "seq"),
        ({"t": "now"}, "t"),
        ({"t": True}, "t"),
        ({"t": 10**400}, "t"),
        ({"rssi": "weak"}, "rssi"),
        ({"flags": "selftest"}, "flags"),
        ({"m": []}, "m"),
        ({"m": ...}, "m"),
        ({"m": {"n": "tilt"}}, "m"),
        ({"m": [3]}, r"m\[0\]"),
        ({"m": [{"n": f"q{n}", "v": 1} for n in range(65)]}, "m"),
        ({"m": [{"n": "tilt", "v": 1, "u": "deg"}, {"n": "tilt", "v": 2, "u": "deg"}]}, r"m\[1\]\.n"),
        ({"m": [{"n": "Tilt!", "v": 1}]}, r"m\[0\]\.n"),
        ({"m": [{"v": 1}]}, r"m\[0\]\.n"),
        ({"m": [{"n": "tilt", "u": "deg"}]}, r"m\[0\]\.v"),
        ({"m": [{"n": "tilt", "v": None, "u": "deg"}]}, r"m\[0\]\.v"),
        ({"m": [{"n": "tilt", "v": True, "u": "deg"}]}, r"m\[0\]\.v"),
        ({"m": [{"n": "tilt", "v": 10**30, "u": "deg"}]}, r"m\[0\]\.v"),
        ({"m": [{"n": "tilt", "v": 1, "u": "psi"}]}, r"m\[0\]\.u"),
        ({"m": [{"n": "tilt", "v": 1, "u": 7}]}, r"m\[0\]\.u"),
        ({"m": [{"n": "other", "v": 1, "u": "\n"}]}, r"m\[0\]\.u"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_refused_by_its_name(changes, field):
    with pytest.raises(PayloadError, match=rf"^{field}: "):
        read(**changes)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[1, 2]", "not a JSON object"),
        (b'{"v": 1, "v": 1}', "twice"),
        (b'{"v": 1, "t": NaN}', "NaN"),
        (b'{"v": 1, "t": -Infinity}', "-Infinity"),
        (b"[" * 8000, "nested too deep"),
        (b'{"v": ' + b"9" * 8000 + b"}", "not JSON"),
        (b" " * 65537, "65537 bytes"),
    ],
)
def test_what_is_no_message_is_refused_with_the_reason(payload, reason):
    with pytest.raises(PayloadError, match=reason):
        decode(TELE, payload, WHERE, NOW)


@pytest.mark.parametrize("number", ["1e400", "-1e999"])
def test_a_number_beyond_floating_point_is_refused(number):
    payload = message(m=[{"n": "tilt", "v": 77, "u": "deg"}]).replace(b"77", number.encode())
    with pytest.raises(PayloadError, match="out of every range"):
        decode(TELE, payload, WHERE, NOW)


def test_the_site_and_not_the_topic_says_where_a_sensor_stands():
    with pytest.raises(PayloadError, match="stands at P07, not at P08"):
        decode("grid/v1/P08/P07-S1/tele", message(), WHERE, NOW)
    with pytest.raises(PayloadError, match="not in the site"):
        decode("grid/v1/P07/P07-S9/tele", message(dev="P07-S9"), WHERE, NOW)


def test_state_and_birth_measure_nothing():
    assert decode("grid/v1/P07/P07-S1/state", b"anything", WHERE, NOW) == ()
    assert decode("grid/v1/P07/P07-S1/birth", b"anything", WHERE, NOW) == ()
    assert len(decode("grid/v1/P07/P07-S1/event", message(), WHERE, NOW)) == 2


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "grid/v1/P07/P07-S1",
        "grid/v2/P07/P07-S1/tele",
        "grid/v1/P07/P07-S1/tele/",
        "grid/v1/P07/P07-S1/tele\n",
        "grid/v1//P07-S1/tele",
        "grid/v1/P07/P07-S1/cmd",
        "grid/v1/P07/" + "x" * 65 + "/tele",
    ],
)
def test_a_topic_outside_the_tree_is_refused(topic):
    with pytest.raises(PayloadError, match=r"^topic: "):
        parse(topic)


identifiers = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")


@given(point=identifiers, device=identifiers, channel=st.sampled_from(Channel))
def test_a_topic_survives_being_put_together_and_taken_apart(point, device, channel):
    topic = Topic(point, device, channel)
    assert parse(str(topic)) == topic


def test_one_subscription_covers_a_point_but_not_its_commands():
    assert filters(["P01", "P02"]) == ("grid/v1/P01/+/+", "grid/v1/P02/+/+")


def test_the_bindings_are_those_of_the_site():
    names = Names(zh="桥", en="Bridge")
    point = Point(
        id="P07", name=names, node="n1", grid="G01", position=Position(lon=121, lat=31),
        sensors=(Sensor(id="P07-S1", name=names, kind="water_level"),),
    )  # fmt: skip
    assert bindings([point]) == WHERE


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
measurement = st.fixed_dictionaries(
    {},
    optional={
        "n": st.sampled_from(["tilt", "battery", "x"]) | json_values,
        "v": json_values,
        "u": st.sampled_from(["deg", "%", "m"]) | json_values,
    },
)
shaped = st.fixed_dictionaries(
    {
        "v": st.just(1),
        "boot": st.sampled_from(["a", "\ud800"]) | json_values,
        "seq": st.integers(-1, 9) | json_values,
    },
    optional={
        "dev": st.just("P07-S1") | json_values,
        "t": json_values,
        "rssi": json_values,
        "flags": json_values,
        "m": st.lists(measurement, max_size=5) | json_values,
    },
)


def only_readings_or_a_payload_error(topic, payload):
    refusal, readings = "", ()
    try:
        readings = decode(topic, payload, WHERE, NOW)
    except PayloadError as error:
        refusal = str(error)
    assert len(refusal) < 300
    for reading in readings:
        assert isinstance(reading, Reading)
        assert Reading.model_validate_json(reading.model_dump_json()) == reading


@given(payload=st.binary(max_size=300))
def test_any_bytes_give_readings_or_a_payload_error(payload):
    only_readings_or_a_payload_error(TELE, payload)


@given(body=shaped)
def test_any_json_in_nearly_the_right_shape_gives_readings_or_a_payload_error(body):
    only_readings_or_a_payload_error(TELE, json.dumps(body).encode())


@given(cut=st.integers(0, 200), at=st.integers(0, 200), byte=st.integers(0, 255))
def test_a_damaged_message_gives_readings_or_a_payload_error(cut, at, byte):
    payload = bytearray(message())
    payload[at % len(payload)] = byte
    only_readings_or_a_payload_error(TELE, bytes(payload[: len(payload) - cut]))


@given(topic=st.text(max_size=60))
def test_any_topic_gives_readings_or_a_payload_error(topic):
    only_readings_or_a_payload_error(topic, message())


def presence(online, boot="a", bd=1):
    payload = json.dumps({"v": 1, "online": online, "boot": boot, "bd": bd}).encode()
    return decode_presence("grid/v1/P07/P07-S1/state", payload, WHERE)


def test_a_state_says_whether_the_device_is_on_line():
    assert presence(online=True, bd=3) == Presence("P07", "P07-S1", online=True, boot="a", connection=3)


def test_a_late_will_does_not_end_the_connection_that_replaced_it():
    alive = presence(online=True, bd=2)
    assert newer(alive, presence(online=False, bd=1)) is alive
    assert not newer(alive, presence(online=False, bd=2)).online
    assert newer(None, presence(online=False)).online is False
    assert newer(alive, presence(online=True, boot="b", bd=1)).boot == "b"


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b'{"v":1,"online":1,"boot":"a","bd":1}', b'{"v":1,"online":true,"boot":"a"}']
)
def test_a_state_that_says_nothing_clear_is_refused(payload):
    with pytest.raises(PayloadError):
        decode_presence("grid/v1/P07/P07-S1/state", payload, WHERE)
    with pytest.raises(PayloadError, match="state"):
        decode_presence(TELE, payload, WHERE)
