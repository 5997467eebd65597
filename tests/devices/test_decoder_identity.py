"""By what readings are known: nothing counts twice, nothing is taken for something else."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.sensors.identity import AGAIN, ARRIVED, DIGEST_BITS, TAKEN, by_arrival, by_time, digest_of
from tests.devices.decoding import NOW, PAYLOADS, incoming, known_by, router, sensor, values
from tests.devices.test_sensors_client import broker, client_of, publish, until_up  # noqa: F401 - fixtures

BEAM = {
    "kind": "beam",
    "decoder": "json",
    "topic": "beam",
    "mapping": {"values": [{"quantity": "blocked", "path": "$"}]},
}
UPLINK = json.loads((PAYLOADS / "chirpstack-tilt.json").read_text("utf-8"))


def hear(ears, body, **more):
    return ears.hear(incoming("beam", body, **more))


def test_two_alike_messages_without_a_clock_are_two_readings():
    ears = router(sensor(**BEAM))
    first, second = hear(ears, 1, mid=7), hear(ears, 1, mid=8)
    assert not known_by(first) & known_by(second)
    later = hear(ears, 1, mid=7, at=NOW + timedelta(seconds=1))
    assert not known_by(first) & known_by(later)


def test_a_message_without_a_clock_that_comes_again_is_known_by_its_packet():
    ears = router(sensor(**BEAM))
    first = hear(ears, 1, mid=7).readings[0]
    again = hear(ears, 1, mid=7, redelivered=True, at=NOW + timedelta(hours=2)).readings[0]
    another = hear(ears, 1, mid=8, redelivered=True).readings[0]
    assert (first.boot, again.boot) == (ARRIVED, AGAIN)
    assert digest_of(first.seq) == digest_of(again.seq) != digest_of(another.seq)


def test_what_comes_at_qos_0_has_no_packet_and_never_comes_again():
    ears = router(sensor(**BEAM))
    first, second = (hear(ears, 1, at=NOW + timedelta(microseconds=n), redelivered=True) for n in (0, 1))
    assert not known_by(first) & known_by(second)
    assert first.readings[0].boot == ARRIVED


def uplink(**changes):
    message = UPLINK["messages"][0]
    return message["topic"], message["json"] | changes


def test_a_rebooted_device_whose_counter_begins_at_0_loses_nothing():
    ears = router(sensor(**UPLINK["sensor"]))
    known = set()
    for hour in range(48):
        # 20 uplinks, then a new battery; an ABP device keeps its address for ever.
        topic, body = uplink(
            fCnt=hour % 20,
            time=(NOW + timedelta(hours=hour)).isoformat(),
            deduplicationId=f"3ac7e3c4-4401-4b8d-9386-{hour:012}",
        )
        heard = ears.hear(incoming(topic, body, NOW + timedelta(hours=hour)))
        assert values(heard) == {"battery": 92, "tilt": 17.5}
        assert not known & known_by(heard)
        known |= known_by(heard)


def test_an_uplink_that_the_network_server_publishes_again_is_the_same_reading():
    ears = router(sensor(**UPLINK["sensor"]))
    topic, body = uplink()
    first = known_by(ears.hear(incoming(topic, body)))
    spaced = json.dumps(dict(reversed(body.items())), indent=1).encode()
    assert known_by(ears.hear(incoming(topic, spaced, NOW + timedelta(minutes=3), mid=99))) == first


@pytest.mark.parametrize("stuck", ["2000-01-01T00:00:00", 0, 1e15, "9999-12-31T23:59:59"])
def test_a_clock_that_stands_still_makes_no_two_messages_one(stuck):
    ears = router(
        sensor(**BEAM | {"mapping": {"time": "$.t", "values": [{"quantity": "blocked", "path": "$.b"}]}})
    )
    first, second = hear(ears, {"t": stuck, "b": 1}, mid=1), hear(ears, {"t": stuck, "b": 1}, mid=2)
    assert not known_by(first) & known_by(second)
    assert first.readings[0].quality == "clock"
    assert first.readings[0].taken_at == NOW


times = st.floats(0, 4.1e9).map(lambda unix: datetime.fromtimestamp(unix, UTC))


@given(at=times, token=st.binary(max_size=20), mid=st.integers(0, 65535))
def test_a_number_is_one_that_every_reader_of_json_keeps(at, token, mid):
    for boot, seq in (by_time(at, token), by_arrival(at, "t", token, mid, again=True)):
        assert 0 <= seq < 2**53
        assert boot in (TAKEN, ARRIVED, AGAIN)


@given(at=times, micros=st.integers(1, 999_999))
def test_moments_are_told_by_their_second_and_within_it_by_the_digest(at, micros):
    begin = at.replace(microsecond=0)
    within = begin.replace(microsecond=micros)
    assert by_time(begin, b"")[1] // 2**DIGEST_BITS == int(begin.timestamp())
    assert by_time(within, b"")[1] // 2**DIGEST_BITS == int(begin.timestamp())
    assert by_time(within, b"") == by_time(within, b"")


def test_ten_readings_of_one_second_and_value_are_ten():
    moments = [NOW + timedelta(milliseconds=100 * n) for n in range(10)]
    assert len({by_time(at, b"21.5") for at in moments}) == 10


def test_the_broker_marks_what_it_sends_again_and_keeps_its_packet_id(broker, client_of, publish):  # noqa: F811
    first = client_of(broker.port)
    until_up(first)
    publish(broker.port, [b"ON"] * 5)
    before = [first.deliveries.get(timeout=30) for _ in range(5)]
    assert not any(one.redelivered for one in before)
    for one in before[:2]:
        one.ack()
    first.stop()
    second = client_of(broker.port)
    after = [second.deliveries.get(timeout=30) for _ in range(3)]
    assert all(one.redelivered for one in after)
    assert sorted(one.mid for one in after) == sorted(one.mid for one in before[2:])
    for one in after:
        one.ack()
