"""Sparkplug B, with payloads written by the simulators' own encoder: no code is shared with the decoder."""

from datetime import timedelta

import pytest

from devices.sensors.decoders.base import Ask
from devices.sensors.decoders.sparkplug_wire import MAX_METRICS, read, rebirth
from simulators.sensors.shapes.protobuf import block, double, single, whole
from tests.devices.decoding import NOW, incoming, known_by, reasons, router, sensor, values

NOW_MS = int(NOW.timestamp() * 1000)
INT8, INT16, INT64, FLOAT, DOUBLE, BOOLEAN, STRING = 1, 2, 4, 9, 10, 11, 12


def metric(name=None, alias=None, kind=DOUBLE, value=b"", at=None, more=b""):
    out = block(1, name.encode()) if name else b""
    out += whole(2, alias) if alias is not None else b""
    out += whole(3, at) if at is not None else b""
    return out + whole(4, kind) + more + value


def payload(*metrics, seq=None, at=NOW_MS - 1000):
    out = whole(1, at) + b"".join(block(2, one) for one in metrics)
    return out if seq is None else out + whole(3, seq)


def unit(symbol):
    return block(9, block(1, b"engUnit") + block(2, whole(1, STRING) + block(8, symbol.encode())))


def birth_number(number):
    return metric("bdSeq", kind=INT64, value=whole(11, number))


TILT = metric("Lid/tilt", 3, value=double(13, 2.0), more=unit("rad"))


class Street:
    """One edge node with two devices of ours, heard one message after the other."""

    def __init__(self):
        entries = [
            ("P07-S1", "manhole", "G/N/lid"),
            ("P07-S2", "bin", "G/N/bin"),
            ("P07-S3", "climate", "G/N"),
        ]
        self.ears = router(
            *(
                sensor(id=name, kind=kind, decoder="sparkplug", device=device)
                for name, kind, device in entries
            )
        )
        self.at = NOW

    def say(self, kind, body, device=None, *, passed=1.0):
        self.at += timedelta(seconds=passed)
        topic = f"spBv1.0/G/{kind}/N" + (f"/{device}" if device else "")
        return self.ears.hear(incoming(topic, body, self.at))

    def born(self, number=0):
        self.say("NBIRTH", payload(birth_number(number), seq=0))
        return self.say("DBIRTH", payload(TILT, seq=1), "lid")


@pytest.fixture
def street():
    return Street()


def test_one_subscription_covers_a_node_with_all_its_devices(street):
    assert street.ears.filters == ("spBv1.0/G/+/N/#",)


def test_a_birth_names_what_data_carries_by_alias_with_its_unit(street):
    born = street.born()
    assert values(born)["tilt"] == pytest.approx(114.591559)
    assert [(one.device, one.online) for one in born.presence] == [("P07-S1", True)]
    data = street.say("DDATA", payload(metric(alias=3, value=double(13, 0.5)), seq=2), "lid")
    assert values(data) == {"tilt": pytest.approx(28.64789)}
    assert data.readings[0].taken_at == NOW - timedelta(seconds=1)
    assert (data.asks, data.refused) == ((), ())


def test_an_alias_without_its_birth_is_refused_and_the_node_asked_for_its_births_once(street):
    heard = street.say("DDATA", payload(metric(alias=3, value=double(13, 0.5)), seq=9), "lid")
    assert (heard.readings, reasons(heard)) == ((), ["alias: 1 metrics have no name before the birth"])
    (ask,) = heard.asks
    assert isinstance(ask, Ask)
    assert ask.topic == "spBv1.0/G/NCMD/N"
    (asked,) = read(ask.payload).metrics
    assert (asked.name, asked.value) == ("Node Control/Rebirth", True)
    again = street.say("DDATA", payload(metric(alias=3, value=double(13, 0.5)), seq=10), "lid")
    assert again.asks == ()
    later = street.say("DDATA", payload(metric(alias=3, value=double(13, 0.5)), seq=11), "lid", passed=31)
    assert len(later.asks) == 1


def test_a_gap_in_the_numbers_of_the_node_asks_for_its_births_and_loses_no_reading(street):
    street.born()
    assert street.say("NDATA", payload(seq=2)).asks == ()
    heard = street.say("DDATA", payload(metric(alias=3, value=double(13, 0.5)), seq=4), "lid")
    assert set(values(heard)) == {"tilt"}
    assert len(heard.asks) == 1


def test_the_numbers_go_round_after_255_and_a_message_that_comes_again_is_no_gap(street):
    street.born()
    for seq in (*range(2, 256), 0, 0, 1):
        assert street.say("NDATA", payload(seq=seq)).asks == ()


def test_a_message_that_comes_again_is_the_same_reading(street):
    street.born()
    body = payload(metric(alias=3, value=double(13, 0.5)), seq=2)
    assert known_by(street.say("DDATA", body, "lid")) == known_by(street.say("DDATA", body, "lid"))


def test_a_birth_that_repeats_a_value_with_its_time_is_the_same_reading(street):
    street.born()
    told = metric("Lid/tilt", 3, value=double(13, 0.5), at=NOW_MS - 5000)
    data = known_by(street.say("DDATA", payload(told, seq=2), "lid"))
    assert known_by(street.say("DBIRTH", payload(told, seq=3, at=NOW_MS), "lid")) == data


def test_a_new_birth_voids_the_aliases_of_the_one_before(street):
    street.born()
    street.say("NBIRTH", payload(birth_number(1), seq=0))
    heard = street.say("DDATA", payload(metric(alias=3, value=double(13, 0.5)), seq=1), "lid")
    assert heard.readings == ()
    assert len(heard.asks) == 1


