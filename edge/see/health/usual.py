"""How a camera's picture usually looks: what health is told against. It is kept over a restart."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from edge.see.background import Mask, Reals
from edge.see.health.facts import (
    BLOCKS,
    BURNT,
    LOST,
    OTHER,
    SMALL,
    TELLING,
    USUALLY,
    Blocks,
    Parts,
    PictureFacts,
    Sides,
    agreement,
    correlation,
)

TAU = 300.0
"""Seconds in which the usual look follows."""
SIDE = 5
"""Telling blocks that a side needs."""
NEAR = 3.0
"""Pixels of 160x90 from which a shift counts; what is nearer is a pole that sways."""
FAR = 0.5
"""Of the width: of a picture shifted farther too little is left to compare."""
REGAINED = 0.6
"""Agreement that moving the picture back must bring."""
YOUNG = 10.0
"""Seconds and
looks of it before anything is told against it."""
LOOKS = 5
SHIFTING = 0.25
"""Share of telling blocks without their usual edges from which a shift is looked for."""
FALLS = 3.0
"""Times as fast as it rises: how the usual texture of a block falls."""
SHARPNESS_TAU = 1800.0
"""Seconds in which the usual sharpness follows: a lens that slowly slips is not followed, seasons are."""
SHARPNESS_SEEN = 8.0
"""Seconds for which the sharpness in one kind of light must have been seen before it is told against."""
LIGHTS = (50.0, 100.0)
"""Median grey levels that part the kinds of light: night, dusk, day. Noise and the camera's own
smoothing make sharpness differ between them."""


_WINDOW = cv2.createHanningWindow(SMALL, cv2.CV_32F)


@dataclass(slots=True)
class Usual:
    """The running average of healthy pictures."""

    edges: Reals
    mean: Blocks
    texture: Blocks
    agreement: Blocks
    seen: float = 0.0
    """Seconds."""
    looks: int = 1
    sharpness: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)] * (len(LIGHTS) + 1))
    """For each kind of light: the usual one, and seconds for which it was seen."""

    @classmethod
    def of(cls, parts: Parts) -> Usual:
        """Begin with one picture."""
        unknown = np.zeros_like(parts.mean)
        return cls(parts.edges.copy(), parts.mean.copy(), parts.texture.copy(), unknown)

    @property
    def established(self) -> bool:
        """Enough was seen to tell something against it."""
        return self.seen >= YOUNG and self.looks >= LOOKS

    def alike(self, parts: Parts) -> Blocks:
        """The agreement of a picture's edges with the usual ones."""
        return agreement(parts.edges, self.edges)

    def facts(self, parts: Parts, alike: Blocks, unlike: tuple[float, bool] | None) -> PictureFacts:
        """One picture held against it; `alike` as of `alike`."""
        low, middle, high = parts.levels
        shifted = 0.0
        share, moved = (None, False) if unlike is None else unlike
        burnt = float(np.mean(parts.mean > BURNT))
        if not self.established:
            return PictureFacts(low, middle, high, burnt, share, moved)
        # A darker block shows fainter edges; a brighter one no stronger ones (paint, fog, glare).
        light = np.clip(parts.mean / np.maximum(self.mean, 1.0), 0.0, 1.0)
        expected = self.texture * light
        telling = (expected > TELLING) & (self.agreement > USUALLY) & (parts.mean < BURNT)
        vanished = telling & (parts.texture < LOST * expected)
        strange = telling & ~vanished & (alike < OTHER)
        number = int(np.count_nonzero(telling))
        lost = vanished | strange
        if np.count_nonzero(lost) > SHIFTING * number:
            shifted = _shift(parts, self.edges, telling)
        return PictureFacts(
            low,
            middle,
            high,
            burnt,
            share,
            moved,
            number,
            float(np.count_nonzero(vanished)) / max(1, number),
            float(np.count_nonzero(strange)) / max(1, number),
            _sides(lost, telling),
            shifted,
            correlation(parts.mean, self.mean),
            self._sharp(parts),
        )

    def learn(self, parts: Parts, alike: Blocks, step: float) -> None:
        """Follow a healthy picture, `step` seconds after the one before; `alike` as of `alike`."""
        self.looks += 1
        self.seen += step
        rate = max(1.0 / self.looks, 1.0 - math.exp(-step / TAU))
        self.agreement += rate * (alike - self.agreement)
        self.edges += rate * (parts.edges - self.edges)
        self.mean += rate * (parts.mean - self.mean)
        # What passes by adds edges and takes none.
        down = min(1.0, FALLS * rate)
        self.texture += np.where(parts.texture < self.texture, down, rate) * (parts.texture - self.texture)
        if parts.sharpness is not None:
            light = _light(parts)
            usual, seen = self.sharpness[light]
            rate = max(step / (seen + step), 1.0 - math.exp(-step / SHARPNESS_TAU)) if step > 0 else 0.0
            self.sharpness[light] = (usual + rate * (parts.sharpness - usual), seen + step)

    def _sharp(self, parts: Parts) -> float | None:
        usual, seen = self.sharpness[_light(parts)]
        if parts.sharpness is None or seen < SHARPNESS_SEEN:
            return None
        return parts.sharpness / usual

    def kept(self) -> dict[str, Any]:
        """For the shelf, as JSON."""
        return {
            "edges": _packed(self.edges, 8),
            "mean": _packed(self.mean, 1),
            "texture": _packed(self.texture, 8),
            "agreement": _packed(self.agreement, 200),
            "seen": self.seen,
            "looks": self.looks,
            "sharpness": self.sharpness,
        }

    @classmethod
    def back(cls, kept: dict[str, Any]) -> Usual:
        """From the shelf.

        Raises:
            ValueError, KeyError, TypeError: not made by `kept`.
        """
        return cls(
            _unpacked(kept["edges"], SMALL, 8),
            _unpacked(kept["mean"], BLOCKS, 1),
            _unpacked(kept["texture"], BLOCKS, 8),
            _unpacked(kept["agreement"], BLOCKS, 200),
            float(kept["seen"]),
            int(kept["looks"]),
            [(float(usual), float(seen)) for usual, seen in kept["sharpness"]],
        )


