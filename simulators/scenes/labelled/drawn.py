"""Drawn streets, things and people: a stock that needs no photos.

For tests, and where the real one is missing.
A detector does not believe them. What they are good for: clocks, places, light, geometry.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np

from simulators.scenes.footage import Image
from simulators.scenes.stock.model import Kind, Stock, StockBackground, StockCutOut

_SIZE = (720, 1280)
_HORIZON = 0.22
_GROUND = 0.46
"""Where the wall meets the ground, part of the height."""
_METRE = 0.22
"""Of a metre at the bottom, part of the height."""


@functools.cache
def drawn_stock() -> Stock:
    """Six streets and 24 cut-outs, always the same; every other one tunes."""
    streets, cuts = tuple(_street(n) for n in range(6)), tuple(_cut_outs())
    tuning = [one.name for one in streets[::2]] + [one.name for one in cuts[::2]]
    return Stock(streets, cuts, frozenset(tuning))


def _street(number: int) -> StockBackground:
    dice = np.random.default_rng(number)
    rows, columns = _SIZE
    image = np.full((*_SIZE, 3), dice.uniform(90, 170, 3), np.float32)
    edge = round(_GROUND * rows)
    image[edge:] = dice.uniform(90, 150) + dice.uniform(-8, 8, 3)
    for x in range(round(dice.uniform(40, 120)), columns - 120, 190):
        cv2.rectangle(image, (x, 60), (x + 90, 220), tuple(dice.uniform(40, 80, 3)), -1)
        cv2.rectangle(image, (x, 60), (x + 90, 220), tuple(dice.uniform(160, 210, 3)), 5)
    for step in np.geomspace(6, rows - edge, 12):
        y = edge + int(step)
        cv2.line(image, (0, y), (columns, y), (85, 85, 85), 1 + int(step / 120), cv2.LINE_AA)
    for x in range(-2 * columns, 3 * columns, 160):
        foot = (columns // 2 + (x - columns // 2) * 3, rows)
        cv2.line(image, (x, edge), foot, (85, 85, 85), 2, cv2.LINE_AA)
    for scale, strength in ((2, 4.0), (16, 6.0), (80, 8.0)):
        grain = dice.normal(0, 1, (rows // scale + 1, columns // scale + 1)).astype(np.float32)
        grain = cv2.resize(grain, (columns, rows), interpolation=cv2.INTER_CUBIC)
        image += strength * grain[..., None]
    ground = ((0.02, _GROUND + 0.04), (0.98, _GROUND + 0.04), (0.98, 0.97), (0.02, 0.97))
    return StockBackground(
        f"drawn-street-{number}", np.clip(image, 0, 255).astype(np.uint8), ground, _HORIZON, _METRE
    )


def _cut_outs() -> list[StockCutOut]:
    found = []
    for n in range(6):
        dice = np.random.default_rng(100 + n)
        bicycle = frozenset({"bicycle", "motorcycle"})
        found.append(
            StockCutOut(f"drawn-bicycle-{n}", "bicycle", bicycle, _bicycle(dice), 1.1, "two_wheeler")
        )
    for n in range(4):
        dice = np.random.default_rng(200 + n)
        kind: Kind = "bulky" if n < 2 else "goods"
        unknown = frozenset({"unknown"})
        found.append(StockCutOut(f"drawn-box-{n}", "unknown", unknown, _box(dice), 0.8, kind))
    for n in range(4):
        dice = np.random.default_rng(300 + n)
        cars = frozenset({"car", "truck", "bus"})
        found.append(StockCutOut(f"drawn-van-{n}", "car", cars, _van(dice), 1.9, "vehicle"))
    for n in range(10):
        dice = np.random.default_rng(400 + n)
        person = frozenset({"person"})
        found.append(StockCutOut(f"drawn-person-{n}", "person", person, _person(dice), 1.7, "person"))
    return found


def _sheet(rows: int, columns: int) -> Image:
    return np.zeros((rows, columns, 4), np.uint8)


def _hue(dice: np.random.Generator, low: int = 20, high: int = 230) -> tuple[int, int, int, int]:
    blue, green, red = (int(v) for v in dice.integers(low, high, 3))
    return blue, green, red, 255


def _bicycle(dice: np.random.Generator) -> Image:
    out = _sheet(330, 560)
    frame, tyre = _hue(dice, 0, 120), (25, 25, 25, 255)
    for x in (110, 450):
        cv2.circle(out, (x, 219), 100, tyre, 16, cv2.LINE_AA)
        for turn in range(0, 180, 30):
            reach = (int(95 * np.cos(np.radians(turn))), int(95 * np.sin(np.radians(turn))))
            cv2.line(out, (x - reach[0], 219 - reach[1]), (x + reach[0], 219 + reach[1]), tyre, 3)
    for a, b in (
        ((110, 219), (260, 219)),
        ((110, 219), (215, 90)),
        ((215, 90), (260, 219)),
        ((215, 95), (410, 90)),
        ((260, 219), (410, 90)),
        ((400, 30), (450, 219)),
    ):
        cv2.line(out, a, b, frame, 17, cv2.LINE_AA)
    cv2.ellipse(out, (210, 70), (50, 15), 0, 0, 360, tyre, -1, cv2.LINE_AA)
    cv2.line(out, (400, 30), (350, 20), tyre, 14, cv2.LINE_AA)
    cv2.rectangle(out, (410, 70), (520, 150), _hue(dice), -1)
    return out


def _box(dice: np.random.Generator) -> Image:
    out = _sheet(400, 520)
    blue, green, red, _ = _hue(dice, 60, 200)
    for corners, part in (
        ([(20, 90), (330, 120), (330, 399), (20, 360)], 1.0),
        ([(330, 120), (500, 80), (500, 350), (330, 399)], 0.65),
        ([(20, 90), (190, 55), (500, 80), (330, 120)], 1.2),
    ):
        shade = (*(min(255, int(v * part)) for v in (blue, green, red)), 255)
        cv2.fillPoly(out, [np.array(corners, np.int32)], shade, cv2.LINE_AA)
    cv2.line(out, (175, 105), (175, 378), (30, 60, 90, 255), 14)
    return out


def _van(dice: np.random.Generator) -> Image:
    out = _sheet(420, 980)
    body, glass, black = _hue(dice, 40, 240), (60, 50, 45, 255), (20, 20, 20, 255)
    corners = [(20, 350), (20, 60), (60, 20), (680, 20), (860, 180), (960, 220), (960, 350)]
    cv2.fillPoly(out, [np.array(corners, np.int32)], body, cv2.LINE_AA)
    for left, right in ((70, 300), (330, 640)):
        cv2.rectangle(out, (left, 60), (right, 170), glass, -1)
    cv2.fillPoly(out, [np.array([(670, 60), (690, 60), (810, 180), (670, 180)], np.int32)], glass)
    for x in (200, 780):
        cv2.circle(out, (x, 350), 69, black, -1, cv2.LINE_AA)
        cv2.circle(out, (x, 350), 32, (150, 150, 150, 255), -1, cv2.LINE_AA)
    return out


def _person(dice: np.random.Generator) -> Image:
    out = _sheet(520, 190)
    coat, legs, skin = _hue(dice), _hue(dice, 10, 110), (140, 170, 210, 255)
    for x in (65, 125):
        cv2.line(out, (95, 280), (x, 490), legs, 44, cv2.LINE_AA)
        cv2.ellipse(out, (x + 8, 508), (26, 11), 0, 0, 360, (20, 20, 20, 255), -1)
    cv2.ellipse(out, (95, 200), (60, 115), 0, 0, 360, coat, -1, cv2.LINE_AA)
    for x in (35, 155):
        cv2.line(out, (95 + (x - 95) // 2, 120), (x, 270), coat, 30, cv2.LINE_AA)
    cv2.ellipse(out, (95, 48), (34, 44), 0, 0, 360, skin, -1, cv2.LINE_AA)
    cv2.ellipse(out, (95, 32), (37, 32), 0, 180, 360, (25, 25, 25, 255), -1, cv2.LINE_AA)
    return out
