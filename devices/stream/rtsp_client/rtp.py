"""RTP inside RTSP: the `$` frames of a TCP connection and the headers of the packets in them.

Framing: RFC 2326, section 10.12 (`$`, channel, two bytes of length). RTP: RFC 3550, section 5.1; sender
reports: section 6.4.1; BYE: section 6.6. An index called `at` is that of a frame's `$`, `stop` the one after
its last byte.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

DOLLAR = 0x24
FRAMING, HEADER = 4, 12
"""Bytes of the framing and of the shortest RTP header."""
HEADERS = struct.Struct(">BBHBBHII").unpack_from
"""`$`, channel, length; version and flags, marker and payload type, sequence number, time stamp, source."""
PLAIN = 0x80
"""First byte of an RTP packet of version 2 without padding, extension or contributing sources."""
MARKER = 0x80
NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""

SENDER_REPORT, BYE = 200, 203
_REPORT = struct.Struct(">IIII").unpack_from
_SOURCE = struct.Struct(">I").unpack_from


@dataclass(frozen=True, slots=True)
class Report:
    """A sender report: at this RTP time the sender's clock showed this."""

    source: int
    utc: float
    """Seconds since 1970, as the sender has them: it may be wrong by decades."""
    rtp_time: int


def payload(data: bytes | bytearray, at: int, stop: int) -> tuple[int, int] | None:
    """Where the payload of the RTP packet in the frame `at`..`stop` begins and ends; None: not a packet.

    An empty payload is one: some senders keep a connection alive with it.
    """
    begin = at + FRAMING + HEADER
    if begin > stop:
        return None
    first = data[at + FRAMING]
    if first == PLAIN:
        return begin, stop
    if first >> 6 != 2:
        return None
    begin += 4 * (first & 15)
    if first & 0x10:
        if begin + 4 > stop:
            return None
        begin += 4 + 4 * (data[begin + 2] << 8 | data[begin + 3])
    if first & 0x20:
        padding = data[stop - 1]
        if padding == 0:
            return None
        stop -= padding
    return (begin, stop) if begin <= stop else None


def reports(data: bytes | bytearray, begin: int, stop: int) -> tuple[Report | None, list[int]]:
    """What a compound RTCP packet says: its sender report, and the sources that say good-bye.

    Reads as far as it is well formed.
    """
    report: Report | None = None
    gone: list[int] = []
    while begin + 8 <= stop and data[begin] >> 6 == 2:
        kind = data[begin + 1]
        end = begin + 4 + 4 * (data[begin + 2] << 8 | data[begin + 3])
        if end > stop:
            break
        if kind == SENDER_REPORT and begin + 20 <= end:
            source, seconds, fraction, rtp_time = _REPORT(data, begin + 4)
            if seconds:
                # NTP time starts anew in 2036; before 1970 means after that.
                utc = (seconds - NTP_EPOCH) % (1 << 32) + fraction / (1 << 32)
                report = Report(source, utc, rtp_time)
        elif kind == BYE:
            count = min(data[begin] & 31, (end - begin - 4) // 4)
            gone += [_SOURCE(data, begin + 4 + 4 * n)[0] for n in range(count)]
        begin = end
    return report, gone


def next_frame(data: bytearray, at: int, end: int, channels: tuple[int, int]) -> int:
    """Where, from `at` on, the next thing begins that can be a frame of these channels or an RTSP reply.

    `end` when there is none: for finding the way again after bytes that make no sense.
    """
    while at < end:
        dollar = data.find(b"$", at, end)
        reply = data.find(b"RTSP/1.", at, end if dollar < 0 else dollar)
        if reply >= 0:
            return reply
        if dollar < 0:
            return end
        channel = data[dollar + 1] if dollar + 1 < end else channels[0]
        version = data[dollar + FRAMING] >> 6 if dollar + FRAMING < end else 2
        if channel in channels and version == 2:
            return dollar
        at = dollar + 1
    return end
