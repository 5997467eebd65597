"""What comes out of the client, and who takes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from devices.stream.rtsp_client.nal import Codec, annexb, pieces


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What the session description says of the video."""

    codec: str
    """FFmpeg's name: h264 or hevc."""
    parameters: bytes
    """Parameter sets as Annex-B; empty when they only come within the stream."""
    clock_rate: int = 90_000
    """Ticks of RTP time a second."""


class AccessUnit:
    """One coded picture as it came, in decoding order: its RTP packets, not yet put together."""

    __slots__ = ("_chunks", "_codec", "at", "broken", "key", "parameters", "rtp_time", "size")

    def __init__(
        self,
        at: float,
        key: bool,
        codec: Codec,
        parameters: bytes,
        rtp_time: int,
        size: int,
        broken: bool,
        chunks: list[bytes],
    ) -> None:
        self.at = at
        """Stream seconds, never falling, 0 at the first unit of the connection. Pictures that are decoded
        later than those shown after them (B-frames) carry the highest time before them."""
        self.key = key
        """An IDR (H.264) or random-access (H.265) picture, with all its packets and known parameter sets."""
        self.parameters = parameters
        """Annex-B parameter sets in force for it, those within it included."""
        self.rtp_time = rtp_time
        """The sender's own time stamp, 32 bits."""
        self.size = size
        """Bytes it holds: payload, and 16 a packet of headers."""
        self.broken = broken
        """A packet was lost, in it or before it since the last key frame; or there was no key frame yet."""
        self._codec = codec
        self._chunks = chunks

    @property
    def codec(self) -> str:
        """FFmpeg's name: h264 or hevc."""
        return self._codec.name

    def nals(self) -> Iterator[list[bytes | memoryview]]:
        """Its NAL units as sent, each as the pieces that make it, looked for anew at every call.

        Parameter sets are in it only where the camera sent them in it. NAL units that are not whole are
        left out.
        """
        return pieces(self._codec, self._chunks, whole=not self.broken)

    def annexb(self) -> bytes:
        """The same, each behind 00 00 00 01."""
        return annexb(self.nals())

    def __repr__(self) -> str:
        kind = "key " if self.key else "broken " if self.broken else ""
        return f"<{kind}{self.codec} unit at {self.at:.3f} s, {self.size} bytes>"


class Receiver(Protocol):
    """Who takes a stream. All is called on the event loop's thread and holds up all cameras: be quick."""

    def opened(self, info: StreamInfo) -> None:
        """The camera plays; once, before anything else."""

    def unit(self, unit: AccessUnit) -> None:
        """The next picture."""

    def clock(self, at: float, utc: float) -> None:
        """The camera says that at stream second `at` its own clock showed `utc`, in seconds since 1970.

        That clock may be wrong by any amount.
        """


@dataclass(slots=True)
class Counts:
    """What was seen, added up over all connections that were given it; written by the client."""

    packets: int = 0
    """RTP packets of the video."""
    octets: int = 0
    """Bytes read from the connection."""
    units: int = 0
    keys: int = 0
    """Key frames, whole."""
    broken: int = 0
    """Units with a packet lost in them or before them."""
    lost: int = 0
    """Packets missing by their sequence numbers."""
    unreadable: int = 0
    """Packets that are not RTP or not of the payload format; stretches of bytes that are nothing at all."""
    late: int = 0
    """Packets that came twice or out of order; they are left out."""
    jumps: int = 0
    """Leaps of the camera's time stamps that were bridged."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait at most."""

    connect: float = 5.0
    """For the connection, name look-up included."""
    answer: float = 5.0
    """For the whole of each answer."""
    silence: float = 10.0
    """For the next packet of video, and for the first."""
    farewell: float = 0.5
    """For the answer to the good-bye."""
