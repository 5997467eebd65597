"""Light that comes from one side, and where a thing stands in its own way.

Sky light is summed over directions of the upper half sphere, each with a shadow map of its own (Williams,
"Casting curved shadows on curved surfaces", SIGGRAPH 1978).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.scenes.stock.mesh import Mesh, Reals
from simulators.scenes.stock.raster import nearest

_MAP = 144
"""Side of a shadow map, pixels."""
_SKY = 14
"""Directions from which the sky lights."""


@dataclass(frozen=True, slots=True, eq=False)
class Shade:
    """What a light sees of a thing: its shadow map."""

    direction: Reals
    """Towards the light, of length 1."""
    axes: Reals
    low: Reals
    zoom: float
    start: float
    front: Reals

    @classmethod
    def towards(cls, mesh: Mesh, direction: Reals) -> Shade:
        """Look at a thing from where the light is."""
        side = np.cross(direction, [0.0, 1.0, 0.0] if abs(direction[1]) < 0.9 else [1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        axes = np.stack([side, np.cross(side, direction)], -1)
        flat, depth = mesh.corners @ axes, mesh.corners @ direction
        low, high = flat.reshape(-1, 2).min(0), flat.reshape(-1, 2).max(0)
        zoom = (_MAP - 4) / float((high - low).max())
        start = float(depth.min()) - 1
        _, front = nearest((flat - low) * zoom + 2, depth - start, _MAP, _MAP)
        return cls(direction, axes, low, zoom, start, front)

    def light(self, place: Reals, normal: Reals) -> Reals:
        """How much of it arrives at places of the thing: 0 in its own shadow, else the slope's cosine."""
        pixel = 1 / self.zoom
        lifted = place + normal * (1.5 * pixel)
        at = np.clip((lifted @ self.axes - self.low) * self.zoom + 2, 0, _MAP - 1).astype(np.int64)
        hidden = self.front[at[:, 1], at[:, 0]] > lifted @ self.direction - self.start + 1.5 * pixel
        return np.where(hidden, 0.0, np.maximum(normal @ self.direction, 0))


def sky_over(mesh: Mesh) -> tuple[Shade, ...]:
    """An overcast sky: evenly spread directions (a golden spiral), all alike."""
    n = np.arange(_SKY) + 0.5
    y, turn = n / _SKY, np.pi * (1 + 5**0.5) * n
    ring = np.sqrt(1 - y * y)
    ways = np.stack([ring * np.cos(turn), y, ring * np.sin(turn)], -1)
    return tuple(Shade.towards(mesh, way) for way in ways)
