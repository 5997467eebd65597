"""Looks of the detector at places: which crop to show it, and what its answer says of the place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.see.blobs import PixelBox, grown, inside, iou
from edge.see.detector import Colour, Detection, Detector
from edge.see.votes import ANIMATE, THINGS

FLOOR = 0.3
"""Scores below are noise for this model on enlarged crops."""
FLOOR_ANIMATE = 0.4
"""People who stand in view score above 0.9 on these crops; a bag was called a person with 0.3."""
SCAN_FLOOR = 0.5
"""For the scan of a whole picture, where nothing else points at a place."""
CONTEXTS = (0.3, 1.0)
"""How much of the box's size is shown around it: close up, and with what stands around."""


def crop_box(box: PixelBox, context: float, shape: tuple[int, ...]) -> PixelBox:
    """The part of the picture to show for `box`: with context around, and near to square.

    The model sees a square; a long crop would be squeezed.
    """
    x0, y0, x1, y1 = grown(box, context, 16, shape)
    w, h = x1 - x0, y1 - y0
    if w > h:
        return (
            grown((x0, y0, x1, y1), 0.0, 0, shape) if w < 1.6 * h else _taller(x0, y0, x1, y1, w / 1.6, shape)
        )
    return (x0, y0, x1, y1) if h < 1.6 * w else _wider(x0, y0, x1, y1, h / 1.6, shape)


def _taller(x0: int, y0: int, x1: int, y1: int, height: float, shape: tuple[int, ...]) -> PixelBox:
    more = round((height - (y1 - y0)) / 2)
    return x0, max(0, y0 - more), x1, min(shape[0], y1 + more)


def _wider(x0: int, y0: int, x1: int, y1: int, width: float, shape: tuple[int, ...]) -> PixelBox:
    more = round((width - (x1 - x0)) / 2)
    return max(0, x0 - more), y0, min(shape[1], x1 + more), y1


@dataclass(frozen=True, slots=True)
class Name:
    """What one look called a place; `box` is what it drew around it, in the analysed picture."""

    label: str
    score: float
    box: PixelBox


def name_place(detector: Detector, colour: Colour, box: PixelBox, shape: tuple[int, ...]) -> Name | None:
    """One look at a place: its name, or None when nothing that matters is recognised.

    Args:
        detector: who names things.
        colour: the whole picture in colour, of any size.
        box: the place, in pixels of the analysed picture.
        shape: the analysed picture's (height, width).
    """
    best, best_worth = None, 0.0
    scale_y, scale_x = colour.shape[0] / shape[0], colour.shape[1] / shape[1]
    for context in CONTEXTS:
        x0, y0, x1, y1 = crop_box(box, context, shape)
        part = colour[
            round(y0 * scale_y) : max(round(y0 * scale_y) + 1, round(y1 * scale_y)),
            round(x0 * scale_x) : max(round(x0 * scale_x) + 1, round(x1 * scale_x)),
        ]
        across, down = (x1 - x0) / part.shape[1], (y1 - y0) / part.shape[0]
        for found in detector.detect(part, min(FLOOR, FLOOR_ANIMATE)):
            left, top, right, bottom = found.box
            here: PixelBox = (
                round(x0 + left * across),
                round(y0 + top * down),
                round(x0 + right * across),
                round(y0 + bottom * down),
            )
            worth = found.score * _fit(found, box, here)
            if worth > best_worth:
                best, best_worth = Name(found.label, found.score, here), worth
    return best


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


def scan(
    detector: Detector, colour: Colour, shape: tuple[int, ...], labels: frozenset[str]
) -> list[tuple[Detection, PixelBox]]:
    """Find things of `labels` in a whole picture: as a whole, then in six overlapping parts.

    Returns each with its box in pixels of the analysed picture, without repeats.
    """
    height, width = colour.shape[:2]
    parts = [(0.0, 0.0, 1.0, 1.0)]
    parts += [(x, y, x + 0.45, y + 0.65) for y in (0.0, 0.35) for x in (0.0, 0.275, 0.55)]
    found: list[tuple[Detection, PixelBox]] = []
    for px0, py0, px1, py1 in parts:
        left, top = round(px0 * width), round(py0 * height)
        part = np.ascontiguousarray(colour[top : round(py1 * height), left : round(px1 * width)])
        for one in detector.detect(part, SCAN_FLOOR):
            if one.label not in labels:
                continue
            x0, y0, x1, y1 = one.box
            box: PixelBox = (
                round((left + x0) * shape[1] / width), round((top + y0) * shape[0] / height),
                round((left + x1) * shape[1] / width), round((top + y1) * shape[0] / height),
            )  # fmt: skip
            if min(box[2] - box[0], box[3] - box[1]) < 8:
                continue
            found.append((one, box))
    found.sort(key=lambda pair: -pair[0].score)
    kept: list[tuple[Detection, PixelBox]] = []
    for one, box in found:
        if all(
            iou(box, other) < 0.4 and max(inside(box, other), inside(other, box)) < 0.7 for _, other in kept
        ):
            kept.append((one, box))
    return kept
