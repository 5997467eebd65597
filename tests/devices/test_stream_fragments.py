"""A camera's pictures as they come, as fragmented MP4: read back by FFmpeg bit for bit."""

from __future__ import annotations

import io
from dataclasses import replace
from random import Random

import av
import numpy as np
import pytest

from devices.errors import StreamError
from devices.stream.coded import Stamped
from devices.stream.fake import coded_clip, number_of, write_clip
from devices.stream.fragments import Fragments, Kind, Part

SIZE = (352, 288)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Clips by number of B-frames: 48 pictures, a key picture each 12."""
    folder = tmp_path_factory.mktemp("clips")
    return {
        b_frames: coded_clip(
            write_clip(
                folder / f"{b_frames}.ts",
                count=48,
                gop=12,
                rate=12,
                size=SIZE,
                codec="libx264",
                b_frames=b_frames,
            )
        )
        for b_frames in (0, 2)
    }


def sent(units: list[Stamped], random: Random | None = None) -> list[Part]:
    """The parts of a stream whose units come one by one, or in groups of any size."""
    fragments, parts, rest = Fragments(), [], list(units)
    while rest:
        count = random.randint(0, 9) if random else 1
        parts += fragments.take(rest[:count], SIZE)
        rest = rest[count:]
    return parts


def read(parts: list[Part]) -> list[tuple[bytes, int, int, bool]]:
    """Bytes, decoding and showing time in ticks, key or not: of each picture as FFmpeg reads it."""
    with av.open(io.BytesIO(b"".join(part.data for part in parts))) as container:
        video = container.streams.video[0]
        assert video.time_base == av.time_base or video.time_base.denominator == 90_000
        return [(bytes(one), one.dts, one.pts, one.is_keyframe) for one in container.demux(video) if one.size]


def avcc(one: Stamped) -> bytes:
    nals = [b"".join(bytes(piece) for piece in nal) for nal in one.unit.nals()]
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_picture_comes_back_bit_for_bit_in_its_order_and_at_its_time(clips, b_frames):
    units = clips[b_frames]
    parts = sent(units)
    back = read(parts)
    # the last ones wait for a successor
    assert len(units) - 1 - b_frames <= len(back) < len(units)
    assert [data for data, *_ in back] == [avcc(one) for one in units[: len(back)]]
    assert [key for *_, key in back] == [one.unit.key for one in units[: len(back)]]
    decoded = [dts for _, dts, _, _ in back]
    assert all(np.diff(decoded) > 0), decoded
    with av.open(io.BytesIO(b"".join(part.data for part in parts))) as container:
        shown = [(number_of(p.to_ndarray(format="gray")), p.pts) for p in container.decode(video=0)]
    assert [number for number, _ in shown][:40] == list(range(40))
    assert np.diff([pts for _, pts in shown][:40]) == pytest.approx([90_000 / 12] * 39, abs=2)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_no_gap_is_seen_however_the_units_come(clips, b_frames):
    """Browsers leave out all up to the next key picture where one does not end when the next begins."""
    units, random = clips[b_frames], Random(7)
    assert read(sent(units)) == read(sent(units, random))
    for _ in range(20):
        last_end = None
        for part in sent(units, random):
            if part.kind is Kind.OPENING:
                continue
            begin, lasts = _times(part.data)
            assert last_end in (None, begin)
            last_end = begin + sum(lasts)


def _times(data: bytes) -> tuple[int, list[int]]:
    """Of a fragment: when it begins, and how long each picture lasts."""
    at = data.index(b"tfdt") + 8
    run = data.index(b"trun")
    count = int.from_bytes(data[run + 8 : run + 12], "big")
    entries = data[run + 16 : run + 16 + 16 * count]
    lasts = [int.from_bytes(entries[16 * n : 16 * n + 4], "big") for n in range(count)]
    return int.from_bytes(data[at : at + 8], "big"), lasts


def test_a_late_viewer_begins_at_any_key_part(clips):
    parts = sent(clips[0])
    assert parts[0].kind is Kind.OPENING
    assert parts[0].codecs.startswith("avc1.")
    assert len(parts[0].codecs) == len("avc1.640028")
    keys = [number for number, part in enumerate(parts) if part.kind is Kind.KEY]
    assert len(keys) == 4
    for key in keys:
        with av.open(io.BytesIO(b"".join(part.data for part in [parts[0], *parts[key:]]))) as container:
            first = next(iter(container.decode(video=0)))
        assert number_of(first.to_ndarray(format="gray")) == 12 * keys.index(key)


def test_a_stream_that_changes_its_shape_is_opened_anew(clips, tmp_path):
    other = coded_clip(
        write_clip(tmp_path / "o.ts", count=24, gop=12, rate=12, size=(640, 360), codec="libx264", first=100)
    )
    late = [replace(one, at=one.at + 4.0) for one in other]
    parts = sent([*clips[0], *late])
    assert [part.kind for part in parts].count(Kind.OPENING) == 2
    second = [number for number, part in enumerate(parts) if part.kind is Kind.OPENING][1]
    assert parts[second + 1].kind is Kind.KEY
    assert [data for data, *_ in read(parts[second:])] == [avcc(one) for one in late[:-1]]


def test_what_comes_before_a_key_picture_is_left_out_and_h265_is_refused(clips, tmp_path):
    assert sent(clips[0][1:6]) == []
    assert sent(clips[0][1:])[1].kind is Kind.KEY
    hevc = coded_clip(write_clip(tmp_path / "h.ts", count=3, gop=1, rate=12, size=SIZE, codec="libx265"))
    with pytest.raises(StreamError, match="browsers do not play hevc"):
        sent(hevc)


@pytest.mark.parametrize("count", [40, pytest.param(2000, marks=pytest.mark.long)])
def test_whatever_the_clocks_say_every_picture_comes_back(clips, count):
    """Times that stand still, leap and wrap; losses up to the next key picture."""
    random = Random(3)
    for turn in range(count):
        units, at, lost = [], random.choice([0.0, 1e5]), False
        for one in clips[random.choice([0, 2])]:
            lost = (lost or random.random() < 0.05) and not one.unit.key
            if lost:
                continue
            at += random.choice([0.0, 1 / 12, 1 / 12, 1 / 25, 3.0])
            rtp = random.choice([one.unit.rtp_time, random.randrange(1 << 32)])
            units.append(Stamped(at, replace(one.unit, rtp_time=rtp)))
        parts = sent(units, random)
        back = read(parts) if parts else []
        expected = [avcc(one) for one in units]
        begin = next((n for n, one in enumerate(units) if one.unit.key), len(units))
        assert [data for data, *_ in back] == expected[begin : begin + len(back)], turn
        still = 0  # of the last stream time: they wait
        while (
            still < len(units)
            and units[-1 - still].at == units[-1].at
            and not units[-still].unit.key * (still > 0)
        ):
            still += 1
        assert len(back) >= len(units) - begin - still, turn
        assert all(np.diff([dts for _, dts, _, _ in back]) > 0), turn
