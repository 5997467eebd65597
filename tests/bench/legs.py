"""What is measured against what: the legs of the bench, and the windows of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Figures = dict[str, Any]
Who = Literal["ours", "cv2", "ffmpeg", "motion", "detector", "clip"]


class NotRun(Exception):
    """A leg that cannot be run here; says why."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One way to look at some cameras."""

    who: Who
    cameras: int
    stream: str
    per_packet: bool = False
    """The cameras write each RTP packet by itself: the dearest way to be read."""

    @property
    def name(self) -> str:
        """Its name in the table, and the way to ask for it."""
        return f"{self.who}-{self.cameras}-{self.stream}{'-packets' if self.per_packet else ''}"


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of the windows."""

    warm_up: float = 30.0
    """The eye learns its place and asks the detector what stands there already."""
    settle: float = 240.0
    """At most, after the warm-up, until a node that fell behind while its eyes opened looks at everything."""
    quiet: float = 30.0
    busy: float = 90.0
    """Long enough for four things to stay past the dwell and be taken again."""
    peer: float = 15.0


LEGS = (
    *(Leg("ours", count, "main") for count in (1, 4, 38, 64)),
    Leg("ours", 38, "main", per_packet=True),
    *(Leg("ours", 38, stream) for stream in ("main-gop25", "main-h265", "sub", "sub-h265")),
    *(Leg("cv2", 4, stream) for stream in ("main", "main-h265", "sub")),
    *(Leg("ffmpeg", 4, stream) for stream in ("main", "main-h265", "sub")),
    *(Leg("motion", 4, stream) for stream in ("main", "sub")),
    Leg("detector", 1, "main"),
    *(Leg("clip", 1, stream) for stream in ("main", "main-h265")),
)
