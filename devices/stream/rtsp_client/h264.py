"""H.264 in RTP (RFC 6184), packetization modes 0 and 1: single NAL units, STAP-A, FU-A."""

from __future__ import annotations

from devices.stream.rtsp_client.nal import Codec, Data, Fragment, Sees, aggregated, exp_golomb

SPS, PPS, SPS_EXTENSION, SUBSET_SPS = 7, 8, 13, 15
"""NAL unit types of H.264, table 7-1."""
STAP_A, FU_A = 24, 28
"""RFC 6184, table 1; those from 25 on but FU-A belong to interleaved mode."""

_KINDS = [0] * 32
_KINDS[1] = _KINDS[2] = int(Sees.SLICE)
_KINDS[5] = int(Sees.SLICE | Sees.KEY)
_KINDS[SPS] = _KINDS[PPS] = _KINDS[SPS_EXTENSION] = _KINDS[SUBSET_SPS] = int(Sees.SETS)
_SLICE, _FIRST, _BAD = int(Sees.SLICE), int(Sees.FIRST), int(Sees.BAD)
_OPENS, _GOES_ON, _CLOSES = int(Sees.OPENS), int(Sees.GOES_ON), int(Sees.CLOSES)


def look(data: Data, begin: int, end: int) -> int:
    """What the payload shows, as `Sees`."""
    kind = data[begin] & 31
    if kind == FU_A:
        if end - begin < 3:
            return _BAD
        head = data[begin + 1]
        closes = _CLOSES if head & 0x40 else 0
        if not head & 0x80:
            return (closes or _GOES_ON) | _KINDS[head & 31]
        return _OPENS | closes | _kind(head & 31, data[begin + 2])
    found = 0
    spans = whole(data, begin, end)
    for first, last in spans:
        found |= _kind(data[first] & 31, data[first + 1] if first + 1 < last else 0)
    return found if spans else _BAD


def _kind(kind: int, after: int) -> int:
    found = _KINDS[kind]
    # A slice begins with the number of its first macroblock: a leading 1 is zero (H.264, 7.3.3).
    return found | _FIRST if found & _SLICE and after & 0x80 else found


def fragment(data: Data, begin: int, end: int) -> Fragment | None:
    """The FU-A that the payload is (RFC 6184, section 5.8)."""
    if data[begin] & 31 != FU_A or end - begin < 3:
        return None
    head = data[begin + 1]
    header = bytes((data[begin] & 0xE0 | head & 31,))
    return Fragment(bool(head & 0x80), bool(head & 0x40), header, begin + 2)


def whole(data: Data, begin: int, end: int) -> list[tuple[int, int]]:
    """The NAL units of a single one or of a STAP-A (RFC 6184, sections 5.6 and 5.7.1)."""
    kind = data[begin] & 31
    if kind == STAP_A:
        return aggregated(data, begin + 1, end)
    return [(begin, end)] if 0 < kind < STAP_A else []


def set_of(nal: bytes) -> tuple[int, int] | None:
    """Type and id of a parameter set (H.264, 7.3.2)."""
    kind = nal[0] & 31 if nal else 0
    if kind in (SPS, SUBSET_SPS):
        number = exp_golomb(nal[4:], 31)
    elif kind == SPS_EXTENSION:
        number = exp_golomb(nal[1:], 31)
    elif kind == PPS:
        number = exp_golomb(nal[1:], 255)
    else:
        return None
    return None if number is None else (kind, number)


H264 = Codec("h264", look, fragment, whole, set_of, fu_header=1)
