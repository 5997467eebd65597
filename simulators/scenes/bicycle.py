"""The parked bicycle, cut out of the still with soft edges, on its feet.

The real one has lost its front wheel and rests on its fork. The cut-out is turned back about its rear
hub and gets a copy of its own rear tyre in front, with drawn spokes in both.
"""

from __future__ import annotations

import cv2
import numpy as np

from simulators.scenes.cutout import CutOut
from simulators.scenes.outlines import BICYCLE
from simulators.scenes.patch import Dot, grid
from simulators.scenes.still import Field

_HUB: Dot = (620.6, 265.4)
_HALF: Dot = (93.0, 130.4)
_LEAN = 4.0
"""The rear wheel's ellipse (fitted to 15 dots on its tyre): centre, half axes, degrees."""
_AXLE: Dot = (1003.0, 384.0)
"""The fork's end."""
_UPRIGHT = 10.5
"""Degrees that bring the axle to wheel height above the pavement's slope."""
_FRONT = 0.93
"""Size of the front wheel against the rear one: it fits between fork and ground."""
_TYRE = (0.865, 1.015)
"""Inner and outer rim of the tyre in half axes."""
_MARGIN = 64
"""Rows added above: turning lifts the handlebar over the still's upper edge."""
_PLACE = (500, 0, 1140, 516)
"""x0, y0, x1, y1 of the cut-out in the still after turning, with the margin."""
_SPOKE = (132.0, 138.0, 136.0)


def bicycle(filmed: Field) -> CutOut:
    """Cut the bicycle out of the pavement's still (544x1280)."""
    still = cv2.copyMakeBorder(filmed, _MARGIN, 0, 0, 0, cv2.BORDER_REPLICATE).astype(np.float32)
    hub = (_HUB[0], _HUB[1] + _MARGIN)
    turn = cv2.getRotationMatrix2D(hub, _UPRIGHT, 1.0)
    axle = turn @ np.array([_AXLE[0], _AXLE[1] + _MARGIN, 1.0])
    front = (float(axle[0]), float(axle[1]))
    size = (still.shape[1], still.shape[0])
    body = cv2.warpAffine(_inside(still.shape), turn, size, flags=cv2.INTER_LINEAR)
    turned = cv2.warpAffine(still, turn, size, flags=cv2.INTER_CUBIC)
    layers = [_shadow(still.shape, hub, front)]
    for centre, half in ((hub, _HALF), (front, (_HALF[0] * _FRONT, _HALF[1] * _FRONT))):
        layers += _wheel(still, hub, centre, half)
    layers.append((body, turned))
    alpha = np.zeros(still.shape[:2], dtype=np.float32)
    colour = np.zeros_like(still)
    for above, paint in layers:
        total = above + alpha * (1 - above)
        share = np.divide(above, total, out=np.zeros_like(above), where=total > 0)[..., None]
        colour, alpha = colour * (1 - share) + paint * share, total
    x0, y0, x1, y1 = _PLACE
    whole = np.dstack([np.clip(colour, 0, 255), alpha * 255])[y0:y1, x0:x1]
    foot = ((hub[0] + front[0]) / 2 - x0, (hub[1] + _HALF[1] + front[1] + _HALF[1] * _FRONT) / 2 - y0)
    return CutOut("bicycle", np.round(whole).astype(np.uint8), foot)


def _inside(shape: tuple[int, ...]) -> Field:
    fine = np.zeros((shape[0] * 2, shape[1] * 2), dtype=np.uint8)
    for outline in BICYCLE:
        cv2.fillPoly(fine, [np.array([(x * 2, (y + _MARGIN) * 2) for x, y in outline], dtype=np.int32)], 255)
    soft = cv2.resize(cv2.GaussianBlur(fine, (0, 0), 1.6), (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(soft / 255, dtype=np.float32)


def _wheel(still: Field, hub: Dot, centre: Dot, half: Dot) -> list[tuple[Field, Field]]:
    """Spokes and tyre at `centre`; the tyre is the rear wheel's lower left, mirrored round."""
    x, y = grid(still.shape)
    cos, sin = np.cos(np.deg2rad(_LEAN)), np.sin(np.deg2rad(_LEAN))
    u = ((x - centre[0]) * cos + (y - centre[1]) * sin) / half[0]
    v = ((y - centre[1]) * cos - (x - centre[0]) * sin) / half[1]
    radius, angle = np.hypot(u, v), np.abs(np.arctan2(v, u))
    seen = np.where(angle < np.deg2rad(62), np.pi - angle, angle)
    along, across = radius * np.cos(seen) * _HALF[0], radius * np.sin(seen) * _HALF[1]
    source_x = (hub[0] + along * cos - across * sin).astype(np.float32)
    source_y = (hub[1] + along * sin + across * cos).astype(np.float32)
    tyre = cv2.remap(still, source_x, source_y, cv2.INTER_CUBIC)
    ring = np.clip((_TYRE[1] - radius) * 30, 0, 1) * np.clip((radius - _TYRE[0]) * 30, 0, 1)
    spokes = np.zeros((still.shape[0] * 2, still.shape[1] * 2), dtype=np.uint8)

    def dot(distance: float, bearing: float) -> tuple[int, int]:
        a, b = distance * np.cos(bearing) * half[0], distance * np.sin(bearing) * half[1]
        return round(2 * (centre[0] + a * cos - b * sin)), round(2 * (centre[1] + a * sin + b * cos))

    for number in range(18):
        bearing = 2 * np.pi * number / 18 + 0.1
        cross = 0.35 if number % 2 else -0.35
        cv2.line(spokes, dot(0.09, bearing + cross), dot(0.87, bearing), 255, 1, cv2.LINE_AA)
    hub_size = (round(half[0] * 0.14), round(half[1] * 0.14))
    cv2.ellipse(spokes, dot(0, 0), hub_size, _LEAN, 0, 360, 255, -1, cv2.LINE_AA)
    thin = cv2.resize(spokes, (still.shape[1], still.shape[0]), interpolation=cv2.INTER_AREA).astype(
        np.float32
    )
    grey = np.broadcast_to(np.array(_SPOKE, dtype=np.float32), still.shape)
    return [(thin / 255 * 0.8, grey), (ring.astype(np.float32), tyre)]


def _shadow(shape: tuple[int, ...], hub: Dot, front: Dot) -> tuple[Field, Field]:
    """What the bicycle takes from an overcast sky: a soft dark strip under both wheels."""
    rear_foot, front_foot = hub[1] + _HALF[1], front[1] + _HALF[1] * _FRONT
    strip = [(hub[0] - 45, rear_foot - 9), (front[0] + 70, front_foot - 9)]
    strip += [(front[0] + 60, front_foot + 7), (hub[0] - 30, rear_foot + 8)]
    dark = np.zeros(shape[:2], dtype=np.float32)
    cv2.fillPoly(dark, [np.array(strip, dtype=np.int32)], 0.42)
    return cv2.GaussianBlur(dark, (0, 0), 9), np.zeros(shape, dtype=np.float32)
