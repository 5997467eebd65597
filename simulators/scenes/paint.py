"""From a scene and a time to a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np

from simulators.scenes.cutout import CutOut, paste
from simulators.scenes.footage import Image
from simulators.scenes.model import Passer, Scene
from simulators.scenes.walker import STEP

_ROOM = 96
"""A pattern of noise is cut at a random place out of one this much larger."""


def render(scene: Scene, t: float) -> Image:
    """The picture at `t`; for many of one scene a `Painter` is faster and paints the same."""
    return Painter(scene).frame(t)


class Painter:
    """Paints one scene at any time, keeping what does not change between frames."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._height, self._width = scene.background.shape[:2]
        self._layers = [(layer, layer.placed(scene.background)) for layer in scene.layers]
        self._in_front = [layer.placed(scene.background) for layer in scene.in_front]
        self._passers = [(passer, _sized(passer)) for passer in scene.passers]
        pattern = np.random.default_rng(scene.seed).normal(0, 1, (self._height + _ROOM, self._width + _ROOM))
        self._noise = np.round(pattern * scene.noise).astype(np.int16)
        self._kept: tuple[object, Image] | None = None

    def frame(self, t: float) -> Image:
        """The picture at `t`. The same array comes back while nothing changes: do not write into it."""
        parts = list(self._parts(t))
        gain, grain = self._scene.gain(t), self._grain(t)
        state = ([(id(pixels), x, y) for pixels, x, y in parts], gain, grain)
        if self._kept is not None and self._kept[0] == state:
            return self._kept[1]
        picture = self._scene.background.copy()
        for pixels, x, y in parts:
            paste(picture, pixels, x, y)
        if gain != 1:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=gain), dtype=np.uint8)
        if self._scene.noise > 0:
            picture = self._noisy(picture, grain)
        self._kept = (state, picture)
        return picture

    def _parts(self, t: float) -> Iterator[tuple[Image, int, int]]:
        for layer, (thing, x, y) in self._layers:
            right = layer.offset(t, self._width)
            if right is not None:
                yield thing.pixels, x + right, y
        for passer, steps in self._passers:
            count = math.floor((t - passer.at) * passer.rate + 1e-6)
            strides, number = divmod(count, len(steps))
            step = steps[number]
            width = step.pixels.shape[1]
            gone = strides * STEP * passer.scale
            x = round(gone - width if passer.to == "right" else self._width - gone)
            if count >= 0 and -width < x < self._width:
                yield step.pixels, x, round(passer.top * self._height)
        for thing, x, y in self._in_front:
            yield thing.pixels, x, y

    def _grain(self, t: float) -> int:
        """The number of the noise's pattern at `t`."""
        if self._scene.noise == 0:
            return 0
        hold = self._scene.noise_hold
        return math.floor(t / hold + 1e-6) if hold else round(t * 1000)

    def _noisy(self, picture: Image, grain: int) -> Image:
        y, x = np.random.default_rng((self._scene.seed, abs(grain))).integers(0, _ROOM, 2)
        noise = self._noise[y : y + self._height, x : x + self._width]
        return np.asarray(cv2.add(picture, cv2.merge([noise] * 3), dtype=cv2.CV_8U), dtype=np.uint8)


def _sized(passer: Passer) -> list[CutOut]:
    mirror = passer.to == "left"
    return [step.changed(passer.scale, mirror=mirror, tint=passer.tint) for step in passer.steps]
