"""What differs between H.264 and H.265 on the wire: NAL unit headers, parameter sets, fragments, description.

RTP payloads: RFC 6184 (H.264, packetization-mode 1: single NAL units and FU-A) and RFC 7798 (H.265, no
decoding order numbers: single NAL units and fragmentation units).
"""

from __future__ import annotations

import base64
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar

MOST = 1_400
"""Bytes of RTP payload in one packet: fits an Ethernet frame with its headers."""

_START_CODE = re.compile(b"\x00\x00\x00?\x01")


def split_annex_b(data: bytes) -> list[bytes]:
    """The NAL units between start codes (annex B of both standards)."""
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


class Coding(ABC):
    """One video coding, as RTP carries it."""

    encoding: ClassVar[str]
    """Its name in a session description."""
    parameters: ClassVar[tuple[int, ...]]
    """NAL unit types of the parameter sets, in the order in which they are sent."""
    keys: ClassVar[frozenset[int]]
    """NAL unit types of a picture at which decoding can begin."""
    unsent: ClassVar[frozenset[int]]
    """Delimiters and filler, which RTP has no need of."""

    @abstractmethod
    def kind(self, nal: bytes) -> int:
        """The NAL unit's type."""

    @abstractmethod
    def configuration(self, extradata: bytes) -> tuple[list[bytes], int]:
        """Parameter sets of a container's configuration box; the size of lengths (0: Annex B)."""

    @abstractmethod
    def fragments(self, nal: bytes) -> Iterator[bytes]:
        """The payloads of one NAL unit that is longer than `MOST`."""

    @abstractmethod
    def format(self, sets: Mapping[int, bytes]) -> str:
        """The `fmtp` value of a session description."""

    def payloads(self, nal: bytes) -> Iterator[bytes]:
        """One NAL unit as RTP payloads, each at most `MOST` bytes."""
        return iter((nal,)) if len(nal) <= MOST else self.fragments(nal)


class H264(Coding):
    """ITU-T H.264; types: table 7-1."""

    encoding = "H264"
    parameters = (7, 8)
    keys = frozenset({5})
    unsent = frozenset({9, 12})

    def kind(self, nal: bytes) -> int:
        """The lower five bits of the header."""
        return nal[0] & 31

    def configuration(self, extradata: bytes) -> tuple[list[bytes], int]:
        """The avcC box (ISO/IEC 14496-15, 5.3.3.1)."""
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

    def fragments(self, nal: bytes) -> Iterator[bytes]:
        """FU-A (RFC 6184, section 5.8)."""
        indicator, kind = nal[0] & 0xE0 | 28, nal[0] & 31
        room = MOST - 2
        for at in range(1, len(nal), room):
            yield bytes((indicator, _ends(at == 1, at + room >= len(nal)) | kind)) + nal[at : at + room]

    def format(self, sets: Mapping[int, bytes]) -> str:
        """RFC 6184, section 8.2.1."""
        level = sets[7][1:4].hex().upper()
        known = ",".join(base64.b64encode(sets[kind]).decode() for kind in self.parameters)
        return f"packetization-mode=1;profile-level-id={level};sprop-parameter-sets={known}"


class H265(Coding):
    """ITU-T H.265; types: table 7-1."""

    encoding = "H265"
    parameters = (32, 33, 34)
    keys = frozenset({19, 20, 21})
    """IDR with and without leading pictures, CRA."""
    unsent = frozenset({35, 38})

    def kind(self, nal: bytes) -> int:
        """Six bits of the first byte."""
        return nal[0] >> 1 & 63

    def configuration(self, extradata: bytes) -> tuple[list[bytes], int]:
        """The hvcC box (ISO/IEC 14496-15, 8.3.3.1)."""
        if not extradata or extradata[0] != 1:
            return split_annex_b(extradata), 0
        found, at = [], 23
        for _ in range(extradata[22]):
            count, at = int.from_bytes(extradata[at + 1 : at + 3], "big"), at + 3
            for _ in range(count):
                length = int.from_bytes(extradata[at : at + 2], "big")
                found.append(extradata[at + 2 : at + 2 + length])
                at += 2 + length
        return found, (extradata[21] & 3) + 1

    def fragments(self, nal: bytes) -> Iterator[bytes]:
        """Fragmentation units (RFC 7798, section 4.4.3)."""
        header, kind = bytes((nal[0] & 0x81 | 49 << 1, nal[1])), self.kind(nal)
        room = MOST - 3
        for at in range(2, len(nal), room):
            yield header + bytes((_ends(at == 2, at + room >= len(nal)) | kind,)) + nal[at : at + room]

    def format(self, sets: Mapping[int, bytes]) -> str:
        """RFC 7798, section 7.1."""
        names = zip(("vps", "sps", "pps"), self.parameters, strict=True)
        return ";".join(f"sprop-{name}={base64.b64encode(sets[kind]).decode()}" for name, kind in names)


CODINGS: Mapping[str, Coding] = {"h264": H264(), "hevc": H265()}
"""By FFmpeg's name."""


def _ends(first: bool, last: bool) -> int:
    """The start and end bits of a fragment's header."""
    return first << 7 | last << 6
