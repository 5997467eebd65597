"""Packets to pictures: whatever allowed way a sender cuts them, and whatever gets lost."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.stream.rtsp_client import h264, h265
from devices.stream.rtsp_client.h264 import H264
from devices.stream.rtsp_client.h265 import H265
from tests.devices.rtsp_peers import (
    PPS,
    SETS,
    SPS,
    Packet,
    aggregate,
    annexb_of,
    cut,
    fragments,
    framed,
    key_of,
    nal,
    other_of,
    packetised,
    packets_of,
    play,
    wire_of,
    without,
)

CODECS = pytest.mark.parametrize("codec", [H264, H265], ids=lambda codec: codec.name)
REPLY = b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nContent-Length: 4\r\n\r\n$\0\1x"


@dataclass(frozen=True)
class Picture:
    nals: tuple[bytes, ...]
    key: bool


@st.composite
def pictures(draw, codec, most=5):
    found = []
    for number in range(draw(st.integers(1, most))):
        key = number == 0 or draw(st.booleans())
        nals = []
        if draw(st.booleans()):
            nals.append(nal(codec, 9 if codec is H264 else 35, b"\xf0"))
        if key:
            nals += SETS[codec]
        if draw(st.booleans()):
            nals.append(nal(codec, 6 if codec is H264 else 39, draw(st.binary(min_size=1, max_size=40))))
        kinds = (5, 1) if codec is H264 else (draw(st.sampled_from((16, 19, 20, 21))), 1)
        for slice_number in range(draw(st.integers(1, 3))):
            first = draw(st.integers(0x80, 0xFF) if slice_number == 0 else st.integers(0, 0x7F))
            body = bytes((first,)) + draw(st.binary(min_size=3, max_size=60))
            nals.append(nal(codec, kinds[0] if key else kinds[1], body * draw(st.sampled_from((1, 1, 40)))))
        found.append(Picture(tuple(nals), key))
    return found


def slices_of(codec, nals):
    """What codes the picture; it stands behind all else."""
    if codec is H264:
        return [each for each in nals if each[0] & 31 in (1, 5)]
    return [each for each in nals if each[0] >> 1 & 63 < 32]


@st.composite
def payloads(draw, codec, nals):
    """The NAL units of a picture in an allowed packetisation."""
    found, waiting = [], list(nals)
    while waiting:
        how = draw(st.sampled_from(("single", "fragments", "aggregate")))
        if how == "aggregate":
            count = draw(st.integers(1, len(waiting)))
            found.append(aggregate(codec, waiting[:count]))
            del waiting[:count]
            continue
        whole = waiting.pop(0)
        room = len(whole) - (2 if codec is H264 else 3)
        if how == "fragments" and room >= 2:
            cuts = draw(st.sets(st.integers(1, room), min_size=1, max_size=6))
            found += fragments(codec, whole, cuts)
        else:
            found.append(whole)
    return found


@st.composite
def sendings(draw, codec):
    """Pictures, and the packets they are sent in."""
    shown = draw(pictures(codec))
    sequence, stamp = draw(st.integers(0, 0xFFFF)), draw(st.integers(0, 0xFFFFFFFF))
    marked = draw(st.booleans())
    sent = []
    for picture in shown:
        group = packets_of(draw(payloads(codec, picture.nals)), sequence, stamp)
        if not marked:
            group[-1] = without(group[-1], marker=False)
        sent.append(
            [
                without(
                    packet,
                    csrc=draw(st.sampled_from((0, 0, 0, 1, 15))),
                    extension=draw(st.sampled_from((-1, -1, -1, 0, 2))),
                    padding=draw(st.sampled_from((0, 0, 0, 1, 9))),
                )
                for packet in group
            ]
        )
        sequence += len(group)
        stamp += draw(st.integers(1, 90_000))
    if not marked:  # only the next picture's time ends one
        sent.append([Packet(other_of(codec)[0], sequence, stamp)])
    return shown, sent


BETWEEN = (b"", b"", framed(1, b"\x81\xc9\0\1abcd"), framed(2, b"meta"), REPLY, b"\r\n")


@CODECS
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_packetisation_in_any_pieces_comes_out_as_it_went_in(codec, data):
    shown, sent = data.draw(sendings(codec))
    stream = b"".join(
        packet.framed() + data.draw(st.sampled_from(BETWEEN)) for group in sent for packet in group
    )
    places = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]
    notes, counts, answers = play(codec, pieces)
    assert [unit.annexb() for unit in notes.units] == [annexb_of(each.nals) for each in shown]
    assert [unit.key for unit in notes.units] == [each.key for each in shown]
    assert [unit.broken for unit in notes.units] == [False] * len(shown)
    assert [unit.rtp_time for unit in notes.units] == [
        group[0].stamp & 0xFFFFFFFF for group in sent[: len(shown)]
    ]
    first = sent[0][0].stamp
    assert [unit.at for unit in notes.units] == pytest.approx(
        [(group[0].stamp - first) / 90_000 for group in sent[: len(shown)]]
    )
    assert all(unit.parameters == annexb_of(SETS[codec]) for unit in notes.units)
    assert (counts.lost, counts.unreadable, counts.late, counts.broken) == (0, 0, 0, 0)
    assert counts.packets == sum(map(len, sent))
    assert answers == []


@CODECS
@pytest.mark.parametrize(
    "odd", [{"padding": 4}, {"csrc": 1}, {"extension": 0}], ids=["padding", "source", "extension"]
)
@pytest.mark.parametrize("place", [1, 2, 5, 8])
def test_a_packet_that_is_as_long_as_its_neighbours_but_not_as_plain_is_taken_apart(codec, odd, place):
    """Fragments of 100 bytes, one of them of 96 and with 4 bytes more of something else."""
    picture = key_of(codec, b"\x88" + bytes(range(250)) * 4)
    ends = [100 * (n + 1) - (4 if n >= place else 0) for n in range(10)]
    payloads = [*picture[:-1], *fragments(codec, picture[-1], ends)]
    packets = packets_of(payloads, 65_530, 0)
    number = len(picture) - 1 + place
    packets[number] = without(packets[number], **odd)
    lengths = {len(packet.framed()) for packet in packets[len(picture) : -1]}
    assert len(lengths) == 1
    notes, counts, _ = play(codec, [wire_of(packets)])
    assert [unit.annexb() for unit in notes.units] == [annexb_of(picture)]
    assert (counts.broken, counts.unreadable) == (0, 0)


@CODECS
def test_slices_cut_into_fragments_of_one_length_do_not_run_into_each_other(codec):
    slices = [nal(codec, 5 if codec is H264 else 19, first + bytes(299)) for first in (b"\x88", b"\x08")]
    payloads = [part for each in slices for part in fragments(codec, each, (100, 200))]
    assert len({len(each) for each in payloads}) == 1
    packets = packets_of([*SETS[codec], *payloads], 0, 0)
    notes, _, _ = play(codec, [wire_of(packets)])
    assert [unit.annexb() for unit in notes.units] == [annexb_of([*SETS[codec], *slices])]


@CODECS
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_after_losses_what_is_called_whole_is_whole(codec, data):
    shown, sent = data.draw(sendings(codec))
    flat = [packet for group in sent for packet in group]
    lost = data.draw(st.sets(st.integers(1, len(flat) - 1), max_size=4)) if len(flat) > 1 else set()
    kept = [packet for number, packet in enumerate(flat) if number not in lost]
    doubled = data.draw(st.sets(st.integers(0, len(kept) - 1), max_size=2))
    stream = b"".join(packet.framed() * (2 if number in doubled else 1) for number, packet in enumerate(kept))
    notes, counts, _ = play(codec, [stream])
    truth = {group[0].stamp & 0xFFFFFFFF: each for group, each in zip(sent, shown, strict=False)}
    since_key_lost = False
    for unit in notes.units:
        if unit.key or not unit.broken:
            # Of what stands before the slices a part may be missing, if a picture before began alike.
            assert unit.annexb().endswith(annexb_of(slices_of(codec, truth[unit.rtp_time].nals)))
            assert unit.key == truth[unit.rtp_time].key
    for unit in notes.units:
        since_key_lost = not unit.key and (since_key_lost or unit.broken)
        assert unit.broken == since_key_lost or not unit.key
    inside = [number for number in lost if number < flat.index(kept[-1])]
    assert counts.lost == len(inside)
    assert counts.late == len(doubled)
    if not lost:
        assert counts.broken == 0


@CODECS
def test_a_lost_packet_breaks_every_picture_up_to_the_next_key_frame(codec):
    big = b"\x9a" + bytes(range(256)) * 20
    shown = [key_of(codec), other_of(codec, big), other_of(codec), key_of(codec), other_of(codec)]
    sent = packetised(codec, shown)
    del sent[1][2]
    notes, counts, _ = play(codec, [wire_of(group) for group in sent])
    assert [(unit.key, unit.broken) for unit in notes.units] == [
        (True, False),
        (False, True),
        (False, True),
        (True, False),
        (False, False),
    ]
    assert counts.lost == 1
    assert counts.broken == 2
    assert notes.units[1].annexb() == b""


@CODECS
def test_whole_pictures_missing_before_a_key_frame_do_not_spoil_it(codec):
    sent = packetised(codec, [key_of(codec), other_of(codec), other_of(codec), key_of(codec)])
    del sent[1:3]
    notes, counts, _ = play(codec, [wire_of(group) for group in sent])
    assert [unit.key for unit in notes.units] == [True, True]
    assert counts.lost == 2


@CODECS
def test_a_key_frame_whose_begin_is_lost_is_none(codec):
    sent = packetised(codec, [key_of(codec), other_of(codec), key_of(codec), key_of(codec)])
    del sent[2][0]
    notes, _, _ = play(codec, [wire_of(group) for group in sent])
    assert [(unit.key, unit.broken) for unit in notes.units] == [
        (True, False),
        (False, False),
        (False, True),
        (True, False),
    ]


@CODECS
def test_a_stream_joined_in_the_middle_of_a_picture_begins_at_the_next_key_frame(codec):
    kind = 5 if codec is H264 else 19
    later_slice = nal(codec, kind, b"\x08second slice")
    for head in ([later_slice], cut(codec, nal(codec, kind, b"\x88" + b"x" * 5000))[1:]):
        sent = [packets_of(head, 10, 0), *packetised(codec, [key_of(codec)], 10 + len(head), 3600)]
        notes, _, _ = play(codec, [wire_of(group) for group in sent], parameters=SETS[codec])
        assert [(unit.key, unit.broken) for unit in notes.units] == [(False, True), (True, False)]


@CODECS
def test_a_stream_joined_in_the_middle_of_what_is_no_picture_loses_nothing_else(codec):
    told = cut(codec, nal(codec, 6 if codec is H264 else 39, b"x" * 3000))[1:]
    sent = [packets_of(told, 10, 0), *packetised(codec, [key_of(codec)], 10 + len(told), 3600)]
    notes, _, _ = play(codec, [wire_of(group) for group in sent])
    assert [(unit.key, unit.annexb()) for unit in notes.units] == [(True, annexb_of(key_of(codec)))]


@CODECS
@pytest.mark.parametrize("spoil", ["no begin", "no end", "two begins", "another time", "another sender"])
def test_a_key_frame_with_a_fragment_amiss_is_none_even_if_the_numbers_fit(codec, spoil):
    *sets, picture = key_of(codec, b"\x88" + b"x" * 5000)
    first, *middle, last = cut(codec, picture)
    second_slice = nal(codec, 5 if codec is H264 else 19, b"\x08more")
    payloads = {
        "no begin": [*sets, second_slice.replace(b"\x08", b"\x88"), *middle, last],
        "no end": [*sets, first, *middle, second_slice],
        "two begins": [*sets, first, first, *middle, last],
    }.get(spoil, [*sets, first, *middle, last])
    group = packets_of(payloads, 0, 0)
    odd = {"another time": {"stamp": 1}, "another sender": {"source": 99}}.get(spoil, {})
    group[len(sets) + 2] = without(group[len(sets) + 2], **odd)
    notes, _, _ = play(codec, [wire_of(group)], parameters=SETS[codec])
    assert notes.units
    assert not any(unit.key for unit in notes.units)
    assert all(unit.broken for unit in notes.units)


@CODECS
def test_a_key_frame_without_any_parameter_sets_is_of_no_use(codec):
    sent = packetised(codec, [key_of(codec)[-1:], other_of(codec)])
    notes, _, _ = play(codec, [wire_of(group) for group in sent])
    assert [(unit.key, unit.broken) for unit in notes.units] == [(False, True)] * 2
    notes, _, _ = play(codec, [wire_of(group) for group in sent], parameters=SETS[codec])
    assert [(unit.key, unit.parameters) for unit in notes.units] == [
        (True, annexb_of(SETS[codec])),
        (False, annexb_of(SETS[codec])),
    ]


def test_new_parameter_sets_within_the_stream_are_in_force_from_that_picture_on():
    small = key_of(H264)
    large = [SPS[:-4] + b"\x11\x22\x33\x44", PPS, small[-1]]
    sent = packetised(H264, [small, other_of(H264), large, other_of(H264)])
    notes, _, _ = play(H264, [wire_of(group) for group in sent], parameters=(SPS, PPS))
    assert [unit.parameters for unit in notes.units] == [annexb_of((SPS, PPS))] * 2 + [
        annexb_of(large[:2])
    ] * 2


@CODECS
def test_parameter_sets_may_come_fragmented_or_with_a_marker_and_time_of_their_own(codec):
    first = SETS[codec][0]
    parts = [part for each in SETS[codec] for part in fragments(codec, each, (2,))]
    alone = [without(packet, marker=True) for packet in packets_of([*parts[:2], *SETS[codec][1:]], 0, 0)]
    picture = packetised(codec, [key_of(codec)[-1:]], len(alone), 3600)[0]
    notes, _, _ = play(codec, [wire_of([*alone, *picture])])
    assert [unit.key for unit in notes.units] == [True]
    assert notes.units[0].annexb() == annexb_of(key_of(codec))
    assert notes.units[0].parameters.startswith(annexb_of([first]))
    notes, _, _ = play(codec, [wire_of(packets_of([*parts, key_of(codec)[-1]], 0, 0))])
    assert notes.units[0].parameters == annexb_of(SETS[codec])


@CODECS
def test_a_camera_that_marks_every_slice_is_read_by_its_time_stamps(codec):
    kinds = [(5 if codec is H264 else 19), 1, 1, (5 if codec is H264 else 19), 1]
    shown = []
    for kind in kinds:
        slices = [nal(codec, kind, b"\x88first"), nal(codec, kind, b"\x08second")]
        shown.append([*SETS[codec], *slices] if kind != 1 else slices)
    sent = [[without(packet, marker=True) for packet in group] for group in packetised(codec, shown)]
    notes, _, _ = play(codec, [wire_of(group) for group in sent])
    whole = [unit for unit in notes.units if not unit.broken]
    assert [unit.annexb() for unit in whole[-1:]] == [annexb_of(shown[3])]
    assert whole[-1].key


def test_packets_of_another_payload_type_in_the_videos_channel_are_passed_over():
    sent = packetised(H264, [key_of(H264), other_of(H264)])
    other = Packet(b"repair", 900, 77, kind=97).framed()
    notes, counts, _ = play(H264, [other.join(packet.framed() for group in sent for packet in group)])
    assert [unit.broken for unit in notes.units] == [False, False]
    assert counts.lost == 0


def test_empty_packets_keep_a_connection_alive_and_nothing_else():
    sent = [each for group in packetised(H264, [key_of(H264), other_of(H264)]) for each in group]
    sent = [packet for each in sent for packet in (each, without(each, payload=b"", marker=False))]
    sent = [without(packet, sequence=n, marker=False) for n, packet in enumerate(sent)]
    notes, counts, _ = play(H264, [wire_of(sent)])
    assert [unit.annexb() for unit in notes.units] == [annexb_of(key_of(H264))]
    assert counts.unreadable == 0


def test_another_sender_is_another_stream_up_to_its_key_frame():
    old = packetised(H264, [key_of(H264), other_of(H264)])
    new = packetised(H264, [other_of(H264), key_of(H264)], sequence=900, stamp=5_000_000)
    sent = [*old, *([without(packet, source=99) for packet in group] for group in new)]
    notes, counts, _ = play(H264, [wire_of(group) for group in sent])
    assert [(unit.key, unit.broken) for unit in notes.units] == [
        (True, False),
        (False, False),
        (False, True),
        (True, False),
    ]
    assert counts.jumps == 1
    assert counts.lost == 0


def test_a_sender_that_counts_anew_is_followed():
    sent = packetised(H264, [key_of(H264)], sequence=5000)
    sent += packetised(H264, [key_of(H264), key_of(H264)], sequence=10, stamp=3600)
    notes, counts, _ = play(H264, [wire_of(group) for group in sent])
    assert [unit.key for unit in notes.units] == [True, True, True]
    assert (counts.lost, counts.late) == (0, 0)


def test_a_picture_that_never_ends_is_not_kept(monkeypatch):
    monkeypatch.setattr("devices.stream.rtsp_client.assemble.MOST_BYTES", 10_000)
    endless = [Packet(nal(H264, 5, b"\x88" + b"x" * 1000), n, 0) for n in range(100)]
    after = packetised(H264, [key_of(H264), key_of(H264)], sequence=100, stamp=3600)
    notes, _, _ = play(H264, [wire_of(endless), *(wire_of(group) for group in after)])
    assert [(unit.key, unit.broken) for unit in notes.units] == [(False, True), (True, False), (True, False)]
    assert notes.units[0].size <= 10_000


def test_a_unit_holds_its_own_bytes_and_not_the_buffer_they_came_in():
    sent = packetised(H264, [key_of(H264), other_of(H264)])
    notes, _, _ = play(H264, [b"".join(wire_of(group) for group in sent)])
    for unit, group in zip(notes.units, sent, strict=True):
        assert unit.size == len(wire_of(group))
        assert [type(chunk) for chunk in unit._chunks] == [bytes]
        assert sum(map(len, unit._chunks)) == unit.size


def test_a_unit_says_what_it_is():
    notes, _, _ = play(H264, [wire_of(group) for group in packetised(H264, [key_of(H264), other_of(H264)])])
    assert repr(notes.units[0]).startswith("<key h264 unit at 0.000 s")
    assert repr(notes.units[1]).startswith("<h264 unit at 0.040 s")


@pytest.mark.parametrize("layers", range(8))
def test_the_id_of_an_h265_sps_is_found_behind_any_number_of_sub_layers(layers):
    present = 0b10 if layers else 0
    body = bytes((layers << 1,)) + bytes((1,)) * 12
    if layers:
        flags = sum(present << (14 - 2 * layer) for layer in range(layers))
        body += flags.to_bytes(2, "big") + bytes((1,)) * 11 * layers
    number = 0b00110_000  # Exp-Golomb: 5
    assert h265.set_of(b"\x42\x01" + body + bytes((number,))) == (33, 5)


@pytest.mark.parametrize("set_of", [h264.set_of, h265.set_of])
@given(data=st.binary(max_size=40))
def test_no_bytes_are_too_odd_to_be_asked_whether_they_are_a_parameter_set(set_of, data):
    found = set_of(data)
    assert found is None or found[0] in {7, 8, 13, 15, 32, 33, 34}
