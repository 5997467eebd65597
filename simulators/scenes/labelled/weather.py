"""Rain before and on the lens, and the wind in the pole."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import cv2
import numpy as np

from simulators.scenes.footage import Image
from simulators.scenes.labelled.light import Curve, level
from simulators.scenes.labelled.sprites import HEIGHT, WIDTH

MOST_SWAY = 3.0
"""Luma pixels."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A drop on the lens; luma pixels."""

    begin: float
    end: float
    x: int
    y: int
    radius: int


@dataclass(frozen=True, slots=True)
class Rain:
    """How hard it rains, 0 to 1, and the drops on the lens."""

    strength: Curve
    drops: tuple[Drop, ...] = ()


@dataclass(frozen=True, slots=True)
class Wave:
    """One oscillation of the pole."""

    hertz: float
    phase: float
    across: float
    """Luma pixels."""
    down: float


@dataclass(frozen=True, slots=True)
class Sway:
    """Oscillations that gusts make larger and smaller."""

    waves: tuple[Wave, ...]
    gust: float
    """Seconds of one gust."""
    still: float
    """How much of it is there between gusts, 0 to 1."""

    def shift(self, t: float) -> tuple[float, float]:
        """Right and down, luma pixels; together at most `MOST_SWAY`."""
        size = self.still + (1 - self.still) * math.sin(math.pi * t / self.gust) ** 2
        swing = [(w, math.sin(2 * math.pi * (w.hertz * t + w.phase))) for w in self.waves]
        x, y = size * sum(w.across * s for w, s in swing), size * sum(w.down * s for w, s in swing)
        over = max(1.0, math.hypot(x, y) / MOST_SWAY)
        return x / over, y / over


def make_sway(dice: random.Random, most: float) -> Sway:
    """A pole that swings by up to about `most` luma pixels."""
    waves = tuple(
        Wave(
            dice.uniform(0.2, 1.0),
            dice.random(),
            share * most * dice.uniform(0.7, 1.0),
            share * most * dice.uniform(0.1, 0.6),
        )
        for share in (0.6, 0.4)
    )
    return Sway(waves, dice.uniform(8, 40), dice.uniform(0.1, 0.6))


def make_rain(dice: random.Random, seconds: float) -> Rain:
    """Rain for a whole scene; heavy rain brings many drops."""
    strength = dice.uniform(0.25, 1.0)
    drops = []
    for _ in range(int(seconds / 60 * strength * dice.uniform(0, 6))):
        begin = dice.uniform(0, seconds)
        end = begin + dice.uniform(5, 40)
        drops.append(
            Drop(begin, end, dice.randrange(WIDTH), dice.randrange(HEIGHT), round(dice.uniform(5, 18)))
        )
    return Rain(level(strength), tuple(drops))


def swayed(picture: Image, shift: tuple[float, float]) -> Image:
    """The picture moved by parts of a pixel."""
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.warpAffine(picture, move, size, borderMode=cv2.BORDER_REFLECT), np.uint8)


def streaks(seed: int) -> Image:
    """Falling drops as they smear in one exposure: 720x1280 to cut pieces from."""
    dice = np.random.default_rng(seed)
    out = np.zeros((2 * HEIGHT, 2 * WIDTH), np.uint8)
    slant = dice.uniform(-0.25, 0.25)
    for _ in range(1400):
        x, y = dice.integers(0, 2 * WIDTH), dice.integers(0, 2 * HEIGHT)
        length = int(dice.integers(6, 26))
        end = (int(x + slant * length), int(y + length))
        cv2.line(out, (int(x), int(y)), end, int(dice.integers(40, 130)), 1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(out, (3, 3), 0), np.uint8)


def rained(picture: Image, rain: Rain, pattern: Image, t: float, dice: random.Random) -> Image:
    """Streaks over the picture and drops on the lens; works at both sizes."""
    finer = picture.shape[1] // WIDTH
    strength = rain.strength.at(t)
    if strength <= 0:
        return picture
    y, x = dice.randrange(HEIGHT), dice.randrange(WIDTH)
    piece = pattern[y : y + HEIGHT, x : x + WIDTH]
    if finer > 1:
        piece = cv2.cvtColor(cv2.resize(piece, (picture.shape[1], picture.shape[0])), cv2.COLOR_GRAY2BGR)
    out = cv2.addWeighted(picture, 1.0, piece, 0.55 * strength, 0)
    for drop in rain.drops:
        if drop.begin <= t < drop.end:
            _smear(out, drop, finer)
    return np.asarray(out, np.uint8)


def _smear(picture: Image, drop: Drop, finer: int) -> None:
    """What is seen through a drop: blurred, and a little brighter."""
    r = drop.radius * finer
    x0, y0 = max(0, drop.x * finer - 2 * r), max(0, drop.y * finer - 2 * r)
    part = picture[y0 : drop.y * finer + 2 * r, x0 : drop.x * finer + 2 * r]
    if part.size == 0:
        return
    blurred = cv2.convertScaleAbs(cv2.blur(part, (r | 1, r | 1)), alpha=1.0, beta=10)
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.circle(mask, (drop.x * finer - x0, drop.y * finer - y0), r, 255, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), max(1.0, r / 4))
    weight = (mask if part.ndim == 2 else mask[..., None]).astype(np.uint16)
    part[:] = ((blurred.astype(np.uint16) * weight + part.astype(np.uint16) * (255 - weight)) // 255).astype(
        np.uint8
    )
