"""What one labelled scene is: pictures in order, zones with rules, and what a perfect observer would say.

Times are seconds of the scene's own clock, which begins at 0; boxes are parts of the picture, 0..1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from devices.site.model import Zone

Luma = npt.NDArray[np.uint8]
Colour = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1."""
Split = Literal["tune", "judge"]
Condition = Literal[
    "clean",
    "occlusion",
    "gain_step",
    "dusk",
    "rain",
    "sway",
    "crowd",
    "start_up",
    "removal",
    "restart",
    "infrared",
    "headlights",
    "shadow",
    "empty",
    "rows",
    "people_rules",
]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
APART: tuple[Condition, ...] = ("rows", "people_rules")
"""Conditions with rules and a truth of their own: no seed has them unless they are asked for."""
TURNS: tuple[Condition, ...] = tuple(one for one in CONDITIONS if one not in APART)
"""A seed's own condition is the one at its rest of so many."""
JUDGING_FROM = 50_000
"""Seeds from here on judge, those below tune; they share neither cut-outs nor backgrounds."""


def split_of(seed: int) -> Split:
    """Which kind of scene a seed makes."""
    return "judge" if seed >= JUDGING_FROM else "tune"


class ScenePicture(Protocol):
    """One picture of a scene, as an eye takes it."""

    @property
    def luma(self) -> Luma:
        """[360, 640]."""
        ...

    @property
    def chroma(self) -> Luma | None:
        """Cr and Cb, [90, 160, 2]; None by infrared light."""
        ...

    @property
    def stream_time(self) -> float:
        """Seconds of the scene's clock."""
        ...

    @property
    def taken_at(self) -> datetime:
        """UTC; an invented day."""
        ...

    @property
    def width(self) -> int:
        """Of the source, pixels."""
        ...

    def colour(self, width: int | None = None) -> Colour:
        """BGR, `width` pixels wide."""
        ...


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing, or one zone with enough things in it, that must be reported once."""

    zone: str
    rule: str
    labels: frozenset[str]
    """Names that are right for it; `unknown` is among them where no detector could know it."""
    box: Box
    since: float
    """When it came to rest; 0 where it was there from the start."""
    due: float
    """The earliest time at which its dwell is over, without the time in which it could not be seen."""
    gone: float | None
    """When a perfect observer sees the place empty; None: it stays to the end."""
    at_least: bool = False
    """It was there before the first picture."""
    optional: bool = False
    """A thing of another kind than the rule asks for: it may be told as suspected, and need not."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What stands in a zone that counts, from `at` until the next one."""

    at: float
    count: int
    """Things that have stood for the dwell."""
    share: float
    """Part of the zone that they cover."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledScene:
    """A scene with its truth; `pictures` may be called again and gives the same ones."""

    seed: int
    condition: Condition
    seconds: float
    every: float
    """Seconds between two pictures."""
    zones: tuple[Zone, ...]
    issues: tuple[Issue, ...]
    pictures: Callable[[], Iterator[ScenePicture]] = field(repr=False)
    restart_at: float | None = None
    """The eye and the rules are stopped here and go on from what they kept."""
    assets: tuple[str, ...] = ()
    """Names of the backgrounds and cut-outs in it."""
    tallies: tuple[Tally, ...] = ()
    """True counts over time, where rows and heaps are counted."""