def _light(parts: Parts) -> int:
    return sum(parts.levels[1] >= limit for limit in LIGHTS)


def _sides(lost: Mask, telling: Mask) -> Sides:
    """A side on which too little tells says what the whole picture does."""

    def share(rows: slice, columns: slice) -> float:
        number = int(np.count_nonzero(telling[rows, columns]))
        if number < SIDE:
            return float(np.count_nonzero(lost)) / max(1, int(np.count_nonzero(telling)))
        return float(np.count_nonzero(lost[rows, columns])) / number

    every, first, last = slice(None), slice(2), slice(-2, None)
    return share(first, every), share(last, every), share(every, first), share(every, last)


def _shift(parts: Parts, usual: Reals, telling: Mask) -> float:
    """How far the picture lies off the usual one, if moving it back brings the usual edges back."""
    # Copies: OpenCV lays the window over the very pictures that it is given.
    (dx, dy), _ = cv2.phaseCorrelate(usual.copy(), parts.edges.copy(), _WINDOW)
    far = math.hypot(dx, dy)
    if not NEAR <= far <= FAR * SMALL[0]:
        return 0.0
    back = np.array([[1.0, 0.0, -dx], [0.0, 1.0, -dy]], np.float32)
    moved = cv2.warpAffine(parts.edges, back, SMALL, borderMode=cv2.BORDER_CONSTANT, borderValue=-1.0)
    inside = cv2.resize((moved >= 0).astype(np.float32), BLOCKS, interpolation=cv2.INTER_AREA) > 0.99
    there = telling & inside
    if np.count_nonzero(there) < SIDE:
        return 0.0
    again = agreement(moved, usual)[there]
    return far / SMALL[0] if float(np.median(again)) > REGAINED else 0.0


def _packed(values: Reals, scale: int) -> str:
    """One byte a value; enough for what was averaged out of bytes."""
    return base64.b64encode(np.clip(values * scale + 0.5, 0, 255).astype(np.uint8).tobytes()).decode()


def _unpacked(text: str, size: tuple[int, int], scale: int) -> Reals:
    values = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    return values.reshape(size[::-1]).astype(np.float32) / np.float32(scale)
