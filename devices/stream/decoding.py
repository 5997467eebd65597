"""Packets with their stream times in, the frames that are due out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from devices.stream.cadence import Act, Cadence, Pace
from devices.stream.frame import Frame, FrameRequest, picture_frame
from devices.stream.source import Unit

TICK = Fraction(1, 1_000_000)
"""Stream time travels through the decoder, which reorders pictures and their times alike, as microseconds."""


@dataclass(slots=True)
class Counts:
    """What was done so far; one of them may outlive many connections."""

    packets: int = 0
    """Packets that came."""
    decoded: int = 0
    """Packets given to the decoder."""
    dropped: int = 0
    """Packets that could not be decoded, and pictures the decoder called damaged."""


class Decoding:
    """One decoder and the decision what it is given. Not for more than one thread at a time."""

    def __init__(
        self,
        decoder: VideoCodecContext,
        request: FrameRequest,
        *,
        step: float,
        zero: datetime,
        counts: Counts | None = None,
    ) -> None:
        """`step`: seconds a frame lasts, where it must be guessed; `zero`: the UTC time of stream time 0."""
        self.counts = counts if counts is not None else Counts()
        decoder.thread_count = 1
        self.cadence = Cadence(request.need)
        self._decoder = decoder
        self._size = request.size
        self._step = step
        self._zero = zero
        self._pace = Pace(request.every)
        self._reformatter = VideoReformatter()
        self._held: list[tuple[float, Unit]] = []
        self._last = float("-inf")

    def take(self, at: float, unit: Unit) -> Iterator[Frame]:
        """The frames that are due once this packet, of stream time `at`, has come."""
        self.counts.packets += 1
        act = self.cadence.judge(at, key=unit.key, due=self._pace.is_due(at))
        if unit.key:
            self._held.clear()
        if act is not Act.SKIP:
            self._held.append((at, unit))
        if act is Act.ALONE:
            yield from self._due(self._decode(self._held))
            yield from self._due(self._drain())
            self._last = float("-inf")
        elif act is Act.ALL:
            held, self._held = self._held, []
            yield from self._due(self._decode(held))

    def finish(self) -> Iterator[Frame]:
        """The frames still due when the stream has ended."""
        if not self.cadence.everything and not self.cadence.intervals:
            yield from self._due(self._decode(self._held))
        yield from self._due(self._drain())

    def _decode(self, units: list[tuple[float, Unit]]) -> Iterator[VideoFrame]:
        for at, unit in units:
            unit.packet.time_base = TICK
            unit.packet.pts = round(at / TICK)
            unit.packet.dts = None
            self.counts.decoded += 1
            yield from self._give(unit.packet)

    def _drain(self) -> list[VideoFrame]:
        """What the decoder holds back (B-frames make it wait); then it can start anew with a key packet."""
        frames = self._give(None)
        self._decoder.flush_buffers()
        return frames

    def _give(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        try:
            return self._decoder.decode(packet)
        except FFmpegError:
            self.counts.dropped += 1
            return []

    def _due(self, pictures: Iterator[VideoFrame] | list[VideoFrame]) -> Iterator[Frame]:
        for picture in pictures:
            at = self._last + self._step if picture.pts is None else float(picture.pts * TICK)
            if at <= self._last:
                at = self._last + self._step
            self._last = at
            if picture.is_corrupt:
                self.counts.dropped += 1
            elif self._pace.is_due(at):
                self._pace.took(at)
                yield self._frame(picture, at)

    def _frame(self, picture: VideoFrame, at: float) -> Frame:
        ratio = self._decoder.sample_aspect_ratio
        return picture_frame(
            picture,
            at=at,
            zero=self._zero,
            size=self._size,
            ratio=float(ratio) if ratio else None,
            reformatter=self._reformatter,
        )
