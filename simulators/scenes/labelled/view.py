"""How one camera crops and renders the pictures of a background."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import cv2
import numpy as np

from simulators.scenes.footage import Image
from simulators.scenes.labelled.sprites import FINER, HEIGHT, WIDTH

MEAN = (80.0, 125.0)
"""Level of the whole picture at which cameras aim by day."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A crop of 16:9, in this camera's own brightness, contrast and warmth."""

    left: float
    top: float
    width: float
    """Pixels of the background."""
    mirror: bool
    table: Image
    """[1, 256, 3]: level in, level out, blue, green and red."""

    def colour(self, picture: Image) -> Image:
        """BGR, [720, 1280]."""
        columns, rows = FINER * WIDTH, FINER * HEIGHT
        scale = columns / self.width
        if scale < 1:  # cutting has no area mode: shrink first
            shrunk = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            picture, how = np.asarray(shrunk, np.uint8), cv2.INTER_LINEAR
        else:
            how = cv2.INTER_CUBIC
        grown = max(1.0, scale)
        shift = np.array([[grown, 0, -self.left * scale], [0, grown, -self.top * scale]], np.float32)
        cut = cv2.warpAffine(picture, shift, (columns, rows), flags=how, borderMode=cv2.BORDER_REPLICATE)
        cut = np.ascontiguousarray(cut[:, ::-1] if self.mirror else cut, np.uint8)
        return np.asarray(cv2.LUT(cut, self.table), np.uint8)


def tone(picture: Image, dice: random.Random) -> Image:
    """A camera's way to render light: warmth, contrast around the mean, and the exposure it aims at."""
    warm, contrast = dice.uniform(-0.08, 0.08), dice.uniform(0.75, 1.1)
    mean = float(picture.mean())
    gamma = math.log(dice.uniform(*MEAN) / 255) / math.log(min(250.0, max(5.0, mean)) / 255)
    gamma = min(1.4, max(0.6, gamma))
    values = np.arange(256, dtype=np.float32)[:, None] * np.array((1 - warm, 1.0, 1 + warm), np.float32)
    values = 255 * np.power(np.clip((mean + (values - mean) * contrast) / 255, 0, 1), gamma)
    return np.asarray(np.round(np.clip(values, 0, 255)), np.uint8)[None]


def by_infrared(colour: Image) -> Image:
    """Roughly what the camera's own lamp shows: leaves bright, blue dark, the rim dim; [360, 640]."""
    small = cv2.resize(colour, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    blue, green, red = (small[..., i] for i in range(3))
    value = 0.55 * red + 0.45 * green - 0.1 * blue + 1.5 * np.maximum(0, green - np.maximum(red, blue))
    value = 255 * np.power(np.clip(value / 235, 0, 1), 0.85)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    far = ((x / WIDTH - 0.5) / 0.75) ** 2 + ((y / HEIGHT - 0.62) / 0.85) ** 2
    lit = np.round(value * np.clip(1.1 - 0.9 * far, 0.3, 1.1))
    return np.asarray(np.clip(lit, 0, 255), np.uint8)
