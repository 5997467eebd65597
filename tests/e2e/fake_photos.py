"""Drawn photos of a pavement with and without bicycles."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

WIDTH, HEIGHT = 960, 540


@cache
def draw(kind: str, seed: int, count: int) -> bytes:
    """A pavement with `count` bicycles on it (`present`: boxed; `now`: bare) or without, as JPEG."""
    random = np.random.default_rng(seed)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    shade = int(random.integers(-14, 15))
    picture[:] = (150 + shade, 152 + shade, 148 + shade)
    wall = (int(random.integers(90, 140)), int(random.integers(105, 140)), int(random.integers(110, 150)))
    cv2.rectangle(picture, (0, 0), (WIDTH, 190), wall, -1)
    for x in range(30, WIDTH, 150):
        cv2.rectangle(picture, (x, 30), (x + 96, 165), (70, 62, 52), -1)
        cv2.rectangle(picture, (x, 30), (x + 96, 165), (180, 180, 175), 3)
    cv2.fillPoly(picture, [np.array([[0, 430], [WIDTH, 350], [WIDTH, HEIGHT], [0, HEIGHT]])], (84, 84, 86))
    cv2.line(picture, (0, 430), (WIDTH, 350), (205, 205, 200), 7)
    for x in range(-200, WIDTH, 70):
        cv2.line(picture, (x, 430), (x + 260, 190), (134 + shade, 136 + shade, 133 + shade), 1)
    zone = np.array([[90, 250], [860, 210], [900, 330], [60, 405]])
    if kind in ("present", "now"):
        for number in range(min(count, 11)):
            _bicycle(picture, 150 + number * 64, 330 - number * 7, random)
    if kind == "present":
        right = 150 + (min(count, 11) - 1) * 64 + 70
        cv2.polylines(picture, [zone], True, (80, 200, 250), 2)
        cv2.rectangle(picture, (92, 225), (right, 375), (60, 60, 240), 3)
    noise = random.normal(0, 5, picture.shape)
    picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    ok, data = cv2.imencode(".jpg", cv2.GaussianBlur(picture, (3, 3), 0), [cv2.IMWRITE_JPEG_QUALITY, 82])
    assert ok
    return data.tobytes()


def _bicycle(picture: np.ndarray, x: int, y: int, random: np.random.Generator) -> None:
    colour = [(40, 190, 240), (200, 150, 40), (70, 170, 80)][int(random.integers(3))]
    for wheel in (x - 26, x + 26):
        cv2.circle(picture, (wheel, y), 21, (30, 30, 30), 3, cv2.LINE_AA)
    frame = [(x - 26, y), (x - 6, y - 36), (x + 18, y - 38), (x, y), (x - 6, y - 36)]
    cv2.polylines(picture, [np.array(frame)], False, colour, 5, cv2.LINE_AA)
    cv2.line(picture, (x + 26, y), (x + 16, y - 52), colour, 5, cv2.LINE_AA)
    cv2.line(picture, (x + 6, y - 54), (x + 26, y - 56), (25, 25, 25), 4, cv2.LINE_AA)
    cv2.line(picture, (x - 14, y - 44), (x + 4, y - 44), (25, 25, 25), 5, cv2.LINE_AA)
