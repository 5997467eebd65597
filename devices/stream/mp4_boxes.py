"""The boxes of an MP4 file with one video track (ISO/IEC 14496-12; section numbers below are its)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

UNITY = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
"""The matrix that turns nothing (6.2.2)."""
BRANDS = b"isom" + struct.pack(">I", 512) + b"isomiso2mp41"
EIGHT = 8
"""Bytes of a box' head."""


@dataclass(frozen=True, slots=True)
class Track:
    """A stream's pictures in decoding order, one entry each; times in ticks."""

    scale: int
    """Ticks a second."""
    size: tuple[int, int]
    """Width and height."""
    sizes: Sequence[int]
    """Bytes."""
    steps: Sequence[int]
    """From its decoding to that of the next."""
    waits: Sequence[int]
    """From its decoding to its showing."""
    keys: Sequence[int]
    """Numbers of the key pictures, from 0."""


def box(kind: bytes, *parts: bytes | memoryview) -> bytes:
    """A box of four letters (4.2)."""
    body = b"".join(parts)
    return struct.pack(">I4s", EIGHT + len(body), kind) + body


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box with version and flags (4.2)."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def inside(data: bytes, *path: bytes) -> bytes:
    """The box at the end of a path of boxes within boxes, with its head.

    Raises:
        ValueError: it is not there.
    """
    begin, end = 0, len(data)
    for kind in path:
        while begin + EIGHT <= end:
            length = struct.unpack_from(">I", data, begin)[0]
            if data[begin + 4 : begin + EIGHT] == kind:
                found, begin, end = begin, begin + EIGHT, begin + length
                break
            begin += max(length, EIGHT)
        else:
            raise ValueError(f"there is no box {kind!r}")
    return data[found:end]


def head(track: Track, described: bytes) -> bytes:
    """All that stands before the pictures, the head of their box included.

    `described`: the `stsd` box, which says how the stream is coded. The pictures follow in one piece.
    """
    first = box(b"ftyp", BRANDS)
    begin = len(first) + len(_movie(track, described, 0)) + EIGHT
    return first + _movie(track, described, begin) + struct.pack(">I4s", EIGHT + sum(track.sizes), b"mdat")


def opening(scale: int, size: tuple[int, int], described: bytes) -> bytes:
    """What stands before the fragments of a stream (8.8.1); `described` as for `head`."""
    none = _numbers([0])
    tables = [full_box(b"stts", none), full_box(b"stsc", none), full_box(b"stsz", none, none)]
    extends = box(b"mvex", full_box(b"trex", _numbers([1, 1, 0, 0, 0])))
    stbl = box(b"stbl", described, *tables, full_box(b"stco", none))
    return box(b"ftyp", BRANDS) + _moov(scale, size, 0, 0, stbl, extends)


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of a fragment; times in ticks."""

    at: int
    """When it is decoded."""
    lasts: int
    """Until the next is."""
    wait: int
    """From its decoding to its showing; below zero where that comes first."""
    size: int
    """Bytes."""
    key: bool
    pieces: Sequence[bytes | memoryview]
    """Of its bytes."""


_KEY, _LEANS = 0x02000000, 0x01010000
"""Sample flags (8.8.3.1): leans on none; leans on others and is no place to begin."""


def fragment(number: int, samples: Sequence[Sample]) -> bytes:
    """One fragment with these pictures, in decoding order (8.8.4); `number`: rising from 1."""
    header = full_box(b"mfhd", _numbers([number]))
    place = full_box(b"tfdt", struct.pack(">Q", samples[0].at), version=1)
    entries = b"".join(
        struct.pack(">3Ii", one.lasts, one.size, _KEY if one.key else _LEANS, one.wait) for one in samples
    )

    def head_of(begin: int) -> bytes:
        run = full_box(b"trun", struct.pack(">Ii", len(samples), begin), entries, version=1, flags=0xF01)
        base = full_box(b"tfhd", _numbers([1]), flags=0x020000)  # offsets count from the fragment's begin
        return box(b"moof", header, box(b"traf", base, place, run))

    begin = len(head_of(0)) + EIGHT
    pieces = [piece for one in samples for piece in one.pieces]
    return head_of(begin) + box(b"mdat", *pieces)


def _movie(track: Track, described: bytes, begin: int) -> bytes:
    """`moov` of a file that is whole; `begin`: where in the file the first picture begins."""
    stbl = box(b"stbl", described, *_tables(track, begin))
    return _moov(track.scale, track.size, sum(track.steps), track.waits[0], stbl)


def _moov(
    scale: int, size: tuple[int, int], lasts: int, shown_in: int, stbl: bytes, more: bytes = b""
) -> bytes:
    """`moov` (8.2.1). `shown_in`: ticks from the first decoding to the first showing."""
    edits = [box(b"edts", full_box(b"elst", struct.pack(">IIiI", 1, lasts, shown_in, 1 << 16)))]
    media = box(
        b"mdia",
        full_box(b"mdhd", struct.pack(">4I2H", 0, 0, scale, lasts, 0x55C4, 0)),  # no language
        full_box(b"hdlr", struct.pack(">I4s12x", 0, b"vide"), b"\0"),
        box(
            b"minf",
            full_box(b"vmhd", bytes(8), flags=1),
            box(b"dinf", full_box(b"dref", struct.pack(">I", 1), full_box(b"url ", flags=1))),
            stbl,
        ),
    )
    width, height = (side << 16 for side in size)
    return box(
        b"moov",
        full_box(
            b"mvhd",
            struct.pack(">4IIH10x", 0, 0, scale, lasts, 1 << 16, 1 << 8),
            UNITY,
            bytes(24),
            struct.pack(">I", 2),  # number of the next track
        ),
        box(
            b"trak",
            full_box(
                b"tkhd",
                struct.pack(">5I16x", 0, 0, 1, 0, lasts),
                UNITY,
                struct.pack(">2I", width, height),
                flags=3,
            ),
            *(edits if shown_in else ()),
            media,
        ),
        more,
    )


def _tables(track: Track, begin: int) -> Iterator[bytes]:
    """When, how large and where each picture is (8.6, 8.7): all of them in one chunk."""
    yield full_box(b"stts", *_runs(track.steps))
    if any(track.waits):
        yield full_box(b"ctts", *_runs(track.waits))
    yield full_box(b"stss", _numbers([len(track.keys), *(key + 1 for key in track.keys)]))
    yield full_box(b"stsc", _numbers([1, 1, len(track.sizes), 1]))
    yield full_box(b"stsz", _numbers([0, len(track.sizes), *track.sizes]))
    yield full_box(b"stco", _numbers([1, begin]))


def _runs(values: Iterable[int]) -> tuple[bytes, bytes]:
    """How many runs of like values there are, and each one's length and value."""
    runs = [(len(list(run)), value) for value, run in groupby(values)]
    return _numbers([len(runs)]), _numbers([number for run in runs for number in run])


def _numbers(values: Sequence[int]) -> bytes:
    return struct.pack(f">{len(values)}I", *values)