def test_a_death_ends_all_of_the_node_but_a_late_one_does_not(street):
    street.born(number=7)
    assert street.say("NDEATH", payload(birth_number(6))).presence == ()
    gone = street.say("NDEATH", payload(birth_number(7)))
    assert {(one.device, one.online) for one in gone.presence} == {
        ("P07-S1", False), ("P07-S2", False), ("P07-S3", False),
    }  # fmt: skip
    one = street.say("DDEATH", payload(seq=2), "bin")
    assert [(each.device, each.online) for each in one.presence] == [("P07-S2", False)]


def test_what_is_historical_is_kept_and_not_judged(street):
    street.born()
    old = metric(alias=3, value=double(13, 0.5), at=NOW_MS - 60_000, more=whole(5, 1))
    new = metric(alias=3, value=double(13, 0.6), at=NOW_MS)
    heard = street.say("DDATA", payload(old, new, seq=2), "lid")
    assert [round(one.value, 2) for one in heard.late] == [28.65]
    assert [round(one.value, 2) for one in heard.readings] == [34.38]


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (INT8, whole(10, 0xFFFFFFF6), -10.0),
        (INT8, whole(10, 0xF6), -10.0),
        (INT16, whole(10, 0xFFF6), -10.0),
        (INT64, whole(11, 2**64 - 10), -10.0),
        (FLOAT, single(12, 21.5), 21.5),
        (DOUBLE, double(13, 21.5), 21.5),
        (BOOLEAN, whole(14, 1), 1.0),
        (STRING, block(15, b"21.5"), 21.5),
    ],
)
def test_every_plain_type_is_read(street, kind, value, wanted):
    heard = street.say("NBIRTH", payload(metric("temperature", kind=kind, value=value), seq=0))
    assert values(heard) == {"temperature": wanted}


def test_a_null_and_a_name_that_is_no_text_cost_only_that_metric(street):
    null = metric("humidity", kind=DOUBLE, more=whole(7, 1))
    broken = block(1, b"\xff\xfe") + whole(4, DOUBLE) + double(13, 1.0)
    heard = street.say("NBIRTH", payload(null, broken, metric("temperature", value=double(13, 20.0)), seq=0))
    assert values(heard) == {"temperature": 20.0}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff\xff\xff", "payload: is no Sparkplug B payload"),
        (b'{"timestamp": 1}', "payload: is no Sparkplug B payload"),
        (block(2, b"") * (MAX_METRICS + 1), f"metrics: {MAX_METRICS + 1}; at most {MAX_METRICS} are taken"),
    ],
)
def test_what_is_no_payload_or_too_much_is_refused(street, body, reason):
    assert reasons(street.say("NDATA", body)) == [reason]


def test_nested_groups_end_at_the_librarys_limit():
    deep = b""
    for _ in range(2000):
        deep = block(9, deep)
        if len(deep) > 8000:
            break
    street = Street()
    heard = street.say("NBIRTH", block(2, deep)[:8192])
    assert heard.readings == ()


def test_our_own_command_measures_nothing(street):
    heard = street.say("NCMD", rebirth(NOW_MS))
    assert (heard.readings, heard.refused) == ((), ())


def test_the_sites_mapping_goes_by_metric_names():
    mapping = {"values": [{"quantity": "tilt", "path": "$['Lid/angle']", "unit": "deg"}]}
    ears = router(sensor(kind="manhole", decoder="sparkplug", device="G/N/lid", mapping=mapping))
    body = payload(metric("Lid/angle", value=double(13, 7.0)), seq=1)
    assert values(ears.hear(incoming("spBv1.0/G/DBIRTH/N/lid", body))) == {"tilt": 7.0}


@pytest.mark.parametrize("timed", [True, False])
def test_several_values_of_one_metric_in_a_message_are_several_readings(street, timed):
    lid = [
        metric("Lid/tilt", value=double(13, value), at=NOW_MS - 5000 + at if timed else None)
        for at, value in enumerate([0.0, 1.0, 0.0])
    ]
    street.say("NBIRTH", payload(birth_number(1), seq=0))
    street.say("DBIRTH", payload(TILT, seq=1), "lid")
    heard = street.say("DDATA", payload(*lid, seq=2), "lid")
    assert [round(reading.value, 2) for reading in heard.readings] == [0.0, 57.3, 0.0]
    assert len(known_by(heard)) == 3


def test_old_values_of_one_metric_in_a_message_are_all_kept(street):
    old = [
        metric("Lid/tilt", value=double(13, 0.5), at=NOW_MS - at, more=whole(5, 1))
        for at in (9000, 6000, 3000)
    ]
    street.say("NBIRTH", payload(birth_number(1), seq=0))
    street.say("DBIRTH", payload(TILT, seq=1), "lid")
    heard = street.say("DDATA", payload(*old, seq=2), "lid")
    assert (len(heard.readings), len({one.taken_at for one in heard.late})) == (0, 3)


def test_several_values_of_a_mapped_metric_are_several_readings():
    mapping = {"values": [{"quantity": "tilt", "path": "$['Lid/angle']", "unit": "deg"}]}
    ears = router(sensor(kind="manhole", decoder="sparkplug", device="G/N/lid", mapping=mapping))
    told = [metric("Lid/angle", value=double(13, value)) for value in (7.0, 30.0, 7.0)]
    heard = ears.hear(incoming("spBv1.0/G/DDATA/N/lid", payload(*told, seq=1)))
    assert [one.value for one in heard.readings] == [7.0, 30.0, 7.0]
    assert len(known_by(heard)) == 3
