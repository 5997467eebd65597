"""A scene: a still street in which things arrive, stay and leave, and people pass. Pure data and arithmetic.

Positions are in parts of the picture, 0..1 from the top left; times in seconds of the scene's own clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal, TypedDict

import cv2
import numpy as np

from simulators.errors import SceneError
from simulators.scenes.cutout import CutOut
from simulators.scenes.footage import Image
from simulators.scenes.walker import RATE

Side = Literal["left", "right"]
Tint = tuple[float, float, float]
"""Gains of blue, green, red."""
SOLID = 64
"""Alpha from which a pixel counts as part of the thing: more than its shadow's rim, less than a spoke."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A thing that stands in the scene from `arrives` to `leaves`."""

    thing: CutOut
    foot: tuple[float, float]
    """Where its foot stands."""
    scale: float
    """Pixels of the picture per pixel of the cut-out."""
    mirror: bool = False
    tint: Tint = (1, 1, 1)
    arrives: float = -math.inf
    """When it stands still; at 0 or before: it is there from the start."""
    leaves: float = math.inf
    """When it begins to move away."""
    moving: float = 2.5
    """Seconds it is wheeled in, and out."""
    enters_from: Side = "left"
    leaves_to: Side = "right"

    def placed(self, picture: Image) -> tuple[CutOut, int, int]:
        """The cut-out as it stands in `picture`, with the place of its upper left pixel."""
        thing = self.thing.changed(self.scale, mirror=self.mirror, tint=self.tint)
        height, width = picture.shape[:2]
        return (
            thing,
            round(self.foot[0] * width - thing.foot[0]),
            round(self.foot[1] * height - thing.foot[1]),
        )

    def offset(self, t: float, width: int) -> int | None:
        """How many pixels right of its place it is at `t`; None while it is not in the scene."""
        if self.arrives <= t <= self.leaves:
            return 0
        side = self.enters_from if t < self.arrives else self.leaves_to
        since = (self.arrives - t if t < self.arrives else t - self.leaves) / self.moving
        if since >= 1:
            return None
        span = self.thing.pixels.shape[1] * self.scale
        away = span + width * (self.foot[0] if side == "left" else 1 - self.foot[0])
        return int(away * math.pow(since, 1.5)) * (-1 if side == "left" else 1)


@dataclass(frozen=True, slots=True, eq=False)
class Passer:
    """A person who walks through, from just outside the picture at `at`."""

    steps: tuple[CutOut, ...]
    at: float
    scale: float
    top: float = 0.0
    """Where the cut-out's upper edge is; 0 or less, as the man is cut off there."""
    to: Side = "right"
    rate: float = RATE
    """Cut-outs a second."""
    tint: Tint = (1, 1, 1)


@dataclass(frozen=True, slots=True)
class Light:
    """The light changes to `gain` at `at`, over `over` seconds."""

    at: float
    gain: float
    over: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything a picture at any time is made of.

    Raises:
        SceneError: on making one whose parts do not fit together.
    """

    background: Image
    layers: tuple[Layer, ...] = ()
    passers: tuple[Passer, ...] = ()
    lights: tuple[Light, ...] = ()
    in_front: tuple[Layer, ...] = field(default=())
    """Posts and the like, nearer than anybody; never part of the truth."""
    noise: float = 0.0
    """Standard deviation of the sensor's noise, grey levels."""
    noise_hold: float = 0.0
    """Seconds one pattern of noise stays (0: each frame has its own); still pictures cost no bits between."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.background.ndim != 3 or self.background.shape[2] != 3 or self.background.dtype != np.uint8:
            raise SceneError("background: give height x width x 3 bytes (blue, green, red)")
        for layer in self.layers + self.in_front:
            if layer.leaves < layer.arrives:
                raise SceneError(f"layer {layer.thing.label}: leaves before it arrives; swap the times")
            if layer.scale <= 0 or layer.moving <= 0:
                raise SceneError(f"layer {layer.thing.label}: scale and moving must be above 0")

    def resized(self, width: int, height: int) -> Scene:
        """The same scene in another size of the same shape."""
        factor = width / self.background.shape[1]
        small = cv2.resize(self.background, (width, height), interpolation=cv2.INTER_AREA)
        return replace(
            self,
            background=np.asarray(small, dtype=np.uint8),
            layers=tuple(replace(one, scale=one.scale * factor) for one in self.layers),
            in_front=tuple(replace(one, scale=one.scale * factor) for one in self.in_front),
            passers=tuple(replace(one, scale=one.scale * factor) for one in self.passers),
        )

    def gain(self, t: float) -> float:
        """The light at `t`: the last change, blended in over its time."""
        gain = 1.0
        for change in sorted(self.lights, key=lambda one: one.at):
            part = (t - change.at) / change.over if change.over > 0 else float(t >= change.at)
            gain += (change.gain - gain) * min(max(part, 0.0), 1.0)
        return gain


class Truth(TypedDict):
    """One thing that stood in the scene."""

    label: str
    box: list[float]
    """x0, y0, x1, y1 where it stands, 0..1."""
    arrives: float | None
    """When it stands still; None: it was there from the start."""
    leaves: float | None
    """When it begins to move away; None: it stays to the end."""


def truth(scene: Scene) -> list[Truth]:
    """What a perfect observer would report: things that stay. Passers are no part of it."""
    height, width = scene.background.shape[:2]
    found = []
    for layer in scene.layers:
        thing, x, y = layer.placed(scene.background)
        solid = thing.pixels[..., 3] >= SOLID
        rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
        box = ((x + columns[0]) / width, (y + rows[0]) / height)
        far = ((x + columns[-1] + 1) / width, (y + rows[-1] + 1) / height)
        found.append(
            Truth(
                label=layer.thing.label,
                box=[round(min(max(float(part), 0.0), 1.0), 4) for part in box + far],
                arrives=layer.arrives if layer.arrives > 0 else None,
                leaves=layer.leaves if math.isfinite(layer.leaves) else None,
            )
        )
    return found
