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


def box(kind: bytes, *parts: bytes) -> bytes:
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


def _movie(track: Track, described: bytes, begin: int) -> bytes:
    """`moov` (8.2.1); `begin`: where in the file the first picture begins."""
    lasts = sum(track.steps)
    shown_in = track.waits[0]
    edits = [box(b"edts", full_box(b"elst", struct.pack(">IIiI", 1, lasts, shown_in, 1 << 16)))]
    media = box(
        b"mdia",
        full_box(b"mdhd", struct.pack(">4I2H", 0, 0, track.scale, lasts, 0x55C4, 0)),  # no language
        full_box(b"hdlr", struct.pack(">I4s12x", 0, b"vide"), b"\0"),
        box(
            b"minf",
            full_box(b"vmhd", bytes(8), flags=1),
            box(b"dinf", full_box(b"dref", struct.pack(">I", 1), full_box(b"url ", flags=1))),
            box(b"stbl", described, *_tables(track, begin)),
        ),
    )
    width, height = (side << 16 for side in track.size)
    return box(
        b"moov",
        full_box(
            b"mvhd",
            struct.pack(">4IIH10x", 0, 0, track.scale, lasts, 1 << 16, 1 << 8),
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
