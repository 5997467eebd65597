"""A stretch of H.264 or H.265, cut into RTP packets once so that playing it costs next to nothing.

RTP: RFC 3550. Framing on the RTSP connection: RFC 2326, section 10.12.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
from av.error import FFmpegError

from simulators.cameras.rtsp_coding import CODINGS, Coding, split_annex_b, split_lengths
from simulators.errors import SegmentError

CLOCK = 90_000
"""RTP ticks a second, for every video payload."""
PAYLOAD_TYPE = 96
FRAMING, HEADER = 4, 12
"""Bytes of the `$` framing and of the RTP header."""

_PATCH = struct.Struct(">HII").pack_into


@dataclass(frozen=True, slots=True)
class Unit:
    """One coded picture as framed RTP packets; number, time and source are filled in when it is sent."""

    packets: bytearray
    offsets: tuple[int, ...]
    """Where each packet's `$` stands."""
    key: bool
    due: float
    """Seconds after the segment's begin at which it is sent."""
    shift: int
    """RTP ticks from sending to showing (B-frames travel early)."""

    def render(self, seq: int, stamp: int, ssrc: int, channel: int) -> bytes:
        """The packets, numbered from `seq` on, ready for the wire."""
        buffer = self.packets
        for number, offset in enumerate(self.offsets, seq):
            buffer[offset + 1] = channel
            _PATCH(buffer, offset + FRAMING + 2, number & 0xFFFF, stamp, ssrc)
        return bytes(buffer)


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A stretch of video that begins with a key frame and may follow itself or another one."""

    units: tuple[Unit, ...]
    duration: float
    """Seconds."""
    coding: Coding
    sets: Mapping[int, bytes]
    """Parameter sets by NAL unit type."""
    rate: float
    """Frames a second, the mean."""

    @classmethod
    def load(
        cls,
        source: Path | str | Iterable[bytes],
        *,
        rate: Fraction | float | None = None,
        codec: Literal["h264", "hevc"] = "h264",
    ) -> Segment:
        """Read and packetise a clip (any container), or access units in Annex B form at `rate` a second.

        `codec`: of access units; a clip knows its own.

        Raises:
            SegmentError: neither H.264 nor H.265, no key frame at its begin, no parameter sets, or nothing
                in it.

        """
        if isinstance(source, Path | str):
            return _build(_read(Path(source)), str(source))
        if rate is None or rate <= 0:
            raise SegmentError("rate: access units carry no times, say how many frames there are a second")
        step = round(CLOCK / rate)
        units = ((split_annex_b(unit), n * step, n * step) for n, unit in enumerate(source))
        return _build(_Coded(CODINGS[codec], units, step, []), "access units")


@dataclass(frozen=True, slots=True)
class _Coded:
    coding: Coding
    pictures: Iterable[tuple[list[bytes], int, int]]
    """NAL units, decoding time and presentation time in ticks."""
    step: int
    parameters: list[bytes]


def _read(path: Path) -> _Coded:
    try:
        with av.open(str(path)) as container:
            video = next(iter(container.streams.video), None)
            coding = None if video is None else CODINGS.get(video.codec_context.name)
            if video is None or coding is None:
                raise SegmentError(
                    f"{path}: neither H.264 nor H.265 video in it; encode it with libx264 or libx265"
                )
            parameters, size = coding.configuration(video.codec_context.extradata or b"")
            base = float(video.time_base or Fraction(1, CLOCK)) * CLOCK
            step = round(CLOCK / (video.average_rate or 25))
            pictures: list[tuple[list[bytes], int, int]] = []
            for packet in container.demux(video):
                if packet.size == 0:
                    continue
                data = bytes(packet)
                nals = split_lengths(data, size) if size else split_annex_b(data)
                dts = len(pictures) * step if packet.dts is None else round(packet.dts * base)
                pictures.append((nals, dts, dts if packet.pts is None else round(packet.pts * base)))
    except FFmpegError as error:
        raise SegmentError(f"{path}: not a clip that can be read ({error.strerror})") from error
    return _Coded(coding, pictures, step, parameters)


def _build(coded: _Coded, name: str) -> Segment:
    coding = coded.coding
    needed = set(coding.parameters)
    sets = {coding.kind(nal): nal for nal in coded.parameters if nal and coding.kind(nal) in needed}
    units: list[Unit] = []
    first = last = 0
    for nals, dts, pts in coded.pictures:
        kinds = {coding.kind(nal) for nal in nals}
        for nal in nals:
            if coding.kind(nal) in needed:
                sets.setdefault(coding.kind(nal), nal)
        key = bool(kinds & coding.keys)
        if not units:
            if not key:
                raise SegmentError(f"{name}: does not begin with a key frame (IDR)")
            if not needed <= set(sets):
                raise SegmentError(f"{name}: no SPS and PPS in it (H.265: and VPS)")
            first = last = dts
        body = [nal for nal in nals if coding.kind(nal) not in coding.unsent]
        if key and not needed <= kinds:
            body = [nal for nal in body if coding.kind(nal) not in needed]
            body = [*(sets[kind] for kind in coding.parameters), *body]
        last = max(last, dts)
        packets, offsets = packetise(coding, body)
        units.append(Unit(packets, offsets, key, (last - first) / CLOCK, pts - dts))
    if not units:
        raise SegmentError(f"{name}: nothing in it")
    duration = (last - first + coded.step) / CLOCK
    return Segment(tuple(units), duration, coding, sets, len(units) / duration)


def packetise(coding: Coding, nals: list[bytes]) -> tuple[bytearray, tuple[int, ...]]:
    """One access unit as `$`-framed RTP packets in one buffer, and where each begins."""
    payloads = [payload for nal in nals for payload in coding.payloads(nal)]
    buffer, offsets = bytearray(), []
    for payload in payloads:
        offsets.append(len(buffer))
        buffer += struct.pack(">BBH", 0x24, 0, HEADER + len(payload))
        buffer += struct.pack(">BBHII", 0x80, PAYLOAD_TYPE, 0, 0, 0)
        buffer += payload
    buffer[offsets[-1] + FRAMING + 1] |= 0x80
    return buffer, tuple(offsets)
