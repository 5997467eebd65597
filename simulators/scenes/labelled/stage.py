"""Where a scene plays: a crop of a background, perhaps mirrored, with its ground and its perspective."""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np

from simulators.scenes.footage import Image
from simulators.scenes.labelled.sprites import HEIGHT, WIDTH
from simulators.scenes.labelled.view import View, by_infrared, tone
from simulators.scenes.stock.model import StockBackground

TRIES = 40
LEAST_GROUND = 0.12
"""Share of the picture that must be ground for things to stand on."""
METRE = (16.0, 130.0)
"""Luma pixels of a metre in the middle of the ground: what street cameras show."""
CLEAR_OF_ZONE = 12
"""Luma pixels between a zone and what stands beside it."""
Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A view of 1280x720 and what is known of it."""

    background: StockBackground
    view: View
    colour: Image
    """BGR, 720x1280."""
    grey: Image
    """360x640."""
    infrared: Image
    """The same view by infrared light, 360x640."""
    ground: Polygon
    """Parts of the picture."""

    def metre(self, y: float) -> float:
        """Luma pixels of a metre that stands at `y` (luma pixels)."""
        scale = WIDTH / self.view.width
        part = (self.view.top + y / scale) / self.background.image.shape[0]
        return max(1e-3, self.background.pixels_per_metre(part) * scale)

    @property
    def brightness(self) -> float:
        """Mean grey of the ground."""
        return float(self.grey[self.floor > 0].mean())

    @property
    def floor(self) -> Image:
        """255 where things may stand, 360x640."""
        return filled(self.ground)


def filled(polygon: Polygon) -> Image:
    """255 inside a polygon (parts of the picture), 360x640."""
    out = np.zeros((HEIGHT, WIDTH), np.uint8)
    corners = np.round(np.array(polygon) * (WIDTH, HEIGHT)).astype(np.int32)
    cv2.fillPoly(out, [corners], 255)
    return out


def choose_stage(background: StockBackground, dice: random.Random) -> Stage | None:
    """A crop with enough ground at a street camera's scale; None when `TRIES` found none."""
    rows, columns = background.image.shape[:2]
    largest = min(columns, rows * WIDTH / HEIGHT)
    for _ in range(TRIES):
        width = largest * dice.uniform(0.5, 1.0)
        height = width * HEIGHT / WIDTH
        left, top = dice.uniform(0, columns - width), dice.uniform(0, rows - height)
        ground = _ground(background, left, top, width, height)
        if ground is None:
            continue
        middle = float(np.mean([y for _, y in ground]))
        metre = background.pixels_per_metre((top + middle * height) / rows) * WIDTH / width
        if METRE[0] <= metre <= METRE[1]:
            view = View(left, top, width, dice.random() < 0.5, tone(background.image, dice))
            return _stage(background, view, ground)
    return None


def _ground(
    background: StockBackground, left: float, top: float, width: float, height: float
) -> Polygon | None:
    """The part of the ground in the crop; None when it is too small."""
    rows, columns = background.image.shape[:2]
    outline = np.array(background.ground, np.float32) * (columns, rows)
    outline = (outline - (left, top)) / (width, height)
    mask = filled(tuple((float(x), float(y)) for x, y in outline))
    if np.count_nonzero(mask) < LEAST_GROUND * mask.size:
        return None
    return outlined(mask, LEAST_GROUND)


def _stage(background: StockBackground, view: View, ground: Polygon) -> Stage:
    colour = view.colour(background.image)
    if view.mirror:
        ground = tuple((round(1 - x, 4), y) for x, y in ground)
    grey = cv2.resize(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return Stage(background, view, colour, np.asarray(grey, np.uint8), by_infrared(colour), ground)


def outlined(mask: Image, least: float) -> Polygon | None:
    """The outline of the largest part of a mask; None when it is under `least` of the picture."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    corners = cv2.approxPolyDP(max(contours, key=cv2.contourArea), 2.0, True)[:, 0, :]
    if len(corners) < 3 or cv2.contourArea(corners) < least * mask.size:
        return None
    return tuple((round(float(x) / (WIDTH - 1), 4), round(float(y) / (HEIGHT - 1), 4)) for x, y in corners)


def halves(ground: Polygon, dice: random.Random) -> tuple[Polygon, Polygon | None]:
    """A zone on one side of the ground, and the ground that is clear of it; all of it where it is small."""
    mask = filled(ground)
    columns = np.flatnonzero(mask.any(axis=0))
    edge = int(columns[0] + dice.uniform(0.4, 0.6) * (columns[-1] - columns[0]))
    left, right = mask.copy(), mask.copy()
    left[:, edge:] = 0
    right[:, :edge] = 0
    inside, outside = (left, right) if dice.random() < 0.5 else (right, left)
    outside[:, edge - CLEAR_OF_ZONE : edge + CLEAR_OF_ZONE] = 0
    zone = outlined(inside, LEAST_GROUND / 2)
    return (ground, None) if zone is None else (zone, outlined(outside, LEAST_GROUND / 4))
