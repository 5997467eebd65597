"""Looks of the detector at places: which crop to show it, and what its answer says of the place.

The crops and floors were chosen by measurement on crops of parked two-wheelers (docs/design/detector.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edge.see.blobs import PixelBox, grown, inside
from edge.see.detector import FLOOR, FLOOR_ANIMATE, Colour, Detection, Detector
from edge.see.slots import Slot
from edge.see.votes import ANIMATE, THINGS, UNKNOWN

CROPS = ((0.25, False), (0.4, True), (0.4, False))
"""How much of the box's size is shown around it, and whether mirrored: look after look another one, so that
the same accident is not voted for thrice. Wider crops show the thing too small: recall halves at 1.0."""
WIDE = 1.0
"""The same where the close crop shows nothing known: the still part of somebody may be only the legs. What is
not alive is not believed in it, since it names what stands around."""
GROUPS = (frozenset({"person"}), frozenset({"bicycle", "motorcycle"}))
"""Of which several may come to rest as one place."""
SAME = 0.6
"""Share of one box in another from which both are of one thing."""
LEAST = 4
"""Pixels of the analysed picture shown around even the smallest box."""
SQUARE = 1.6
"""The model sees a square; a crop longer than this is widened, a squeezed bicycle is none."""
EDGE, SIDES = 0.03, 2
"""A thing that reaches so many sides of the crop, within this part of it, goes on beyond: the place lies in
front of it. In 60 looks at something in front of a vehicle, 11 were named after the vehicle, 3 with this."""

MAX_LOOKS = 8
"""Looks of the detector at one slot, unless it changes."""


def name_schedule(looks: int, dwell: float) -> float:
    """Seconds of standing at which the next look is due: three before the dwell, then ever rarer."""
    if looks < 3:
        return dwell * (0.4 + 0.2 * looks)
    return dwell * (1.0 + 0.5 * float(2 ** (looks - 3) - 1))


def name_due(slot: Slot, dwell: float, at: float) -> bool:
    """Whether the detector is to look at `slot` at stream time `at`; `dwell` is the shortest asked for."""
    if slot.last_present != at or slot.votes.looks >= MAX_LOOKS:
        return False
    if slot.votes.animate and slot.missed > 0:
        return True  # he was overlooked, or has gone: that must not take long
    settled = slot.votes.enough and slot.votes.verdict()[0] not in ANIMATE | {UNKNOWN}
    return not settled and slot.stood >= name_schedule(slot.votes.looks, dwell)


def crop_box(box: PixelBox, context: float, shape: tuple[int, ...]) -> PixelBox:
    """The part of the picture to show for `box`: with context around, and near to square."""
    x0, y0, x1, y1 = grown(box, context, LEAST, shape)
    w, h = x1 - x0, y1 - y0
    if w > SQUARE * h:
        more = round((w / SQUARE - h) / 2)
        return x0, max(0, y0 - more), x1, min(shape[0], y1 + more)
    if h > SQUARE * w:
        more = round((h / SQUARE - w) / 2)
        return max(0, x0 - more), y0, min(shape[1], x1 + more), y1
    return x0, y0, x1, y1


@dataclass(frozen=True, slots=True)
class Name:
    """What one look called a place; `box` is what it drew around it, in the analysed picture."""

    label: str
    score: float
    box: PixelBox
    several: tuple[Name, ...] = ()
    """Of what, when the place holds more than one thing of a kind."""


def name_place(
    detector: Detector, colour: Colour, box: PixelBox, shape: tuple[int, ...], look: int = 0
) -> Name | None:
    """One look at a place: its name, or None when nothing that matters is recognised.

    Args:
        detector: who names things.
        colour: the whole picture in colour, of any size.
        box: the place, in pixels of the analysed picture.
        shape: the analysed picture's (height, width).
        look: how many looks there were at this place before; each shows it another way.
    """
    context, mirrored = CROPS[look % len(CROPS)]
    close = _best(detector, colour, box, shape, context, mirrored=mirrored)
    if close is not None:
        return close
    wide = _best(detector, colour, box, shape, WIDE, mirrored=mirrored)
    return wide if wide is not None and wide.label in ANIMATE else None


def _best(
    detector: Detector,
    colour: Colour,
    box: PixelBox,
    shape: tuple[int, ...],
    context: float,
    *,
    mirrored: bool,
) -> Name | None:
    """What describes the place best in one crop."""
    crop = crop_box(box, context, shape)
    part = cut(colour, crop, shape)
    across, down = (crop[2] - crop[0]) / part.shape[1], (crop[3] - crop[1]) / part.shape[0]
    best, best_worth = None, 0.0
    several: dict[frozenset[str], list[Name]] = {}
    for found in detector.detect(cv2.flip(part, 1) if mirrored else part, min(FLOOR, FLOOR_ANIMATE)):
        left, top, right, bottom = found.box
        if mirrored:
            left, right = part.shape[1] - right, part.shape[1] - left
        here: PixelBox = (
            round(crop[0] + left * across),
            round(crop[1] + top * down),
            round(crop[0] + right * across),
            round(crop[1] + bottom * down),
        )
        if found.label not in ANIMATE and _goes_on(here, crop, shape):
            continue
        kind = next((kind for kind in GROUPS if found.label in kind), None)
        if kind is not None and inside(here, box) >= 0.6:
            several.setdefault(kind, []).append(Name(found.label, found.score, here))
        worth = found.score * _fit(found, box, here)
        if worth > best_worth:
            best, best_worth = Name(found.label, found.score, here), worth
    if best is None:
        groups = [group for names in several.values() if (group := _together(names, box)) is not None]
        best = max(groups, key=lambda group: group.score, default=None)
    return best


def _together(names: list[Name], box: PixelBox) -> Name | None:
    """Several of a kind that fill a place between them: people who stand together, a row of bicycles."""
    fit: list[Name] = []
    for one in sorted(names, key=lambda one: -one.score):
        # The same thing by two names is one thing.
        other = all(max(inside(one.box, known.box), inside(known.box, one.box)) < SAME for known in fit)
        if other and one.score >= (FLOOR_ANIMATE if one.label in ANIMATE else FLOOR):
            fit.append(one)
    if len(fit) < 2:
        return None
    place = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    for one in fit:
        x0, y0, x1, y1 = one.box
        place[max(0, y0 - box[1]) : max(0, y1 - box[1]), max(0, x0 - box[0]) : max(0, x1 - box[0])] = 1
    if place.mean() < 0.5:
        return None
    best = max(fit, key=lambda one: one.score)
    several = () if best.label in ANIMATE else tuple(fit)
    return Name(best.label, sum(one.score for one in fit) / len(fit), box, several)


def cut(colour: Colour, crop: PixelBox, shape: tuple[int, ...]) -> Colour:
    """The part of the colour picture that a box of the analysed one covers; at least one pixel."""
    scale_y, scale_x = colour.shape[0] / shape[0], colour.shape[1] / shape[1]
    x0, y0, x1, y1 = crop
    top, left = round(y0 * scale_y), round(x0 * scale_x)
    part = colour[top : max(top + 1, round(y1 * scale_y)), left : max(left + 1, round(x1 * scale_x))]
    return np.ascontiguousarray(part)


def _goes_on(here: PixelBox, crop: PixelBox, shape: tuple[int, ...]) -> bool:
    """Whether the thing at `here` is cut off by the crop; at the picture's rim nobody can know."""
    dx, dy = EDGE * (crop[2] - crop[0]), EDGE * (crop[3] - crop[1])
    reached = (
        crop[0] > 0 and here[0] <= crop[0] + dx,
        crop[1] > 0 and here[1] <= crop[1] + dy,
        crop[2] < shape[1] and here[2] >= crop[2] - dx,
        crop[3] < shape[0] and here[3] >= crop[3] - dy,
    )
    return sum(reached) >= SIDES


def _fit(found: Detection, box: PixelBox, here: PixelBox) -> float:
    """How well a detection, at `here`, describes the place `box`: 0 (not at all) to 1."""
    covered, own = inside(box, here), inside(here, box)
    if found.label in ANIMATE:
        # The still part of somebody is often only the legs or the back.
        return covered if found.score >= FLOOR_ANIMATE and covered >= 0.5 else 0.0
    if found.label not in THINGS or found.score < FLOOR:
        return 0.0
    # A thing far larger than the place is what the place lies on or in front of.
    return covered if covered >= 0.4 and own >= 0.25 else 0.0
