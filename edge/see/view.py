"""What goes into an eye and what comes out of it: a picture, what is asked for, the view."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from edge.see.background import Luma, Mask
from edge.see.detector import Colour
from edge.see.health import Sight
from edge.see.hues import Chroma
from edge.see.opening import PartBox
from edge.see.slots import Slot
from edge.see.steady import NONE, Shift
from edge.see.votes import VEHICLES


class Picture(Protocol):
    """The part of a frame that an eye uses."""

    @property
    def luma(self) -> Luma:
        """The analysed picture, [360, 640]."""
        ...

    @property
    def chroma(self) -> Chroma | None:
        """Cr and Cb, [90, 160, 2]; None where it has no colour."""
        ...

    @property
    def stream_time(self) -> float:
        """Seconds on the stream's clock."""
        ...

    @property
    def taken_at(self) -> datetime:
        """UTC."""
        ...

    @property
    def width(self) -> int:
        """Of the source, pixels."""
        ...

    def colour(self, width: int | None = None) -> Colour:
        """The picture in colour, `width` pixels wide."""
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """What the rules of a camera ask of its eye."""

    dwell: float
    """The shortest dwell of its rules, seconds: names must be known by then."""
    clear_after: float
    """Seconds a place must be seen empty before it counts as cleared."""
    start_up: frozenset[str] = VEHICLES
    """Labels to look for when the eye opens: things already there."""
    areas: tuple[PartBox, ...] = ()
    """Where to look for them; none: in the whole picture."""


@dataclass(frozen=True, slots=True)
class View:
    """What the eye makes of one picture. `slots` still holds those that went with this very look."""

    at: float
    taken_at: datetime
    sight: Sight
    slots: tuple[Slot, ...]
    shape: tuple[int, int]
    """Height and width that the slots' boxes refer to."""
    shift: Shift = NONE
    """How far this picture lies off the one that the slots' boxes refer to, pixels."""
    different: Mask | None = field(default=None, compare=False, repr=False)
    """Pixels unlike the usual picture, as the slots' boxes lie; None while nothing can be judged."""
