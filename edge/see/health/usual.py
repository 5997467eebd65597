"""How a camera's picture usually looks: what health is told against. It is kept over a restart."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, field
from typing import Any

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
    Quadrants,
    agreement,
    correlation,
)

TAU = 300.0
"""Seconds in which the usual look follows."""
YOUNG = 10.0
"""Seconds and
looks of it before anything is told against it."""
LOOKS = 5
SHARPNESS_TAU = 1800.0
"""Seconds in which the usual sharpness follows: a lens that slowly slips is not followed, seasons are."""
SHARPNESS_SEEN = 20.0
"""Seconds for which the sharpness in one kind of light must have been seen before it is told against."""
LIGHTS = (50.0, 100.0)
"""Median grey levels that part the kinds of light: night, dusk, day. Noise and the camera's own
smoothing make sharpness differ between them."""


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
        ones = np.ones_like(parts.mean)
        return cls(parts.edges.copy(), parts.mean.copy(), parts.texture.copy(), ones)

    @property
    def established(self) -> bool:
        """Enough was seen to tell something against it."""
        return self.seen >= YOUNG and self.looks >= LOOKS

    def facts(self, parts: Parts, moving: tuple[int, int] | None) -> PictureFacts:
        """One picture held against it."""
        low, middle, high = parts.levels
        count, inside = (None, 0) if moving is None else moving
        burnt = float(np.mean(parts.mean > BURNT))
        if not self.established:
            return PictureFacts(low, middle, high, burnt, count, inside)
        # A darker block shows fainter edges; a brighter one no stronger ones (paint, fog, glare).
        light = np.clip(parts.mean / np.maximum(self.mean, 1.0), 0.0, 1.0)
        expected = self.texture * light
        telling = (expected > TELLING) & (self.agreement > USUALLY) & (parts.mean < BURNT)
        vanished = telling & (parts.texture < LOST * expected)
        strange = telling & ~vanished & (agreement(parts, self.edges) < OTHER)
        number = int(np.count_nonzero(telling))
        lost = vanished | strange
        return PictureFacts(
            low,
            middle,
            high,
            burnt,
            count,
            inside,
            number,
            float(np.count_nonzero(vanished)) / max(1, number),
            float(np.count_nonzero(strange)) / max(1, number),
            _quadrants(lost, telling),
            correlation(parts.mean, self.mean),
            self._sharp(parts),
        )

    def learn(self, parts: Parts, step: float) -> None:
        """Follow a healthy picture, `step` seconds after the one before."""
        self.looks += 1
        self.seen += step
        rate = max(1.0 / self.looks, 1.0 - math.exp(-step / TAU))
        self.agreement += rate * (agreement(parts, self.edges) - self.agreement)
        self.edges += rate * (parts.edges - self.edges)
        self.mean += rate * (parts.mean - self.mean)
        self.texture += rate * (parts.texture - self.texture)
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
            "edges": _packed(self.edges * 8),
            "mean": _packed(self.mean),
            "texture": _packed(self.texture * 8),
            "agreement": _packed(self.agreement * 200),
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
            _unpacked(kept["edges"], (SMALL[1], SMALL[0])) / 8,
            _unpacked(kept["mean"], (BLOCKS[1], BLOCKS[0])),
            _unpacked(kept["texture"], (BLOCKS[1], BLOCKS[0])) / 8,
            _unpacked(kept["agreement"], (BLOCKS[1], BLOCKS[0])) / 200,
            float(kept["seen"]),
            int(kept["looks"]),
            [(float(usual), float(seen)) for usual, seen in kept["sharpness"]],
        )


def _light(parts: Parts) -> int:
    return sum(parts.levels[1] >= limit for limit in LIGHTS)


def _quadrants(lost: Mask, telling: Mask) -> Quadrants:
    """The middle row belongs to both halves."""
    shares = []
    for rows in (slice(0, 5), slice(4, 9)):
        for columns in (slice(0, 8), slice(8, 16)):
            number = int(np.count_nonzero(telling[rows, columns]))
            shares.append(float(np.count_nonzero(lost[rows, columns])) / max(1, number))
    return shares[0], shares[1], shares[2], shares[3]


def _packed(values: Reals) -> str:
    """One byte a value; enough for what was averaged out of bytes."""
    return base64.b64encode(np.clip(values + 0.5, 0, 255).astype(np.uint8).tobytes()).decode()


def _unpacked(text: str, shape: tuple[int, int]) -> Reals:
    values = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    return values.reshape(shape).astype(np.float32)
