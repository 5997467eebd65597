"""A camera on a pole sways and slowly turns: bring each picture back onto the usual one."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from edge.see.background import Luma, Mask, Reals

Shift = tuple[float, float]
"""dx, dy in pixels of the analysed picture: how far it lies off the usual one."""

NONE: Shift = (0.0, 0.0)
STEP = 6.0
"""Pixels between two pictures; more is a turned camera, not a swaying one."""
FARTHEST = 32.0
"""Pixels in all; a view that crept further is another view."""
BETTER = 0.9
"""A new shift must fit this much better than the one before to be believed."""
STEEP = 60.0
"""Of the Sobel gradient; asphalt and its noise stay below, painted lines and kerbs are above."""
FEWEST = 150
"""Pixels with edges, at half size; with fewer no shift can be told."""
LARGEST = 15.0
"""Grey steps; what differs more is something in the picture, whatever the shift."""


SETTLED = 3
"""Looks in a row that left the shift as it was, after which only every"""
EVERY = 5
"""one is correlated, and any that fits"""
WORSE = 1.02
"""times worse: on composed scenes 7 to 8 of 10 correlations are spared, and on swaying ones none."""


class Steady:
    """Follows the shift against the usual picture, by phase correlation at half size (0.4 ms)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._size = (shape[1] // 2, shape[0] // 2)
        self.shift = NONE
        self._kept = 0
        """Looks in a row that left the shift as it was."""
        self._held = 0.0
        """Least misfit since the last correlation."""

    def follow(self, luma: Luma, usual: Reals, guarded: Mask | None = None) -> Shift:
        """The shift of this picture. Phase correlation proposes it; it is taken only when it makes
        the pictures clearly more alike than the one before does, since a crowd can fool the correlation.
        `guarded` pixels say nothing: things stand there that `usual` does not show.
        """
        now = cv2.resize(luma, self._size, interpolation=cv2.INTER_AREA).astype(np.float32)
        then = cv2.resize(usual, self._size, interpolation=cv2.INTER_AREA)
        then *= np.float32(_middle(now) / max(1.0, _middle(then)))
        telling = _edges(then)
        if guarded is not None:
            telling &= ~guarded[::2, ::2]
        if np.count_nonzero(telling) < FEWEST:
            return self.shift
        held = _misfit(now, then, self.shift, telling)
        before, found = self.shift, self.shift
        if self._kept < SETTLED or self._kept % EVERY == 0 or held > WORSE * self._held:
            # OpenCV lays the window over what it is given, in place.
            (dx, dy), _ = cv2.phaseCorrelate(then.copy(), now.copy(), _window(self._size))
            found = (2.0 * dx, 2.0 * dy)
            self._held = held
        self._held = min(held, self._held)
        near = max(abs(found[0] - before[0]), abs(found[1] - before[1])) <= STEP
        far = max(abs(found[0]), abs(found[1])) > FARTHEST
        if found != before and near and not far and _misfit(now, then, found, telling) < BETTER * held:
            self.shift = found
        elif before != NONE and _misfit(now, then, NONE, telling) <= held:
            self.shift = NONE
        self._kept = self._kept + 1 if self.shift == before else 0
        return self.shift


@cache
def _window(size: tuple[int, int]) -> Reals:
    window: Reals = cv2.createHanningWindow(size, cv2.CV_32F)
    return window


def _middle(picture: Reals) -> float:
    """The median of every sixteenth pixel: the same ones of both pictures, whose ratio is looked for."""
    return float(np.median(picture[::4, ::4]))


def _edges(picture: Reals) -> Mask:
    """The pixels that tell a shift, away from the border: where the picture has edges."""
    steep = cv2.magnitude(cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1))
    border = int(FARTHEST / 2)
    telling = np.zeros(picture.shape, bool)
    telling[border:-border, border:-border] = steep[border:-border, border:-border] > STEEP
    return telling


def _misfit(now: Reals, then: Reals, shift: Shift, telling: Mask) -> float:
    """Mean difference at half size after moving back by `shift`, without what stands in the picture."""
    back = now if shift == NONE else _moved(now, shift[0] / 2, shift[1] / 2)
    apart = cv2.min(cv2.absdiff(back, then), LARGEST)
    return float(cv2.mean(apart, telling.view(np.uint8))[0])


def steadied(luma: Luma, shift: Shift) -> Luma:
    """`luma` moved back by `shift`; the border repeats its last pixels."""
    if max(abs(shift[0]), abs(shift[1])) < 0.2:
        return luma
    return np.asarray(_moved(luma, *shift), np.uint8)


def _moved(picture: Luma | Reals, dx: float, dy: float) -> Reals:
    matrix = np.array([[1.0, 0.0, -dx], [0.0, 1.0, -dy]], np.float32)
    size = (picture.shape[1], picture.shape[0])
    moved: Reals = cv2.warpAffine(
        picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return moved
