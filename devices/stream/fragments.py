"""A camera's coded pictures as they come, as fragmented MP4: an opening, then a fragment every few pictures.

Nothing is encoded anew. A picture goes out once the next one came, so that its duration is known and browsers
(Media Source Extensions) see no gap: they leave out all pictures up to the next key picture after one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from devices.errors import StreamError
from devices.stream.coded import Coded, Piece, Stamped
from devices.stream.mp4 import CLOCK, LONGEST, USUAL_STEP, described
from devices.stream.mp4_boxes import Sample, fragment, opening
from devices.stream.timeline import BACKWARD


class Kind(IntEnum):
    """What a part of the stream is, and what a late viewer needs of it."""

    OPENING = 0
    """How the stream is coded; before everything else."""
    KEY = 1
    """Pictures of which the first can be decoded by itself."""
    NEXT = 2
    """Pictures that lean on those before."""


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the stream, to be handed on whole."""

    kind: Kind
    data: bytes
    codecs: str = ""
    """Of an opening: how browsers call the coding (RFC 6381)."""


class Fragments:
    """Makes one stream; used by one thread."""

    def __init__(self) -> None:
        self._run: list[Stamped] = []
        """Not gone out yet: pictures of one stream time, more than one where they come in another order than
        they are shown."""
        self._begin = 0
        """Ticks at which the first of them is decoded."""
        self._anchor = (0, 0)
        """The last key picture's RTP time, and the ticks at which it is shown."""
        self._shape: tuple[str, bytes] | None = None
        self._number = 0

    def take(self, units: Sequence[Stamped], size: tuple[int, int]) -> list[Part]:
        """The parts that these units complete; they follow those taken before, in decoding order.

        `size`: width and height of the pictures. Where units are missing between two calls, the next one
        must begin with a key unit. What comes before the first key unit is left out.

        Raises:
            StreamError: the parameter sets say nothing, or nonsense; or it is no H.264.
        """
        parts: list[Part] = []
        samples: list[Sample] = []
        for one in units:
            if not self._run:
                if one.unit.key:
                    self._run, self._begin = [one], round(one.at * CLOCK)
                continue
            tick = round(one.at * CLOCK)
            if tick <= round(self._run[0].at * CLOCK) and not one.unit.key:
                self._run.append(one)
                continue
            self._flush(tick, size, samples, parts)
            self._run = [one]
        self._end(samples, parts)
        return parts

    def forget(self) -> None:
        """What comes next does not go on from what came before: it begins with a key unit."""
        self._run = []

    def _flush(self, tick: int, size: tuple[int, int], samples: list[Sample], parts: list[Part]) -> None:
        """The pictures held so far are complete: the next one is decoded at `tick`, or a bit later."""
        begin, count = self._begin, len(self._run)
        lasts = min(max(tick - begin, count), LONGEST)
        first = self._run[0]
        if first.unit.key:
            self._end(samples, parts)
            self._anchor = (first.unit.rtp_time, begin)
            if (shape := (first.unit.codec, first.unit.parameters)) != self._shape:
                parts.append(_opening(first.unit, size))
                self._shape = shape
        for number, one in enumerate(self._run):
            at, after = begin + lasts * number // count, begin + lasts * (number + 1) // count
            pieces = _pieces(one.unit)
            length = sum(map(len, pieces))
            samples.append(Sample(at, after - at, self._shown(one, at) - at, length, one.unit.key, pieces))
        self._begin = begin + lasts

    def _shown(self, one: Stamped, at: int) -> int:
        """When a picture that is decoded `at` is shown: RTP time alone knows of another order.

        It wraps at 32 bits and jumps with each connection and each whim of a camera's clock: where it does
        not go with the stream's time, that counts.
        """
        rtp, anchor = self._anchor
        step = (one.unit.rtp_time - rtp) & 0xFFFFFFFF
        due = anchor + (step - (1 << 32) if step >> 31 else step)
        return due if -BACKWARD * CLOCK <= due - self._begin <= USUAL_STEP else at

    def _end(self, samples: list[Sample], parts: list[Part]) -> None:
        """What was gathered is a fragment: each begins where a key picture does."""
        if samples:
            self._number += 1
            kind = Kind.KEY if samples[0].key else Kind.NEXT
            parts.append(Part(kind, fragment(self._number, samples)))
            samples.clear()


def _opening(unit: Coded, size: tuple[int, int]) -> Part:
    if unit.codec != "h264":
        raise StreamError(f"browsers do not play {unit.codec}")
    says = described(unit, size)
    # AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1): version, profile, compatibility, level.
    record = says.index(b"avcC") + 5
    return Part(Kind.OPENING, opening(CLOCK, size, says), f"avc1.{says[record : record + 3].hex()}")


def _pieces(unit: Coded) -> list[Piece]:
    """The unit's NAL units behind their lengths, as MP4 wants them."""
    pieces: list[Piece] = []
    for nal in unit.nals():
        pieces.append(sum(map(len, nal)).to_bytes(4, "big"))
        pieces += nal
    return pieces
