"""H.265 in RTP (RFC 7798), without DONL fields: single NAL units, aggregation packets, fragments."""

from __future__ import annotations

from devices.stream.rtsp_client.nal import Codec, Data, Fragment, Sees, aggregated, exp_golomb

VPS, SPS, PPS = 32, 33, 34
"""NAL unit types of H.265, table 7-1."""
AGGREGATION, FRAGMENT = 48, 49
"""RFC 7798, section 4.4; 50 (PACI) is not read."""

_KINDS = [0] * 64
for _kind_of_slice in (*range(10), *range(16, 22)):
    _KINDS[_kind_of_slice] = int(Sees.SLICE)
for _kind_of_slice in range(16, 22):
    _KINDS[_kind_of_slice] |= int(Sees.KEY)
_KINDS[VPS] = _KINDS[SPS] = _KINDS[PPS] = int(Sees.SETS)
_SLICE, _FIRST, _BAD = int(Sees.SLICE), int(Sees.FIRST), int(Sees.BAD)
_OPENS, _GOES_ON, _CLOSES = int(Sees.OPENS), int(Sees.GOES_ON), int(Sees.CLOSES)


def look(data: Data, begin: int, end: int) -> int:
    """What the payload shows, as `Sees`."""
    if data[begin] >> 1 & 63 == FRAGMENT:
        if end - begin < 4:
            return _BAD
        head = data[begin + 2]
        closes = _CLOSES if head & 0x40 else 0
        if not head & 0x80:
            return (closes or _GOES_ON) | _KINDS[head & 63]
        return _OPENS | closes | _kind(head & 63, data[begin + 3])
    found = 0
    spans = whole(data, begin, end)
    for first, last in spans:
        found |= _kind(data[first] >> 1 & 63, data[first + 2] if first + 2 < last else 0)
    return found if spans else _BAD


def _kind(kind: int, after: int) -> int:
    found = _KINDS[kind]
    # first_slice_segment_in_pic_flag is a slice's first bit (H.265, 7.3.6.1).
    return found | _FIRST if found & _SLICE and after & 0x80 else found


def fragment(data: Data, begin: int, end: int) -> Fragment | None:
    """The fragment that the payload is (RFC 7798, section 4.4.3)."""
    if data[begin] >> 1 & 63 != FRAGMENT or end - begin < 4:
        return None
    head = data[begin + 2]
    header = bytes((data[begin] & 0x81 | (head & 63) << 1, data[begin + 1]))
    return Fragment(bool(head & 0x80), bool(head & 0x40), header, begin + 3)


def whole(data: Data, begin: int, end: int) -> list[tuple[int, int]]:
    """The NAL units of a single one or of an aggregation packet (RFC 7798, sections 4.4.1 and 4.4.2)."""
    kind = data[begin] >> 1 & 63
    if kind == AGGREGATION:
        spans = aggregated(data, begin + 2, end)
        return spans if all(last - first >= 2 for first, last in spans) else []
    return [(begin, end)] if kind < AGGREGATION and end - begin >= 2 else []


def set_of(nal: bytes) -> tuple[int, int] | None:
    """Type and id of a parameter set (H.265, 7.3.2)."""
    if len(nal) < 3:
        return None
    kind = nal[0] >> 1 & 63
    if kind == VPS:
        return VPS, nal[2] >> 4
    if kind == PPS:
        number = exp_golomb(nal[2:], 63)
    elif kind == SPS:
        number = _sps_id(nal)
    else:
        return None
    return None if number is None else (kind, number)


def _sps_id(nal: bytes) -> int | None:
    """Its id stands behind profile, tier and level of the stream and of each sub-layer (H.265, 7.3.3)."""
    data = nal[2:192].replace(b"\0\0\3", b"\0\0")  # without the bytes that keep start codes out
    layers = data[0] >> 1 & 7
    at = 13
    if layers:
        if len(data) < at + 2:
            return None
        present = data[at] << 8 | data[at + 1]
        at += 2
        for layer in range(layers):
            at += 11 * (present >> (15 - 2 * layer) & 1) + (present >> (14 - 2 * layer) & 1)
    return exp_golomb(data[at:], 15)


H265 = Codec("hevc", look, fragment, whole, set_of, fu_header=2)
