"""GB/T 26875.3: packets in any pieces, rubbish between them, and what they say of a fire alarm system."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devices.errors import PayloadError
from devices.gb26875.frame import LONGEST, Command, Frame, Framer, label_of, moment, write
from devices.gb26875.samples import samples
from devices.gb26875.talk import Talk
from devices.gb26875.unit import items
from devices.stations import Broken, Fault, Place

ZONE = ZoneInfo("Asia/Shanghai")
SEEN = bytes.fromhex(
    "40401400100005090 91b07152c312c320000784d07918e23300002020101012a0100010002003"
    "1bac5bdd3bfdab0e531bbd8c2b731bac500bac5d6f7bbfaf898cfa00000002511030 1060c472323".replace(" ", "")
)
"""A fire as a device in the field sent it: published with a platform's decoder."""
NOW = datetime(2021, 7, 27, 1, 9, 5, tzinfo=UTC)
TIME = label_of(NOW, ZONE)


def data(kind: int, *objects: bytes) -> bytes:
    return bytes((kind, len(objects))) + b"".join(objects)


def frame(body: bytes = b"", **more) -> Frame:
    given = {"serial": 7, "command": Command.DATA, "source": b"\x01" * 6, "target": bytes(6), "data": body}
    return Frame(**given | {"label": TIME} | more)


def component(bits: int, *, address: bytes = b"\x01\x00\x02\x00") -> bytes:
    return bytes((1, 1, 42)) + address + bits.to_bytes(2, "little") + bytes(31) + TIME


def flags(body: bytes) -> dict[str, float]:
    return {one.quantity: one.value for item in items(body, ZONE) for one in samples(item, 1)}


def test_a_fire_that_a_device_in_the_field_sent_is_read():
    (found,) = Framer().feed(SEEN)
    assert (found.serial, found.command, found.source.hex()) == (20, Command.DATA, "2c312c320000")
    assert moment(found.label, ZONE) == NOW
    (item,) = items(found.data, ZONE)
    assert (item.system, item.component.hex(), item.text) == (1, "01000100", "1号接口板1回路1号")
    told = {one.quantity: one.value for one in samples(item, found.serial)}
    assert told["fire"] == 1
    assert told["in_service"] == told["fault"] == 0
    assert write(found) == SEEN


def test_an_end_mark_within_the_data_ends_nothing():
    body = data(2, component(2, address=b"####"))
    (found,) = Framer().feed(write(frame(body)))
    assert found.data == body


def test_states_operations_and_analog_values_are_told_by_type():
    assert flags(data(1, bytes((1, 1, 0b110, 0)) + TIME))["fault"] == 1
    assert flags(data(21, bytes((0b100,)) + TIME))["fault"] == 1
    assert flags(data(4, bytes((1, 1, 1, 9)) + TIME)) == {"reset": 1}
    assert flags(data(24, bytes((0b100, 9)) + TIME)) == {"manual_alarm": 1}
    analog = bytes((1, 1, 42)) + bytes(4) + bytes((3,)) + (-25).to_bytes(2, "little", signed=True)
    (item,) = items(data(3, analog + TIME), ZONE)
    (one,) = samples(item, 1)
    assert (one.quantity, one.value, one.unit) == ("temperature", -2.5, "Cel")
    assert one.place == Place(1, 1, "00000000")


def test_several_objects_and_objects_without_times_are_read():
    several = items(data(2, component(2), component(4, address=b"\x09\x00\x00\x00")), ZONE)
    assert [(one.component.hex(), one.bits) for one in several] == [("01000200", 2), ("09000000", 4)]
    (bare,) = items(data(1, bytes((1, 1, 2, 0))), ZONE)
    assert (bare.bits, bare.at) == (2, None)


@pytest.mark.parametrize("body", [b"", b"\x02", b"\x02\x01abc", b"\x02\x00", b"\x85\x01abc"])
def test_what_is_wrong_with_a_data_unit_is_said(body):
    with pytest.raises(PayloadError, match="data unit"):
        items(body, ZONE)


def test_versions_and_configurations_are_confirmed_and_left():
    (said,) = Talk(ZONE).feed(write(frame(b"\x19\x01\x01\x02")), NOW)
    assert (said.samples, said.fault) == ((), "")
    (answer,) = Framer().feed(said.answer)
    assert (answer.command, answer.serial, answer.target) == (Command.CONFIRM, 7, b"\x01" * 6)


def test_what_cannot_be_read_is_denied_with_its_own_serial_number():
    (said,) = Talk(ZONE).feed(write(frame(b"\x02\x01abc", serial=0xFFFE)), NOW)
    (answer,) = Framer().feed(said.answer)
    assert (answer.command, answer.serial) == (Command.DENY, 0xFFFE)
    assert "data unit" in said.fault


def test_an_event_is_told_from_another_of_the_same_number_by_what_it_says():
    one, same, other = (samples(items(data(2, component(bits)), ZONE)[0], 1)[1] for bits in (2, 2, 0))
    assert (one.boot, one.seq) == (same.boot, same.seq)
    assert one.boot != other.boot


