"""A clip out of coded pictures as they came: put into a file, never encoded anew.

FFmpeg describes the stream in its own words (`stsd`, which it knows from the parameter sets); where each
picture stands and when it is shown is said here, so that its bytes are copied once, from the packets they
came in to the file.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise, takewhile

import av
from av.error import FFmpegError

from devices.errors import StreamError
from devices.stream.coded import Coded, Piece, Stamped
from devices.stream.mp4_boxes import Track, head, inside
from devices.stream.timeline import BACKWARD

CLOCK = 90_000
"""RTP ticks a second: fixed for H.264 (RFC 6184, 8.2.1) and H.265 (RFC 7798, 7.1)."""
USUAL_STEP = CLOCK // 25
LONGEST = (1 << 31) - 1
"""Ticks that the file's tables can say: 6 hours and a half."""
QUICKLY = {"probesize": "32", "analyzeduration": "0"}
DESCRIBED = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")


def write_mp4(clip: Sequence[Stamped], size: tuple[int, int]) -> bytes:
    """An MP4 file of these units, which begin with a key unit; it ends where the stream changes its shape.

    `size`: width and height of the pictures, known to whoever has decoded one: FFmpeg would decode to find
    out, which costs more than all the rest. The file's tables stand before its pictures.

    Raises:
        StreamError: there is nothing, it begins with no key unit, its parameter sets say nothing or nonsense,
            or it lasts for hours.
    """
    if not clip or not clip[0].unit.key:
        raise StreamError("a clip must begin with a key picture")
    first = clip[0].unit
    alike = list(takewhile(lambda one: _shape(one.unit) == _shape(first), clip))
    units = [one.unit for one in alike]
    shown = _shown(alike)
    if max(shown) - min(shown) > LONGEST - USUAL_STEP:
        raise StreamError(f"a clip of {(max(shown) - min(shown)) / CLOCK:.0f} s is too long")
    described_as = described(first, size)
    # Decoding times may not fall and not lie after the showing: the showing times in order, moved ahead.
    ordered = sorted(shown)
    delay = max(early - late for early, late in zip(ordered, shown, strict=True))
    pieces: list[Piece] = []
    sizes = []
    for unit in units:
        total = 0
        for nal in unit.nals():
            length = sum(map(len, nal))
            pieces.append(length.to_bytes(4, "big"))
            pieces += nal
            total += 4 + length
        sizes.append(total)
    track = Track(
        scale=CLOCK,
        size=size,
        sizes=sizes,
        steps=[after - before for before, after in pairwise(ordered)] + [USUAL_STEP],
        waits=[late - early + delay for early, late in zip(ordered, shown, strict=True)],
        keys=[number for number, unit in enumerate(units) if unit.key],
    )
    return b"".join([head(track, described_as), *pieces])


def described(unit: Coded, size: tuple[int, int]) -> bytes:
    """The `stsd` box of an MP4 file: coding, size, parameter sets.

    Raises:
        StreamError: the parameter sets say nothing, or nonsense.
    """
    raw = "h264" if unit.codec == "h264" else "hevc"
    sets, out = io.BytesIO(unit.parameters), io.BytesIO()
    bare = {"movflags": "empty_moov"}
    try:
        _check(unit)
        with av.open(sets, format=raw, options=QUICKLY) as said:
            if not said.streams.video[0].codec_context.extradata_size:
                raise StreamError("no clip can be made without parameter sets")
            with av.open(out, "w", format="mp4", options=bare) as file:
                file.add_stream_from_template(said.streams.video[0], width=size[0], height=size[1])
                file.start_encoding()
    except FFmpegError as error:
        raise StreamError(f"no clip can be made of the pictures ({error.strerror})") from error
    return inside(out.getvalue(), *DESCRIBED)


def _check(unit: Coded) -> None:
    """Have a decoder read the parameter sets, 0.05 CPU-ms: FFmpeg's muxer believes them, and some that are
    spoilt keep it counting for minutes.

    Raises:
        FFmpegError: they are spoilt.
    """
    decoder = av.CodecContext.create(unit.codec, "r")
    decoder.thread_count = 1
    decoder.options = {"err_detect": "explode"}
    decoder.extradata = unit.parameters
    decoder.open()


def _shape(unit: Coded) -> tuple[str, bytes]:
    return unit.codec, unit.parameters


def _shown(units: Sequence[Stamped]) -> list[int]:
    """When each is shown, in ticks since the first.

    RTP time alone knows of pictures that are shown in another order than they came. It wraps at 32 bits, and
    begins anywhere with each connection (RFC 3550, 5.1) and each whim of a camera's clock: where it does not
    go with the stream's time, that counts.
    """
    at, before = 0, units[0].unit.rtp_time
    shown = []
    for one in units:
        due = round((one.at - units[0].at) * CLOCK)
        step = (one.unit.rtp_time - before) & 0xFFFFFFFF
        at += step - (1 << 32) if step >> 31 else step
        # Nothing that came before a key picture is shown after it, so it is shown when it is due.
        if abs(at - due) > (USUAL_STEP if one.unit.key else BACKWARD * CLOCK):
            at = due
        before = one.unit.rtp_time
        shown.append(at)
    return shown
