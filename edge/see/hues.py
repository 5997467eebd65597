"""The colours of a place, seldom and small: what grey values leave open, a red box on grey stones settles.

A camera's decoded pictures carry two planes of colour. At a quarter of the analysed size they cost next to
nothing, and one question is put to them only: has the region that holds still another colour than the ground
around it, now or before? The two sides of that comparison lie in one picture, in one light, so neither lamps
nor white balance nor a camera that fades towards night matter. By night there is no colour, and no answer.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.see.background import Mask, Reals
from edge.see.steady import Shift, steadied

Chroma = NDArray[np.uint8]
"""Cr and Cb, [90, 160, 2]; 128 is no colour."""

FOLLOW = 0.1
"""Share of a new picture in what is usual."""
COLOURLESS = 1.0
"""Levels, mean distance from grey: by infrared light a picture has no more."""
FEWEST = (4, 8)
"""Pixels of a region, and of the ground around it, that must be known."""
UNSURE = 4.0
"""Levels: the noise of either side."""
RING = np.ones((7, 7), np.uint8)
RIM = np.ones((3, 3), np.uint8)


class Hues:
    """The usual colours of one camera."""

    def __init__(self) -> None:
        self._usual: Reals | None = None
        self._now: Chroma | None = None
        """None while the picture has no colour."""

    def see(self, chroma: Chroma | None, shift: Shift, busy: Mask) -> None:
        """Take in the colours of one picture; where it is `busy` (of the analysed size) nothing is learnt."""
        self._now = None
        if chroma is None or float(cv2.absdiff(chroma, np.full_like(chroma, 128)).mean()) < COLOURLESS:
            return
        scale = chroma.shape[1] / busy.shape[1]
        self._now = steadied(chroma, (shift[0] * scale, shift[1] * scale))
        if self._usual is None:
            self._usual = self._now.astype(np.float32)
            return
        free = _small(busy, chroma.shape) == 0
        cv2.accumulateWeighted(self._now, self._usual, FOLLOW, mask=free.view(np.uint8))

    def left_behind(self, mask: Mask) -> float:
        """Above 0: the region under `mask` (of the analysed size) has another colour than the ground around
        it now, and had not before: something was left. Below 0: it was taken away. 0: cannot be told.
        """
        if self._usual is None or self._now is None:
            return 0.0
        share = _small(mask, self._now.shape)
        inside = share > 127
        near = cv2.dilate((share > 0).view(np.uint8), RIM)
        around = (cv2.dilate(near, RING) > 0) & (near == 0)
        if np.count_nonzero(inside) < FEWEST[0] or np.count_nonzero(around) < FEWEST[1]:
            return 0.0
        now, before = _apart(self._now, inside, around), _apart(self._usual, inside, around)
        return math.log((now + UNSURE) / (before + UNSURE))


def _small(mask: Mask, shape: tuple[int, ...]) -> Chroma:
    """How much of each small pixel is in `mask`, 0..255."""
    whole = cv2.convertScaleAbs(mask.view(np.uint8), alpha=255.0)
    return np.asarray(cv2.resize(whole, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.uint8)


def _apart(planes: Reals | Chroma, inside: Mask, around: Mask) -> float:
    """Mean distance of the colours inside from the middle one around, levels."""
    middle = np.median(planes[around], axis=0)
    return float(np.hypot(*(planes[inside] - middle).T).mean())
