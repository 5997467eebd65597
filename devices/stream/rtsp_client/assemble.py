"""RTP packets to access units: what belongs together, whether all of it came, whether it is a key frame."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from devices.stream.rtsp_client import rtp
from devices.stream.rtsp_client.nal import START_CODE, Codec, Sees, pieces
from devices.stream.rtsp_client.times import StreamClock
from devices.stream.rtsp_client.unit import AccessUnit, Counts

log = logging.getLogger(__name__)

MOST_BYTES = 16 << 20
"""Of one access unit: four times a 4K key frame at its worst. What is longer is not kept."""
MOST_CHUNKS = 8192
"""Pieces of one access unit; more come only from a sender that mixes other frames between all its packets."""
MOST_SET = 4096
"""Bytes of a parameter set; real ones have under 300."""
MOST_SETS = 64
MISORDER = 100
"""Packets that one may be late (RFC 3550, appendix A.1); further back, the sender began to count anew."""

_SLICE, _KEY, _FIRST = int(Sees.SLICE), int(Sees.KEY), int(Sees.FIRST)
_SETS, _BAD = int(Sees.SETS), int(Sees.BAD)
_OPENS, _GOES_ON, _CLOSES = int(Sees.OPENS), int(Sees.GOES_ON), int(Sees.CLOSES)


class ParameterSets:
    """The parameter sets in force, by type and id."""

    def __init__(self, codec: Codec, known: Iterable[bytes] = ()) -> None:
        self.annexb = b""
        """All of them, as Annex-B."""
        self._codec = codec
        self._sets: dict[tuple[int, int], bytes] = {}
        for nal in known:
            self.take(nal)

    def take(self, nal: bytes) -> None:
        """Take note of a NAL unit, if it is a parameter set."""
        key = self._codec.set_of(nal) if len(nal) <= MOST_SET else None
        if key is None or self._sets.get(key) == nal:
            return
        if key not in self._sets and len(self._sets) >= MOST_SETS:
            return
        self._sets[key] = nal
        ordered = sorted(self._sets.items())
        self.annexb = b"".join(START_CODE + nal for _, nal in ordered)


class Assembler:
    """Takes what was read from a connection and hands out access units."""

    def __init__(
        self,
        codec: Codec,
        payload_type: int,
        channel: int,
        clock_rate: int,
        parameters: Iterable[bytes],
        emit: Callable[[AccessUnit], None],
        counts: Counts,
    ) -> None:
        """`channel`: the interleaved one of the video. `parameters`: NAL units out of the description."""
        self.clock = StreamClock(clock_rate)
        self.source: int | None = None
        """SSRC of the sender."""
        self._codec = codec
        self._type = payload_type
        self._channel = channel
        self._emit = emit
        self._counts = counts
        self._sets = ParameterSets(codec, parameters)
        self._markers = True  # whether a marker bit ends a unit
        self._next = -1  # sequence number to come
        self._stamp = -1  # RTP time of the open unit
        self._ended = -1  # RTP time of the unit that a marker ended last
        self._broken = True  # something was lost since the last key frame
        self._middle = -1  # header of a fragment that goes on, -1: none is open
        self._indicator = -1
        self._usual_head: tuple[int, int] | None = None  # of key frames
        self._restart()

    def _restart(self) -> None:
        """Nothing is open."""
        self._chunks: list[bytes] = []
        self._size = 0
        self._seen = 0  # all that was seen in the unit
        self._whole = True
        self._set_fragment = False
        self._head: tuple[int, int] | None = None  # first byte of the first payload, and what it showed

    def take(self, data: bytearray, at: int, end: int, now: float) -> int:
        """Take the frames of the video's channel that lie at `at` in a row; returns where that ends.

        That is at the first frame that is not all there (before `end`), of another channel, or no frame.
        `now`: seconds of a monotonic clock.
        """
        counts, channel, plain = self._counts, self._channel, self._type
        fu_at = rtp.FRAMING + rtp.HEADER + self._codec.fu_header
        begin, headers = at, rtp.HEADERS
        follows, stamp, source = self._next, self._stamp, self.source
        middle, indicator = self._middle, self._indicator
        while at + rtp.FRAMING + rtp.HEADER <= end:
            dollar, on, length, first, kind, sequence, time, sender = headers(data, at)
            stop = at + rtp.FRAMING + length
            if dollar != rtp.DOLLAR or on != channel or stop > end or length < rtp.HEADER:
                break
            counts.packets += 1
            # By far the most packets are the middle of a fragmented slice: nothing is to be decided there.
            if (
                first == rtp.PLAIN
                and kind == plain
                and sequence == follows
                and time == stamp
                and sender == source
                and length > rtp.HEADER + 3
                and data[at + fu_at] == middle
                and data[at + 16] == indicator
            ):
                follows = (sequence + 1) & 0xFFFF
                at = stop
                continue
            self._next = follows
            begin = self._packet(data, begin, at, stop, now)
            follows, stamp, source = self._next, self._stamp, self.source
            middle, indicator = self._middle, self._indicator
            at = stop
        self._next = follows
        self._keep(data, begin, at)
        return at

    def lose(self) -> None:
        """Something is missing at this point of the stream."""
        self._whole = False
        self._broken = True
        self._middle = -1

    def _packet(self, data: bytearray, begin: int, at: int, stop: int, now: float) -> int:
        """One packet that is not just more of a fragment; returns where the run goes on that is to be kept.

        `begin`..`at`: packets of the open unit that are not kept yet.
        """
        _, _, _, _, kind, sequence, stamp, source = rtp.HEADERS(data, at)
        bounds = rtp.payload(data, at, stop)
        if bounds is None or kind & 0x7F != self._type:
            self._keep(data, begin, at)
            if bounds is None:
                self._counts.unreadable += 1
                self.lose()
            return stop
        other = self.source is not None and source != self.source
        gap = (sequence - self._next) & 0xFFFF if self._next >= 0 and not other else 0
        if gap > 0xFFFF - MISORDER:
            self._counts.late += 1
            self._keep(data, begin, at)
            return stop
        if gap or other:
            self._counts.lost += gap if gap < 0x8000 else 0
            self.lose()
        self._next, self.source = (sequence + 1) & 0xFFFF, source
        seen = self._codec.look(data, *bounds) if bounds[0] < bounds[1] else 0
        fresh = stamp != self._stamp or other
        if fresh:
            self._keep(data, begin, at)
            begin = at
            self._turn(stamp, now)
        if bounds[0] < bounds[1]:
            self._note(data, bounds, seen)
        if fresh and (gap or other) and self._head != self._usual_head:
            self.lose()  # the unit's begin may be among what was lost
        if kind & rtp.MARKER and self._markers and self._seen & _SLICE and self._middle < 0:
            self._keep(data, begin, stop)
            self._ended = stamp
            self._close(now)
            return stop
        return begin

    def _turn(self, stamp: int, now: float) -> None:
        """Another RTP time: what is open ends here, unless no picture came yet."""
        if self._seen & _SLICE:
            self._close(now)
        elif not self._whole or not self._chunks:
            self._restart()
        self._stamp = stamp

    def _note(self, data: bytearray, bounds: tuple[int, int], seen: int) -> None:
        """Take in what a packet of the open unit shows."""
        begin = bounds[0]
        self._head = self._head or (data[begin], seen)
        goes_on = bool(seen & (_GOES_ON | _CLOSES)) and not seen & _OPENS
        if seen & _BAD:
            self._counts.unreadable += 1
        if seen & _BAD or goes_on != (self._middle >= 0):
            self.lose()  # a fragment without its begin, or something else in the midst of one
        if seen & _OPENS and not seen & _CLOSES:
            self._indicator = data[begin]
            self._middle = data[begin + self._codec.fu_header] & 0x3F
        elif not seen & _GOES_ON:
            self._middle = -1
        if seen & _SLICE and not self._seen & _SLICE and not seen & _FIRST:
            self._second_slice()
        if seen & _SETS:
            self._set_fragment |= bool(seen & _OPENS)
            for first, last in self._codec.whole(data, *bounds):
                self._sets.take(bytes(data[first:last]))
        self._seen |= seen

    def _second_slice(self) -> None:
        """A unit begins in the middle of a picture."""
        if self._markers and self._stamp == self._ended and self._whole:
            log.info("the camera marks every slice as the end of a picture: going by time stamps")
            self._markers = False
        self.lose()

    def _keep(self, data: bytearray, begin: int, end: int) -> None:
        """Copy a run of packets into the open unit."""
        if begin == end:
            return
        if self._size + end - begin > MOST_BYTES or len(self._chunks) >= MOST_CHUNKS:
            self.lose()
            return
        self._chunks.append(bytes(memoryview(data)[begin:end]))
        self._size += end - begin

    def _close(self, now: float) -> None:
        """The open unit is over."""
        if self._set_fragment:
            for nal in pieces(self._codec, self._chunks):
                self._sets.take(b"".join(nal))
        whole = self._whole and self._middle < 0
        parameters = self._sets.annexb
        key = bool(whole and self._seen & _KEY and parameters)
        if key:
            self._usual_head = self._head
        self._broken = not (key or (whole and not self._broken))
        counts = self._counts
        counts.units += 1
        counts.keys += key
        counts.broken += self._broken
        at = self.clock.at(self._stamp, now)
        counts.jumps += self.clock.jumped
        unit = AccessUnit(
            at, key, self._codec, parameters, self._stamp, self._size, self._broken, self._chunks
        )
        self._restart()
        self._middle = -1
        self._emit(unit)
