"""Synthetic pictures of a street: textured ground, a textured box that is left there, and who names it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import cv2
import numpy as np

from devices.stream import Frame
from devices.stream.fake import frame_of
from edge.see.detector import Colour, Detection

SIZE = (640, 360)
BOX = (280, 180, 380, 260)
"""Of the thing, in pixels."""


def _texture(seed: int, width: int, height: int, low: int, high: int, grain: int) -> Colour:
    rough = np.random.default_rng(seed).integers(low, high, (height // grain + 1, width // grain + 1, 1))
    wide = (width + grain, height + grain)
    grown = cv2.resize(rough.astype(np.uint8), wide, interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(grown[:height, :width], cv2.COLOR_GRAY2BGR)


GROUND = _texture(1, *SIZE, 70, 130, 12)


def thing(ground: Colour = GROUND, box: tuple[int, int, int, int] = BOX) -> Colour:
    """The ground with the thing on it: bright blue and dark patches."""
    picture = ground.copy()
    x0, y0, x1, y1 = box
    patch = _texture(2, x1 - x0, y1 - y0, 0, 255, 10)
    patch[..., 0] = 255
    patch[..., 2] //= 4
    picture[y0:y1, x0:x1] = patch
    return picture


NOISE = [
    cv2.merge([np.random.default_rng(seed).normal(0, 2, SIZE[::-1]).astype(np.int16)] * 3)
    for seed in range(7)
]
EMPTY, TAKEN = GROUND, thing()
DARK = np.zeros_like(GROUND)
BUS = thing(box=(180, 120, 480, 320))
"""Something large in front of the thing; its colours are others."""
BUS[120:320, 180:480] = BUS[120:320, 180:480, ::-1]


class BlueIsABicycle:
    """Names the blue part of whatever it is shown."""

    def __init__(self) -> None:
        self.looks = 0

    def detect(self, picture: Colour, floor: float) -> list[Detection]:
        self.looks += 1
        rows, columns = np.nonzero((picture[..., 0] > 200) & (picture[..., 2] < 100))
        if rows.size < 200:
            return []
        box = tuple(float(edge) for edge in (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
        return [Detection("bicycle", 0.9, box)]


class Film:
    """Frames of one stream: pictures with a little noise, one a second, by stream and by wall clock."""

    def __init__(self, began: datetime) -> None:
        self.began = began
        self.stream = 0.0
        self.number = 0

    def seconds(self) -> float:
        """The time by its wall clock, whatever the machine needs for it."""
        return self.began.timestamp() + self.stream

    def reconnect(self, away: float) -> None:
        """A new stream, whose time begins anew, after `away` seconds."""
        self.began += timedelta(seconds=self.stream + away)
        self.stream = 0.0

    def __call__(self, *scenes: tuple[Colour, int]) -> Iterable[Frame]:
        """So many seconds of each picture."""
        for picture, seconds in scenes:
            for _ in range(seconds):
                self.number += 1
                self.stream += 1.0
                noise = NOISE[self.number % len(NOISE)]
                noisy = np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)
                taken_at = self.began + timedelta(seconds=self.stream)
                yield replace(frame_of(noisy), stream_time=self.stream, taken_at=taken_at)
