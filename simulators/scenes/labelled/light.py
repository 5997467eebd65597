"""The light of a scene over time: exposure, lamps, infrared, shadows that creep, headlights that pass."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from simulators.scenes.footage import Image
from simulators.scenes.labelled.sprites import HEIGHT, WIDTH, Tint

_COARSE = (90, 160)
"""Soft light is worked out on so many rows and columns."""
_UNIT = 128
"""What 1.0 is in a map of light."""
_X, _Y = (
    np.ascontiguousarray(grid.astype(np.float32) / size)
    for grid, size in zip(np.mgrid[0:90, 0:160][::-1], (160, 90), strict=True)
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A value over time: straight between its points, level before and after them."""

    times: tuple[float, ...]
    values: tuple[float, ...]

    def at(self, t: float) -> float:
        """The value at `t`."""
        return float(np.interp(t, self.times, self.values))


def level(value: float) -> Curve:
    """The same value always."""
    return Curve((0.0,), (value,))


_DAY, _NONE, _GRAIN = level(1.0), level(0.0), level(1.5)


@dataclass(frozen=True, slots=True)
class Pool:
    """Light of a lamp on the ground: an ellipse, parts of the picture."""

    x: float
    y: float
    wide: float
    high: float


@dataclass(frozen=True, slots=True)
class Shade:
    """A shadow that wanders: of a pole or a building (sharp), or of a cloud (soft)."""

    corners: tuple[tuple[float, float], ...]
    """At time 0, parts of the picture."""
    drift: tuple[float, float]
    """Parts of the picture per second."""
    dark: Curve
    """Share of the light that it takes."""
    soft: float
    """Of its edge, luma pixels."""


@dataclass(frozen=True, slots=True)
class Beam:
    """The headlights of something that passes; parts of the picture."""

    at: float
    over: float
    """Seconds from rim to rim."""
    y: float
    right: bool
    """It drives to the right."""
    strength: float
    waits: float = 0.0
    """Seconds it stands still half-way."""

    def x(self, t: float) -> float | None:
        """Where its lamps are; None when it is not there."""
        since = t - self.at
        half = self.over / 2
        if not 0 <= since < self.over + self.waits:
            return None
        part = min(since, half) + max(0.0, since - half - self.waits)
        way = -0.15 + 1.3 * part / self.over
        return way if self.right else 1 - way


@dataclass(frozen=True, slots=True)
class Light:
    """All of it; the default is an even day."""

    gain: Curve = _DAY
    """Of the exposure."""
    warmth: Curve = _NONE
    """0: as filmed; 1: by sodium lamps; below 0: bluish."""
    lamps: Curve = _NONE
    """Light of the pools, against the light everywhere."""
    noise: Curve = _GRAIN
    """Standard deviation, luma levels of the luma picture."""
    haze: Curve = _NONE
    """Share of the contrast that is lost."""
    knee: float = 0.4
    """How strongly the camera bends bright tones; it makes a change of light more than a factor."""
    pools: tuple[Pool, ...] = ()
    infrared: tuple[tuple[float, float], ...] = ()
    """From when until when the camera sees infrared."""
    shades: tuple[Shade, ...] = ()
    beams: tuple[Beam, ...] = ()

    def sees_infrared(self, t: float) -> bool:
        """The camera is switched to infrared at `t`."""
        return any(begin <= t < end for begin, end in self.infrared)

    def tint(self, t: float) -> Tint:
        """Gains of blue, green and red; grey keeps its brightness."""
        warm = self.warmth.at(t)
        blue, green, red = 1 - 0.45 * warm, 1 - 0.02 * warm, 1 + 0.3 * warm
        whole = 0.114 * blue + 0.587 * green + 0.299 * red
        return blue / whole, green / whole, red / whole

    def spread(self, t: float) -> Image | None:
        """How the light is spread over the luma picture, 128 being 1.0; None where it is even."""
        lamps = 0.0 if self.sees_infrared(t) else self.lamps.at(t)
        beams = [(beam, x) for beam in self.beams if (x := beam.x(t)) is not None]
        dark = [(shade, share) for shade in self.shades if (share := shade.dark.at(t)) > 0.01]
        if not beams and not dark and (lamps <= 0.01 or not self.pools):
            return None
        coarse = np.ones(_COARSE, np.float32)
        for pool in self.pools if lamps > 0.01 else ():
            coarse += lamps * _ellipse(pool.x, pool.y, pool.wide, pool.high)
        for beam, x in beams:
            ahead = 0.16 if beam.right else -0.16
            coarse += 0.9 * beam.strength * _ellipse(x + ahead, beam.y, 0.2, 0.07)
        spread = cv2.resize(
            cv2.convertScaleAbs(coarse, alpha=_UNIT), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR
        )
        for shade, share in dark:
            cv2.multiply(spread, _shadow(shade, share, t), spread, 1 / 255)
        return np.asarray(spread, np.uint8)

    def glare(self, t: float) -> Image | None:
        """What headlights add to the luma picture by shining into the lens."""
        out = None
        for beam in self.beams:
            x = beam.x(t)
            if x is None:
                continue
            lamps = 200 * beam.strength * _ellipse(x, beam.y - 0.04, 0.022, 0.035)
            bloom = 55 * beam.strength * _ellipse(x, beam.y - 0.04, 0.12, 0.16)
            out = lamps + bloom if out is None else out + lamps + bloom
        if out is None:
            return None
        return np.asarray(cv2.resize(cv2.convertScaleAbs(out), (WIDTH, HEIGHT)), np.uint8)

    def table(self, t: float) -> Image:
        """Grey level in, grey level out: the exposure, bent at the bright end."""
        bend = max(1e-3, self.knee)
        full = 1 - np.exp(-bend)
        linear = -np.log(1 - np.arange(256) / 255 * full) / bend
        out = 255 * (1 - np.exp(-bend * self.gain.at(t) * linear)) / full
        return np.asarray(np.round(np.clip(out, 0, 255)), np.uint8)


def _ellipse(x: float, y: float, wide: float, high: float) -> npt.NDArray[np.float32]:
    """1 in its middle, falling off like a bell."""
    return np.asarray(np.exp(-(((_X - x) / wide) ** 2) - ((_Y - y) / high) ** 2), np.float32)


def _shadow(shade: Shade, share: float, t: float) -> Image:
    out = np.full((HEIGHT, WIDTH), 255, np.uint8)
    corners = np.array(shade.corners) + np.array(shade.drift) * t
    points = np.round(corners * (WIDTH, HEIGHT) * 16).astype(np.int32)
    cv2.fillPoly(out, [points], round(255 * (1 - share)), lineType=cv2.LINE_AA, shift=4)
    if shade.soft > 6:
        small = cv2.resize(out, (WIDTH // 8, HEIGHT // 8), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), shade.soft / 8)
        return np.asarray(cv2.resize(small, (WIDTH, HEIGHT)), np.uint8)
    return np.asarray(cv2.GaussianBlur(out, (0, 0), shade.soft), np.uint8)
