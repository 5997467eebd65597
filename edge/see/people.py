"""Looks for people and dogs: when one is due, which part of the picture is shown, and what it found.

Nobody is followed and nobody gets a number: a look says who is where now, and nothing about before.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge.see.background import Mask
from edge.see.blobs import PixelBox, inside, union
from edge.see.detector import Colour, Detector
from edge.see.naming import crop_box

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in parts of the picture."""
PERSON, DOG = "person", "dog"
FLOOR = 0.4
"""Scores below are not believed."""
SAME, WITHIN = 0.45, 0.8
"""Boxes of one label that overlap more (intersection over union), or of which the smaller lies so far within
the other, are one: seen in two parts of the picture, or cut off at the edge of one."""
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
LONG = 1.7
"""Times as long as high, or as high as long, from which an area is shown in parts: the detector sees squares.
A person in the whole of a 16:9 picture was missed or scored 0.4 to 0.7; shown close up, 0.9."""
CLOSE_UPS = 4
"""Parts of the picture shown at the most where something differs; of more, all of it together is shown."""
CONTEXT = 0.3
"""Of a part's size, shown around it."""
NEAR = np.ones((31, 15), np.uint8)
"""Pixels that close together belong to one body, or to people who stand together; bodies are upright."""
SPECK = np.ones((3, 3), np.uint8)
"""Thinner than this is noise and edges that sway."""
SMALLEST = (5, 12)
"""Width and height in pixels of what may be somebody: the detector does not know smaller people."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """One person or dog; `box` in parts of the picture."""

    label: str
    score: float
    box: Box


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
    detector: Detector,
    colour: Colour,
    areas: Sequence[PixelBox],
    shape: tuple[int, ...],
    labels: frozenset[str],
) -> tuple[Somebody, ...]:
    """Who is in these areas (pixels of the analysed picture, of `shape`): one look for each."""
    found: list[Somebody] = []
    height, width = colour.shape[:2]
    for x0, y0, x1, y1 in areas:
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
        if all(one.label != other.label or not _same(one.box, other.box) for other in kept):
            kept.append(one)
    return tuple(kept)


def areas_of(strange: Mask, watched: Mask, before: Sequence[Box] = ()) -> list[PixelBox]:
    """What to show the detector: close-ups of what is `strange`, or all that is `watched` in parts.

    Where somebody was `before` (parts of the picture) is shown again: who stands still may have been taken
    for usual.
    """
    body = cv2.morphologyEx(strange.view(np.uint8), cv2.MORPH_OPEN, SPECK)
    for box in before:
        x0, y0, x1, y1 = (round(part * of) for part, of in zip(box, strange.shape[::-1] * 2, strict=True))
        body[y0:y1, x0:x1] = 1
    count, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(body, NEAR), connectivity=8)
    shape = strange.shape
    near: list[PixelBox] = []
    down, across = NEAR.shape
    for x, y, wide, high, _ in sorted(stats[1:count].tolist(), key=lambda one: -one[4]):
        if wide < SMALLEST[0] + across - 1 or high < SMALLEST[1] + down - 1:
            continue
        area = crop_box((x, y, x + wide, y + high), CONTEXT, shape)
        # A part of somebody, shown alone, is taken for somebody more.
        for other in [one for one in near if max(inside(area, one), inside(one, area)) > 0.3]:
            near.remove(other)
            area = union(area, other)
        near.append(area)
    if 0 < len(near) <= CLOSE_UPS:
        return [part for area in near for part in parts_of(area)]
    around = functools.reduce(union, near) if near else box_of(watched)
    return parts_of(around)


def parts_of(area: PixelBox) -> list[PixelBox]:
    """The area cut into parts that are not much longer than high, nor higher than long."""
    x0, y0, x1, y1 = area
    wide, high = x1 - x0, y1 - y0
    across, down = max(1, math.ceil(wide / (LONG * high))), max(1, math.ceil(high / (LONG * wide)))
    # Neighbours share a fifth, so that somebody between them is whole in one.
    return [
        (left, top, right, bottom)
        for top, bottom in _cut(y0, y1, down)
        for left, right in _cut(x0, x1, across)
    ]


def _cut(begin: int, end: int, into: int) -> list[tuple[int, int]]:
    step = (end - begin) / (into + 0.2 * (into > 1))
    parts = [(round(begin + at * step), round(begin + (at + 1.2) * step)) for at in range(into)]
    return [(begin, end)] if into == 1 else parts


def with_headroom(zone: Mask) -> Mask:
    """The zone and what rises above it: people stand in a zone with their feet."""
    reach = np.ones((round(HEADROOM * zone.shape[0]) + 1, 1), np.uint8)
    return np.asarray(cv2.dilate(zone.view(np.uint8), reach, anchor=(0, 0)) > 0)


def box_of(mask: Mask) -> PixelBox:
    """The smallest box around the pixels of `mask`; all of it when there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return 0, 0, mask.shape[1], mask.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _same(a: Box, b: Box) -> bool:
    shared = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return shared > SAME * (sum(areas) - shared) or shared > WITHIN * min(areas)
