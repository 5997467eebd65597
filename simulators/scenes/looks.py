"""Thirty-eight cameras out of two stills: where each stands, how it sees, and where a bicycle would be left.

A look is a 16:9 crop of a still, perhaps mirrored, in its own light. Numbers are pixels of the still.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from simulators.errors import SceneError
from simulators.scenes.assets import Assets
from simulators.scenes.cutout import CutOut
from simulators.scenes.footage import Image
from simulators.scenes.model import Layer, Passer, Scene, Side, Tint

WIDTH, HEIGHT = 1280, 720
"""Of every main stream."""
CAMERAS = 38


@dataclass(frozen=True, slots=True)
class View:
    """Where a camera looks, and the bicycle's place in it."""

    still: Literal["pavement", "railings"]
    corner: tuple[int, int]
    width: int
    """Of the crop; its height is 9/16 of that."""
    foot: tuple[int, int]
    scale: float
    """Of the cut-out in the still: 1 is the size it was filmed at."""


@dataclass(frozen=True, slots=True)
class Tone:
    """How a camera renders light."""

    tint: Tint = (1, 1, 1)
    gamma: float = 1.0
    """Above 1: darker middle tones."""
    colour: float = 1.0
    """Saturation; 0 is a camera switched to infrared."""
    noise: float = 1.6
    """Grey levels."""


VIEWS = (
    View("pavement", (0, 0), 1280, (700, 500), 0.86),
    View("pavement", (320, 60), 960, (800, 490), 0.62),
    View("pavement", (0, 120), 1040, (600, 520), 0.74),
    View("pavement", (430, 160), 850, (860, 490), 0.55),
    View("pavement", (120, 60), 1120, (720, 560), 0.66),
    View("pavement", (560, 130), 720, (930, 478), 0.56),
    View("pavement", (60, 180), 880, (540, 560), 0.66),
    View("pavement", (240, 240), 850, (700, 600), 0.5),
    View("pavement", (200, 20), 1080, (560, 470), 0.6),
    View("railings", (640, 150), 640, (1010, 478), 0.5),
)
TONES = (
    Tone(),
    Tone(tint=(0.9, 0.99, 1.08), gamma=0.95),
    Tone(tint=(1.1, 1.01, 0.92), gamma=1.1),
    Tone(tint=(1.02, 1.0, 0.98), gamma=0.78, colour=0.8),
    Tone(tint=(1.08, 0.98, 0.88), gamma=1.5, noise=2.6),
    Tone(tint=(0.82, 0.94, 1.06), gamma=1.28, colour=1.25),
    Tone(gamma=1.15, colour=0.0, noise=3.0),
)


@dataclass(frozen=True, slots=True)
class Look:
    """One camera of the street."""

    view: View
    tone: Tone
    mirror: bool
    seed: int

    @property
    def zoom(self) -> float:
        """Pixels of the picture per pixel of the still."""
        return WIDTH / self.view.width


def look(index: int) -> Look:
    """The look of camera `index` (0 is P01-C1): no two of the thirty-eight are alike.

    Raises:
        SceneError: there is no such camera.
    """
    if not 0 <= index < CAMERAS:
        raise SceneError(f"camera {index}: the street has {CAMERAS}, numbered from 0")
    turn, place = divmod(index, len(VIEWS))
    return Look(VIEWS[place], TONES[(3 * turn + index) % len(TONES)], bool((turn + place // 5) % 2), index)


def background(assets: Assets, seen: Look) -> Image:
    """The empty picture of a camera, 720x1280."""
    still = assets.pavement if seen.view.still == "pavement" else assets.railings
    (x, y), width = seen.view.corner, seen.view.width
    part = still[y : y + width * HEIGHT // WIDTH, x : x + width]
    large = np.asarray(cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    return toned(large[:, ::-1] if seen.mirror else large, seen.tone)


def toned(picture: Image, tone: Tone) -> Image:
    """A picture in that light; a cut-out keeps its alpha."""
    bgr = picture[..., :3].astype(np.float32)
    grey = bgr @ np.array([0.114, 0.587, 0.299], dtype=np.float32)
    bgr = grey[..., None] + (bgr - grey[..., None]) * tone.colour
    if tone.colour > 0:
        bgr = bgr * np.array(tone.tint, dtype=np.float32)
    bgr = 255 * np.power(np.clip(bgr / 255, 0, 1), tone.gamma)
    out = np.ascontiguousarray(picture).copy()
    out[..., :3] = np.round(bgr).astype(np.uint8)
    return out


@functools.lru_cache(maxsize=len(TONES))
def cut_outs(assets: Assets, tone: Tone) -> tuple[CutOut, ...]:
    """The bicycle and then the man's steps, in that light."""
    return tuple(CutOut(s.label, toned(s.pixels, tone), s.foot) for s in (assets.bicycle, *assets.man))


def place_bicycle(
    assets: Assets, seen: Look, arrives: float = -math.inf, leaves: float = math.inf, moving: float = 2.4
) -> Layer:
    """The bicycle at its place in this camera's picture."""
    view = seen.view
    x = (view.foot[0] - view.corner[0]) / view.width
    y = (view.foot[1] - view.corner[1]) / (view.width * HEIGHT / WIDTH)
    ways: tuple[Side, Side] = ("right", "left") if seen.mirror else ("left", "right")
    return Layer(
        cut_outs(assets, seen.tone)[0],
        (1 - x if seen.mirror else x, y),
        view.scale * seen.zoom,
        mirror=seen.mirror,
        arrives=arrives,
        leaves=leaves,
        moving=moving,
        enters_from=ways[0],
        leaves_to=ways[1],
    )


def pass_by(
    assets: Assets, seen: Look, at: float, to: Side, *, scale: float = 1.0, rate: float = 11.0
) -> Passer:
    """The man walks through this camera's picture."""
    height = seen.view.width * HEIGHT / WIDTH
    steps = cut_outs(assets, seen.tone)[1:]
    return Passer(steps, at, scale * seen.zoom, top=-seen.view.corner[1] / height, to=to, rate=rate)


def with_bicycle(assets: Assets, index: int) -> Scene:
    """Camera `index` with the bicycle standing: what its zone should hold."""
    seen = look(index)
    return Scene(background(assets, seen), (place_bicycle(assets, seen),), noise=seen.tone.noise, seed=index)