def test_a_fire_without_a_time_is_not_taken_for_one_of_yesterday_with_the_same_number():
    (item,) = items(data(2, component(2)[:-6]), ZONE)
    yesterday, again, today = (samples(item, 1, bytes([0, 0, 8, day, 11, 26]))[1] for day in (21, 21, 22))
    assert (yesterday.boot, yesterday.seq) == (again.boot, again.seq)
    assert (yesterday.boot, yesterday.seq) != (today.boot, today.seq)


def test_a_packet_that_is_broken_costs_only_itself():
    whole = write(frame(data(2, component(2))))
    for wrong, fault in (
        (whole[:50] + b"\xee" + whole[51:], Fault.CHECK),
        (whole[:24] + b"\xff\xff" + whole[26:], Fault.LENGTH),
        (whole[:-1], Fault.END),
        (whole[:40], Fault.END),
        (b"noise", Fault.RUBBISH),
    ):
        found = Framer().feed(wrong + whole)
        assert [one.fault for one in found if isinstance(one, Broken)][:1] == [fault]
        assert [one.serial for one in found if isinstance(one, Frame)] == [7]


def test_half_a_long_packet_does_not_keep_a_fire_waiting_once_it_is_given_up():
    framer = Framer()
    half = write(frame(bytes(1000)))[:40]
    fire = write(frame(data(2, component(2))))
    assert framer.feed(half + fire) == []
    assert [one.serial for one in framer.give_up() if isinstance(one, Frame)] == [7]


@pytest.mark.parametrize("label", [bytes(6), b"\x59\x59\x23\x31\x12\x24", b"\xff" * 6])
def test_six_bytes_that_are_no_time_are_none(label):
    assert moment(label, ZONE) is None


FRAMES = st.builds(
    Frame,
    serial=st.integers(0, 0xFFFF),
    command=st.integers(0, 255),
    source=st.binary(min_size=6, max_size=6),
    target=st.binary(min_size=6, max_size=6),
    data=st.binary(max_size=80),
    version=st.binary(min_size=2, max_size=2),
    label=st.binary(min_size=6, max_size=6),
)


@settings(max_examples=60, deadline=None)
@given(FRAMES)
def test_what_is_written_is_read_again(one):
    assert Framer().feed(write(one)) == [one]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.just(SEEN) | st.binary(max_size=30).filter(lambda raw: b"@" not in raw), max_size=5),
    st.lists(st.integers(0, 400), max_size=8),
)
@example([b"\x00", SEEN], [1, 2])
def test_no_division_of_the_bytes_changes_what_is_found(pieces, cuts):
    line = b"".join(pieces)
    ends = sorted({min(cut, len(line)) for cut in cuts} | {0, len(line)})
    framer = Framer()
    parts = [framer.feed(line[begin:end]) for begin, end in pairwise(ends)]
    assert sum(isinstance(one, Frame) for part in parts for one in part) == pieces.count(SEEN)


FUZZ = st.lists(
    st.binary(max_size=60)
    | st.sampled_from((SEEN, SEEN[:40], b"@@", b"@@@@", b"##"))
    | st.builds(write, FRAMES)
    | st.builds(
        lambda kind, rest: write(frame(bytes((kind,)) + rest)),
        st.sampled_from((1, 2, 3, 4, 21, 24, 25, 200)),
        st.binary(max_size=100),
    ),
    max_size=8,
)


def endure(pieces: list[bytes]) -> None:
    talk = Talk(ZONE, clock=True)
    for piece in pieces:
        for said in talk.feed(piece, NOW):
            assert len(said.samples) <= 9 * 255
        assert talk.waiting < LONGEST + 30
    talk.give_up(NOW)


@settings(max_examples=150, deadline=None)
@given(FUZZ)
@example([write(frame(data(2, component(2)[:-6] + b"\xff" * 6)))])
def test_no_bytes_whatever_end_a_line_or_grow_it(pieces):
    endure(pieces)


@pytest.mark.long
@settings(max_examples=20_000, deadline=None)
@given(FUZZ)
def test_no_bytes_whatever_end_a_line_for_minutes(pieces):
    endure(pieces)


def test_a_clock_that_is_off_is_set_once_an_hour():
    talk = Talk(ZONE, clock=True)
    state = write(frame(data(21, b"\x01" + TIME)))
    told = [talk.feed(state, NOW + timedelta(minutes=minutes))[0].answer for minutes in (0, 5, 6, 70)]
    commands = [[one.command for one in Framer().feed(answer)] for answer in told]
    confirmed, both = [Command.CONFIRM], [Command.CONFIRM, Command.CONTROL]
    assert commands == [confirmed, both, confirmed, both]
    control = Framer().feed(told[1])[1]
    assert control.data == bytes((90, 1)) + label_of(NOW + timedelta(minutes=5), ZONE)
