"""Looks for people and dogs: when one is due, which part of the picture is shown, and what it found.

Nobody is followed and nobody gets a number: a look says who is where now, and nothing about before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.see.blobs import PixelBox, grown
from edge.see.detector import Colour, Detector

PERSON, DOG = "person", "dog"
FLOOR = 0.4
"""Scores below are not believed."""
SAME = 0.45
"""Boxes of one label that overlap more (intersection over union) are one, seen in two parts of a picture."""
CADENCE = 1.0
"""Seconds between two looks at the least."""
DIFFERS = 0.002
"""Share of the watched zones that must differ from the usual picture for a look to be due. A person of 20 by
60 of 640 by 360 pixels is 0.005 of the whole picture."""
BLIND_START = 20.0
"""Seconds after the start in which looks are due whatever differs: whoever stands in the first picture has
become part of the usual one."""
ANYHOW = 30.0
"""And so often a look is due though nothing differs."""
HEADROOM = 0.25
"""Of the picture's height: whoever stands at the back of a zone reaches so far out of it."""
TILE = 1.5
"""Width of a part shown to the detector, in its heights; it sees squares."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """One person or dog; `box` in parts of the picture."""

    label: str
    score: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PersonLook:
    """Who was in the picture at `at` (stream time); with `could_see` false nothing can be said."""

    at: float
    found: tuple[Somebody, ...] = ()
    could_see: bool = True


@dataclass(frozen=True, slots=True)
class LooksDue:
    """When the next look of the detector is due. Times are stream time."""

    began: float | None = None
    last: float | None = None

    def early(self, at: float) -> bool:
        """The last look was only just now."""
        return self.last is not None and at - self.last < 0.9 * CADENCE

    def due(self, at: float, differs: float, *, busy: bool) -> bool:
        """Whether to look now; `differs` is the share of the zones unlike the usual picture, `busy`
        that a rule is about somebody just now, who may stand so long that he looks usual.
        """
        if self.began is None or self.last is None:
            return True
        young, long_ago = at - self.began <= BLIND_START, at - self.last >= ANYHOW
        return busy or young or long_ago or differs >= DIFFERS

    def looked(self, at: float) -> LooksDue:
        """After a look."""
        return LooksDue(at if self.began is None else self.began, at)


def look_for(
    detector: Detector, colour: Colour, area: PixelBox, shape: tuple[int, ...], labels: frozenset[str]
) -> tuple[Somebody, ...]:
    """Who is in `area` (pixels of the analysed picture, of `shape`): one look for each part of it."""
    found: list[Somebody] = []
    height, width = colour.shape[:2]
    for x0, y0, x1, y1 in parts_of(area, shape):
        left, top = round(x0 * width / shape[1]), round(y0 * height / shape[0])
        right, bottom = round(x1 * width / shape[1]), round(y1 * height / shape[0])
        shown = np.ascontiguousarray(colour[top : max(top + 1, bottom), left : max(left + 1, right)])
        for seen in detector.detect(shown, FLOOR):
            if seen.label in labels:
                a, b, c, d = seen.box
                box = ((left + a) / width, (top + b) / height, (left + c) / width, (top + d) / height)
                found.append(Somebody(seen.label, seen.score, box))
    found.sort(key=lambda one: -one.score)
    kept: list[Somebody] = []
    for one in found:
        if all(one.label != other.label or _overlap(one.box, other.box) <= SAME for other in kept):
            kept.append(one)
    return tuple(kept)


def parts_of(area: PixelBox, shape: tuple[int, ...]) -> list[PixelBox]:
    """The area with headroom, cut into parts that are not much longer than high, nor higher than long."""
    x0, y0, x1, y1 = area
    x0, y0, x1, y1 = grown((x0, y0 - round(HEADROOM * shape[0]), x1, y1), 0.0, 8, shape)
    wide, high = x1 - x0, y1 - y0
    across = max(1, round(wide / (TILE * high)))
    down = max(1, round(high / (TILE * wide)))
    # Neighbours share a fifth, so that somebody between them is whole in one.
    step_x, step_y = wide / (across + 0.2 * (across > 1)), high / (down + 0.2 * (down > 1))
    return [
        (
            round(x0 + column * step_x),
            round(y0 + row * step_y),
            round(min(x1, x0 + (column + 1.2) * step_x)) if across > 1 else x1,
            round(min(y1, y0 + (row + 1.2) * step_y)) if down > 1 else y1,
        )
        for row in range(down)
        for column in range(across)
    ]


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    shared = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / max(1e-9, both - shared)
