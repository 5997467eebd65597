"""A clip out of coded pictures as they came: put into a file, never encoded anew."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from itertools import takewhile

import av
from av.error import FFmpegError
from av.packet import Packet

from devices.errors import StreamError
from devices.stream.coded import Coded, Stamped

CLOCK = 90_000
"""RTP ticks a second: fixed for H.264 (RFC 6184, 8.2.1) and H.265 (RFC 7798, 7.1)."""
USUAL_STEP = CLOCK // 25
QUICKLY = {"probesize": "32", "analyzeduration": "0"}


def write_mp4(clip: Sequence[Stamped], size: tuple[int, int]) -> bytes:
    """An MP4 file of these units, which begin with a key unit; it ends where the stream changes its shape.

    `size`: width and height of the pictures, known to whoever has decoded one: FFmpeg would decode to find
    out, which costs more than all the rest.

    Raises:
        StreamError: there is nothing, it begins with no key unit, or its parameter sets say nothing.
    """
    if not clip or not clip[0].unit.key:
        raise StreamError("a clip must begin with a key picture")
    first = clip[0].unit
    units = [one.unit for one in takewhile(lambda one: _shape(one.unit) == _shape(first), clip)]
    shown = _shown(units)
    # Decoding times may not fall and not lie after the showing: the showing times in order, moved ahead.
    ordered = sorted(shown)
    delay = max(early - late for early, late in zip(ordered, shown, strict=True))
    out = io.BytesIO()
    sets = io.BytesIO(first.parameters)
    raw = "h264" if first.codec == "h264" else "hevc"
    try:
        with av.open(sets, format=raw, options=QUICKLY) as said, av.open(out, "w", format="mp4") as file:
            if not said.streams.video[0].codec_context.extradata_size:
                raise StreamError("no clip can be made without parameter sets")
            video = file.add_stream_from_template(said.streams.video[0], width=size[0], height=size[1])
            for unit, pts, dts in zip(units, shown, ordered, strict=True):
                packet = Packet(unit.annexb())
                packet.stream, packet.time_base = video, Fraction(1, CLOCK)
                packet.pts, packet.dts, packet.is_keyframe = pts, dts - delay, unit.key
                packet.duration = USUAL_STEP  # that of the last one counts
                file.mux(packet)
    except FFmpegError as error:
        raise StreamError(f"no clip can be made of the pictures ({error.strerror})") from error
    return out.getvalue()


def _shape(unit: Coded) -> tuple[str, bytes]:
    return unit.codec, unit.parameters


def _shown(units: Sequence[Coded]) -> list[int]:
    """When each is shown, in ticks since the first; RTP time wraps at 32 bits."""
    at, before = 0, units[0].rtp_time
    shown = []
    for unit in units:
        step = (unit.rtp_time - before) & 0xFFFFFFFF
        at += step - (1 << 32) if step >> 31 else step
        before = unit.rtp_time
        shown.append(at)
    return shown
