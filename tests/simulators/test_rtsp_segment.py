from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.stream.fake import write_clip
from simulators.cameras.rtsp_coding import CODINGS, MOST, split_annex_b, split_lengths
from simulators.cameras.rtsp_faults import damaged
from simulators.cameras.rtsp_segment import FRAMING, HEADER, Segment, packetise
from simulators.errors import SegmentError

AVC, HEVC = CODINGS["h264"], CODINGS["hevc"]
bodies = st.one_of(st.binary(min_size=1, max_size=40), st.binary(min_size=MOST - 3, max_size=3 * MOST))
nals = st.builds(lambda kind, body: bytes((0x60 | kind,)) + body, st.sampled_from([1, 5, 6, 7, 8]), bodies)
long_headers = st.builds(
    lambda kind, layer, body: bytes((kind << 1 | layer >> 5, (layer & 31) << 3 | 1)) + body,
    st.sampled_from([1, 19, 20, 21, 32, 33, 34, 39]),
    st.integers(0, 63),
    bodies,
)


def payloads(buffer, offsets):
    for begin, end in zip(offsets, (*offsets[1:], len(buffer)), strict=True):
        length = int.from_bytes(buffer[begin + 2 : begin + 4], "big")
        assert buffer[begin] == 0x24
        assert length == end - begin - FRAMING
        assert length <= MOST + HEADER
        yield bytes(buffer[begin + FRAMING + HEADER : end])


def put_together(parts):
    """The receiving side of RFC 6184, section 5.8."""
    found, open_nal = [], bytearray()
    for part in parts:
        if part[0] & 31 != 28:
            found.append(part)
            continue
        if part[1] & 0x80:
            open_nal = bytearray([part[0] & 0xE0 | part[1] & 31])
        open_nal += part[2:]
        if part[1] & 0x40:
            found.append(bytes(open_nal))
    return found


def put_together_hevc(parts):
    """The receiving side of RFC 7798, section 4.4.3."""
    found, open_nal = [], bytearray()
    for part in parts:
        if part[0] >> 1 & 63 != 49:
            found.append(part)
            continue
        if part[2] & 0x80:
            open_nal = bytearray([part[0] & 0x81 | (part[2] & 63) << 1, part[1]])
        open_nal += part[3:]
        if part[2] & 0x40:
            found.append(bytes(open_nal))
    return found


@given(st.lists(long_headers, min_size=1, max_size=5))
def test_h265_that_is_cut_into_packets_can_be_put_together_again(units):
    buffer, offsets = packetise(HEVC, units)
    assert put_together_hevc(payloads(buffer, offsets)) == units


@given(st.lists(nals, min_size=1, max_size=5))
def test_what_is_cut_into_packets_can_be_put_together_again(units):
    buffer, offsets = packetise(AVC, units)
    assert put_together(payloads(buffer, offsets)) == units
    markers = [buffer[offset + FRAMING + 1] >> 7 for offset in offsets]
    assert markers == [0] * (len(offsets) - 1) + [1]


@given(st.lists(st.binary(min_size=1, max_size=30).filter(lambda b: 0 not in b), min_size=1, max_size=6))
def test_nal_units_are_found_between_start_codes_and_behind_lengths(units):
    assert split_annex_b(b"".join(b"\x00\x00\x00\x01" + unit for unit in units)) == units
    assert split_annex_b(b"".join(b"\x00\x00\x01" + unit for unit in units)) == units
    assert split_lengths(b"".join(len(unit).to_bytes(4, "big") + unit for unit in units), 4) == units


