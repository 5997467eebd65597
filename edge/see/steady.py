"""A camera on a pole sways: bring each picture back onto the usual one by a whole shift."""

from __future__ import annotations

import cv2
import numpy as np

from edge.see.background import Luma, Reals

FARTHEST = 8.0
"""Pixels of the analysed picture; a larger shift is a turned camera, not a swaying one."""
LEAST = 0.35
"""Pixels; smaller shifts change less than noise does."""


class Steady:
    """Estimates the sway against the usual picture by phase correlation at half size (about 1 ms)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._size = (shape[1] // 2, shape[0] // 2)
        self._window = cv2.createHanningWindow(self._size, cv2.CV_32F)

    def shift(self, luma: Luma, usual: Reals) -> tuple[float, float]:
        """(dx, dy) in pixels by which `luma` lies off `usual`; (0, 0) when none can be told."""
        now = cv2.resize(luma, self._size, interpolation=cv2.INTER_AREA).astype(np.float32)
        then = cv2.resize(usual, self._size, interpolation=cv2.INTER_AREA)
        (dx, dy), sure = cv2.phaseCorrelate(then, now, self._window)
        dx, dy = 2.0 * dx, 2.0 * dy
        if sure < 0.1 or max(abs(dx), abs(dy)) > FARTHEST or max(abs(dx), abs(dy)) < LEAST:
            return 0.0, 0.0
        return float(dx), float(dy)


def shifted(luma: Luma, dx: float, dy: float) -> Luma:
    """`luma` moved back by (dx, dy); the border repeats its last pixels."""
    matrix = np.array([[1.0, 0.0, -dx], [0.0, 1.0, -dy]], np.float32)
    size = (luma.shape[1], luma.shape[0])
    return np.asarray(
        cv2.warpAffine(luma, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
