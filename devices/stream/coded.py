"""A coded picture as receivers hand it on: what decoders, the ring and clips need of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

Piece = bytes | memoryview
"""Of a NAL unit, as it lies in memory: put together only where it is written to."""


class Coded(Protocol):
    """One access unit: all that codes one picture. Any thread may read it."""

    @property
    def codec(self) -> str:
        """FFmpeg's name: h264 or hevc."""

    @property
    def key(self) -> bool:
        """Decodable by itself, with `parameters`."""

    @property
    def broken(self) -> bool:
        """Parts of it, or of what it leans on, were lost."""

    @property
    def parameters(self) -> bytes:
        """The parameter sets in force, Annex-B."""

    @property
    def rtp_time(self) -> int:
        """When it is to be shown, 32 bits that wrap, in ticks of the stream's clock."""

    @property
    def size(self) -> int:
        """Bytes it takes in memory, about."""

    def nals(self) -> Iterable[Sequence[Piece]]:
        """Its NAL units, each as the pieces that make it."""

    def annexb(self) -> bytes:
        """Its NAL units, Annex-B; made at every call."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A coded picture on its camera's own time line, which goes on over reconnects."""

    at: float
    """Stream time, seconds."""
    unit: Coded