@given(st.integers(0, 65535), st.integers(0, 2**32 - 1), st.integers(0, 254))
def test_numbers_times_and_sources_are_filled_in_with_wrap_around(seq, stamp, channel):
    buffer, offsets = packetise(AVC, [b"\x65" + bytes(5000)])
    unit = Segment.load(
        [b"\x00\x00\x01\x67\x42\x00\x1e\x00\x00\x01\x68\x01\x00\x00\x01\x65" + bytes([1]) * 5000], rate=25
    )
    sent = unit.units[0].render(seq, stamp, 7, channel)
    assert len(offsets) >= 4
    for number, offset in enumerate(unit.units[0].offsets):
        assert sent[offset + 1] == channel
        assert int.from_bytes(sent[offset + 6 : offset + 8], "big") == (seq + number) % 65536
        assert int.from_bytes(sent[offset + 8 : offset + 12], "big") == stamp
        assert sent[offset + 12 : offset + 16] == b"\x00\x00\x00\x07"
    assert len(buffer) > 5000


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.h264", "a.mkv"])
def test_a_clip_of_any_container_becomes_a_segment(tmp_path, name):
    segment = Segment.load(write_clip(tmp_path / name, count=50, gop=10, rate=25))
    assert len(segment.units) == 50
    assert [n for n, unit in enumerate(segment.units) if unit.key] == [0, 10, 20, 30, 40]
    assert segment.duration == pytest.approx(2.0, abs=0.001)
    assert segment.rate == pytest.approx(25, abs=0.02)
    assert [unit.due for unit in segment.units] == pytest.approx([n / 25 for n in range(50)], abs=0.001)
    for unit in segment.units:
        kinds = [nal[0] & 31 for nal in put_together(payloads(unit.packets, unit.offsets))]
        assert (kinds[:2] == [7, 8]) is unit.key
        assert 9 not in kinds


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.hevc", "a.mkv"])
def test_an_h265_clip_of_any_container_becomes_a_segment(tmp_path, name):
    clip = write_clip(tmp_path / name, count=40, gop=10, rate=25, codec="libx265")
    segment = Segment.load(clip)
    assert segment.coding is HEVC
    assert [n for n, unit in enumerate(segment.units) if unit.key] == [0, 10, 20, 30]
    assert segment.duration == pytest.approx(1.6, abs=0.001)
    for unit in segment.units:
        kinds = [HEVC.kind(nal) for nal in put_together_hevc(payloads(unit.packets, unit.offsets))]
        assert (kinds[:3] == [32, 33, 34]) is unit.key
        assert 35 not in kinds
    again = Segment.load([annex_b(unit) for unit in segment.units], rate=25, codec="hevc")
    assert again.sets == segment.sets


def annex_b(unit):
    return b"".join(
        b"\x00\x00\x00\x01" + nal for nal in put_together_hevc(payloads(unit.packets, unit.offsets))
    )


def test_b_frames_are_sent_in_decoding_order_with_their_own_times(tmp_path):
    segment = Segment.load(write_clip(tmp_path / "b.mp4", count=30, gop=30, rate=25, b_frames=2))
    shown = [round(unit.due * 90_000) + unit.shift for unit in segment.units]
    assert shown != sorted(shown)
    assert [s - min(shown) for s in sorted(shown)] == [n * 3600 for n in range(30)]


def test_access_units_need_a_rate(tmp_path):
    with pytest.raises(SegmentError, match="rate"):
        Segment.load([b"\x00\x00\x01\x65\x01"])


@pytest.mark.parametrize(
    ("units", "reason"),
    [
        ([b"\x00\x00\x01\x41\x01"], "key frame"),
        ([b"\x00\x00\x01\x65\x01"], "SPS"),
        ([], "nothing"),
    ],
)
def test_what_cannot_be_played_is_said(units, reason):
    with pytest.raises(SegmentError, match=reason):
        Segment.load(units, rate=25)


def test_other_codecs_and_no_clips_are_refused_with_the_fix(tmp_path):
    with pytest.raises(SegmentError, match="libx264"):
        Segment.load(write_clip(tmp_path / "a.avi", count=10, gop=5, codec="mpeg4"))
    (tmp_path / "text.mp4").write_text("no clip")
    with pytest.raises(SegmentError, match="not a clip"):
        Segment.load(tmp_path / "text.mp4")


def test_damage_leaves_the_packets_whole(tmp_path):
    segment = Segment.load(write_clip(Path(tmp_path) / "a.mp4", count=2, gop=10))
    unit = segment.units[0]
    sent = unit.render(1, 2, 3, 0)
    broken = damaged(unit, sent)
    assert broken != sent
    assert len(broken) == len(sent)
    for offset in unit.offsets:
        assert broken[offset : offset + FRAMING + HEADER] == sent[offset : offset + FRAMING + HEADER]
