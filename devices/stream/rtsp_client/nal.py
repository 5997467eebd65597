"""What H.264 and H.265 have in common: NAL units in RTP payloads, their kinds, Annex-B byte streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple

from devices.stream.rtsp_client import rtp

START_CODE = b"\x00\x00\x00\x01"
"""Always the long form of annex B."""

FRAGMENT = rtp.FRAMING + rtp.HEADER
"""Where in its frame the payload of a plain packet begins."""

Data = bytes | bytearray


class Sees(IntFlag):
    """What one RTP payload shows without assembling anything."""

    NOTHING = 0
    SLICE = 1
    """Coded picture."""
    KEY = 2
    """Of an IDR picture, in H.265 of any random-access picture."""
    FIRST = 4
    """The first slice of its picture."""
    SETS = 8
    """A parameter set."""
    OPENS = 16
    """A fragmented NAL unit begins here, ..."""
    GOES_ON = 32
    """... goes on, ..."""
    CLOSES = 64
    """... ends here."""
    BAD = 128
    """Not what the payload format allows."""


class Fragment(NamedTuple):
    """A piece of a NAL unit that was cut into several packets."""

    opens: bool
    closes: bool
    header: bytes
    """Of the NAL unit."""
    begin: int
    """Where this piece begins; it goes to the payload's end."""


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload format. All functions take a buffer, and where in it the payload begins and ends."""

    name: str
    """FFmpeg's name."""
    look: Callable[[Data, int, int], int]
    """What the payload shows (`Sees`)."""
    fragment: Callable[[Data, int, int], Fragment | None]
    """The fragment it is; None: it holds whole NAL units, or nothing that can be read."""
    whole: Callable[[Data, int, int], list[tuple[int, int]]]
    """Where the whole NAL units in it begin and end; none when there is anything wrong."""
    set_of: Callable[[bytes], tuple[int, int] | None]
    """Type and id of a NAL unit that is a parameter set; None for others and for nonsense."""
    fu_header: int
    """Bytes before the byte that says whether a fragment opens or closes."""


def pieces(
    codec: Codec, chunks: Iterable[bytes], *, whole: bool = False
) -> Iterator[list[bytes | memoryview]]:
    """The NAL units in runs of `$` frames, each as the pieces that make it; broken ones are left out.

    `whole`: it is known that no packet is missing and none is out of order, which is quicker.
    """
    fragments: list[bytes | memoryview] = []
    follows = -1
    for chunk in chunks:
        view = memoryview(chunk)
        at = 0
        while at < len(chunk):
            stop = stop_of(chunk, at)
            sequence = chunk[at + 6] << 8 | chunk[at + 7]
            bounds = rtp.payload(chunk, at, stop)
            at = stop
            if sequence != follows:
                fragments.clear()
            follows = (sequence + 1) & 0xFFFF
            if bounds is None or bounds[0] == bounds[1]:
                continue
            fragment = codec.fragment(chunk, *bounds)
            if fragment is None:
                fragments.clear()
                for begin, end in codec.whole(chunk, *bounds):
                    yield [view[begin:end]]
                continue
            if fragment.opens:
                fragments = [fragment.header]
            elif not fragments:
                continue
            fragments.append(view[fragment.begin : bounds[1]])
            if whole and fragment.opens and at < len(chunk):
                head, span = FRAGMENT + codec.fu_header + 1, stop_of(chunk, at) - at
                stop = at + span * alike(chunk, at, span, head)
                fragments += [view[begin + head : begin + span] for begin in range(at, stop, span)]
                follows = (follows + (stop - at) // span) & 0xFFFF
                at = stop
            if fragment.closes:
                yield fragments
                fragments = []


def stop_of(chunk: Data, at: int) -> int:
    """Where the frame that begins at `at` ends."""
    return at + rtp.FRAMING + (chunk[at + 2] << 8 | chunk[at + 3])


def alike(chunk: bytes, at: int, span: int, head: int) -> int:
    """How many frames from `at` on have `span` bytes and are plain middles of the same fragmented NAL unit.

    Nearly all packets of a camera are that, and not worth a turn of a loop each. `head`: bytes in front of
    their data, of which the last says whether a fragment opens or closes.
    """
    if (
        span <= head
        or at + span > len(chunk)
        or chunk[at + rtp.FRAMING] != rtp.PLAIN
        or chunk[at + head - 1] & 0xC0
    ):
        return 0
    many = (len(chunk) - at) // span
    for byte in (2, 3, rtp.FRAMING, head - 1):
        column = chunk[at + byte : at + many * span : span]
        many -= len(column.lstrip(column[:1]))
    return many


def annexb(nals: Iterable[Iterable[bytes | memoryview]]) -> bytes:
    """NAL units, each in pieces, as an Annex-B byte stream."""
    found: list[bytes | memoryview] = []
    for nal in nals:
        found.append(START_CODE)
        found += nal
    return b"".join(found)


def aggregated(data: Data, begin: int, end: int) -> list[tuple[int, int]]:
    """NAL units behind two bytes of length each (STAP-A, AP); none when a length is wrong."""
    found = []
    while begin < end:
        if begin + 2 > end:
            return []
        first = begin + 2
        begin = first + (data[begin] << 8 | data[begin + 1])
        if begin > end or begin == first:
            return []
        found.append((first, begin))
    return found


def exp_golomb(data: bytes, most: int) -> int | None:
    """The unsigned Exp-Golomb number that `data` begins with (H.264, 9.1); None when it is above `most`."""
    bits = int.from_bytes(data[:8].ljust(8, b"\0"), "big")
    zeros = 64 - bits.bit_length()
    if zeros > 15:
        return None
    value = (bits >> (64 - 2 * zeros - 1)) - 1
    return value if value <= most else None
