"""Light that changes in one part of the picture: a lamp goes on, a shadow creeps, headlights rest on a wall.

The ground under it keeps its texture. Wherever a block of the picture still shows the texture of the usual
one, the ratio of their brightness *is* the light; blocks that show something else (a thing stands there)
take the light of their neighbours. What is left after dividing by that field is not light.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Reals = NDArray[np.float32]

BLOCKS = (32, 18)
"""Columns and rows of 20x20 pixels: two wheels of a small bicycle span several."""
HALF = (320, 180)
QUARTER = (160, 90)
TEXTURE = 2.5
"""Grey levels, standard deviation in a block at half size, from which it has a texture to be known by."""
SAME = 0.6
"""Correlation of a block with itself in another light; noise at dusk lowers it from nearly 1. Ground
beside a thing that covers half of the block stays below."""
PLAIN = 0.08
"""Of log brightness: local differences below are not light but a spoke or a strap over the ground."""
FEWEST = 0.15
"""Of the weights around a block: with fewer agreeing neighbours the light is that of the whole picture."""


def light_field(picture: Luma, usual: Reals, gain: float) -> Reals | None:
    """The light of each pixel against usual, [height, width]; None where it is `gain` all over."""
    now = cv2.resize(picture, HALF, interpolation=cv2.INTER_AREA).astype(np.float32)
    then = cv2.resize(usual, HALF, interpolation=cv2.INTER_AREA)
    mean_now, mean_then = _blocks(now), _blocks(then)
    varies_now = _blocks(cv2.multiply(now, now)) - mean_now * mean_now
    varies_then = _blocks(cv2.multiply(then, then)) - mean_then * mean_then
    together = _blocks(cv2.multiply(now, then)) - mean_now * mean_then
    fit = (varies_then > TEXTURE**2) & (varies_now > (TEXTURE * min(gain, 1.0)) ** 2)
    fit &= (mean_now > 6) & (mean_now < 245) & (mean_then > 6)
    same = fit & (together > SAME * np.sqrt(np.maximum(varies_now * varies_then, 1e-3)))
    part = np.log(np.maximum(mean_now, 1.0) / np.maximum(mean_then, 1.0) / gain)
    part = np.sign(part) * np.maximum(np.abs(part) - PLAIN, 0.0)
    weight = same.astype(np.float32)
    if not np.any(part * weight):
        return None
    around = cv2.GaussianBlur(weight, (5, 5), 0)
    spread = cv2.GaussianBlur((part * weight).astype(np.float32), (5, 5), 0) / np.maximum(around, 1e-3)
    local = np.where(same, part, np.where(around >= FEWEST, spread, 0.0)).astype(np.float32)
    # One odd block is no lamp.
    calm = cv2.medianBlur(local, 3)
    if not np.any(calm):
        return None
    size = (picture.shape[1], picture.shape[0])
    # The exponential of a quarter of the size, spread linearly: within 0.2 % of that of the whole size.
    quarter = cv2.exp(cv2.resize(calm, QUARTER, interpolation=cv2.INTER_LINEAR)) * np.float32(gain)
    return np.asarray(cv2.resize(quarter, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _blocks(picture: Reals) -> Reals:
    return np.asarray(cv2.resize(picture, BLOCKS, interpolation=cv2.INTER_AREA), np.float32)
