"""A stretch of H.264, cut into RTP packets once so that playing it costs next to nothing.

RTP payload: RFC 6184, packetization-mode 1 (single NAL units and FU-A). RTP: RFC 3550. Framing on the RTSP
connection: RFC 2326, section 10.12.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError

from simulators.errors import SegmentError

CLOCK = 90_000
"""RTP ticks a second, for every video payload."""
PAYLOAD_TYPE = 96
MOST = 1_400
"""Bytes of RTP payload in one packet: fits an Ethernet frame with its headers."""
FRAMING, HEADER = 4, 12
"""Bytes of the `$` framing and of the RTP header."""
IDR, SPS, PPS, DELIMITER, FILLER = 5, 7, 8, 9, 12
"""NAL unit types of H.264, table 7-1."""

_START_CODE = re.compile(b"\x00\x00\x00?\x01")
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
    sps: bytes
    pps: bytes
    rate: float
    """Frames a second, the mean."""

    @classmethod
    def load(cls, source: Path | str | Iterable[bytes], *, rate: Fraction | float | None = None) -> Segment:
        """Read and packetise a clip (any container), or access units in Annex B form at `rate` a second.

        Raises:
            SegmentError: not H.264, no key frame at its begin, no parameter sets, or nothing in it.

        """
        if isinstance(source, Path | str):
            return _build(_read(Path(source)), str(source))
        if rate is None or rate <= 0:
            raise SegmentError("rate: access units carry no times, say how many frames there are a second")
        step = round(CLOCK / rate)
        units = ((split_annex_b(unit), n * step, n * step) for n, unit in enumerate(source))
        return _build(_Coded(units, step, []), "access units")


@dataclass(frozen=True, slots=True)
class _Coded:
    pictures: Iterable[tuple[list[bytes], int, int]]
    """NAL units, decoding time and presentation time in ticks."""
    step: int
    parameters: list[bytes]


def split_annex_b(data: bytes) -> list[bytes]:
    """The NAL units between start codes (H.264 annex B)."""
    marks = [match.span() for match in _START_CODE.finditer(data)]
    ends = [begin for begin, _ in marks[1:]] + [len(data)]
    return [data[begin:end] for (_, begin), end in zip(marks, ends, strict=True) if end > begin]


def split_lengths(data: bytes, size: int) -> list[bytes]:
    """The NAL units behind their lengths of `size` bytes (ISO/IEC 14496-15)."""
    units, at = [], 0
    while at + size <= len(data):
        length = int.from_bytes(data[at : at + size], "big")
        units.append(data[at + size : at + size + length])
        at += size + length
    return [unit for unit in units if unit]


def _parameters_of(extradata: bytes) -> tuple[list[bytes], int]:
    """Parameter sets of an avcC box (ISO/IEC 14496-15, 5.3.3.1) or Annex B; the length size (0: Annex B)."""
    if not extradata or extradata[0] != 1:
        return split_annex_b(extradata), 0
    found, at = [], 6
    for count in (extradata[5] & 31, None):
        if count is None:
            count, at = extradata[at], at + 1
        for _ in range(count):
            length = int.from_bytes(extradata[at : at + 2], "big")
            found.append(extradata[at + 2 : at + 2 + length])
            at += 2 + length
    return found, (extradata[4] & 3) + 1


def _read(path: Path) -> _Coded:
    try:
        with av.open(str(path)) as container:
            video = next(iter(container.streams.video), None)
            if video is None or video.codec_context.name != "h264":
                raise SegmentError(f"{path}: no H.264 video in it; encode it with libx264")
            parameters, size = _parameters_of(video.codec_context.extradata or b"")
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
    return _Coded(pictures, step, parameters)


def _build(coded: _Coded, name: str) -> Segment:
    sets = {nal[0] & 31: nal for nal in coded.parameters if nal}
    units: list[Unit] = []
    first = last = 0
    for nals, dts, pts in coded.pictures:
        kinds = {nal[0] & 31 for nal in nals}
        for nal in nals:
            if nal[0] & 31 in (SPS, PPS):
                sets.setdefault(nal[0] & 31, nal)
        key = IDR in kinds
        if not units:
            if not key:
                raise SegmentError(f"{name}: does not begin with a key frame (IDR)")
            if SPS not in sets or PPS not in sets:
                raise SegmentError(f"{name}: no SPS and PPS in it")
            first = last = dts
        body = [nal for nal in nals if nal[0] & 31 not in (DELIMITER, FILLER)]
        if key and not {SPS, PPS} <= kinds:
            body = [sets[SPS], sets[PPS], *(nal for nal in body if nal[0] & 31 not in (SPS, PPS))]
        last = max(last, dts)
        packets, offsets = packetise(body)
        units.append(Unit(packets, offsets, key, (last - first) / CLOCK, pts - dts))
    if not units:
        raise SegmentError(f"{name}: nothing in it")
    duration = (last - first + coded.step) / CLOCK
    return Segment(tuple(units), duration, sets[SPS], sets[PPS], len(units) / duration)


def packetise(nals: list[bytes]) -> tuple[bytearray, tuple[int, ...]]:
    """One access unit as `$`-framed RTP packets in one buffer, and where each begins."""
    payloads = [payload for nal in nals for payload in _payloads(nal)]
    buffer, offsets = bytearray(), []
    for payload in payloads:
        offsets.append(len(buffer))
        buffer += struct.pack(">BBH", 0x24, 0, HEADER + len(payload))
        buffer += struct.pack(">BBHII", 0x80, PAYLOAD_TYPE, 0, 0, 0)
        buffer += payload
    buffer[offsets[-1] + FRAMING + 1] |= 0x80
    return buffer, tuple(offsets)


def _payloads(nal: bytes) -> Iterator[bytes]:
    if len(nal) <= MOST:
        yield nal
        return
    indicator, kind = nal[0] & 0xE0 | 28, nal[0] & 31
    room = MOST - 2
    for at in range(1, len(nal), room):
        start = 0x80 if at == 1 else 0
        end = 0x40 if at + room >= len(nal) else 0
        yield bytes((indicator, start | end | kind)) + nal[at : at + room]
