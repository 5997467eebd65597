"""Where packets come from: the seam between receiving and decoding.

PyAV's demuxers are what stands behind it; another receiver need only make `Unit`s and a decoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

USUAL_STEP = 1 / 25
"""Seconds between frames of a stream that does not say its rate."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One coded picture as it arrived, in decoding order."""

    packet: Packet[VideoStream]
    key: bool
    pts: float | None
    """Seconds on the sender's clock, as `dts`; either may be missing."""
    dts: float | None
    hidden: bool = False
    """Not to be shown, only decoded for what comes after it (a file cut between two key frames)."""


class Connection(Protocol):
    """One open stream."""

    codec: str
    """FFmpeg's name: h264, hevc, mpeg4, ..."""
    step: float
    """Seconds a frame lasts, as the stream declares it; `USUAL_STEP` where it does not."""
    decoder: VideoCodecContext

    def units(self) -> Iterator[Unit]:
        """The coded pictures until the stream ends.

        Raises:
            StreamDropped: it stalled or broke.

        """

    def close(self) -> None:
        """Give everything back; more than once does nothing."""


def units_of(container: InputContainer, video: VideoStream) -> Iterator[Unit]:
    """The video packets of an open container; damaged ones never count as key packets."""
    base = float(video.time_base) if video.time_base is not None else 1.0
    for packet in container.demux(video):
        if packet.size == 0:
            continue
        yield Unit(
            packet,
            packet.is_keyframe and not packet.is_corrupt,
            None if packet.pts is None else packet.pts * base,
            None if packet.dts is None else packet.dts * base,
            packet.is_discard,
        )


def step_of(video: VideoStream) -> float:
    """Seconds a frame lasts, as the container declares or guesses it."""
    rate = video.average_rate or video.guessed_rate
    return 1 / float(rate) if rate else USUAL_STEP
