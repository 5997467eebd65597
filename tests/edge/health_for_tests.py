"""Real pictures of a street degraded in known ways, and how a street looks over a day."""

from __future__ import annotations

import functools
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from devices.site.model import HealthKind, PictureHealth
from edge.see.background import Luma
from edge.see.health.watch import Checkup, HealthWatch
from simulators.scenes import load_assets
from simulators.scenes.looks import background, look

SIZE = (640, 360)
LOOKS = (0, 3, 4, 9, 16, 20)
"""Cameras of the composed street: both stills, several crops and lights, one infrared."""
EACH = pytest.mark.parametrize(
    "index", [0, 9, *(pytest.param(index, marks=pytest.mark.long) for index in (3, 4, 16, 20))]
)
"""One of each still, and the others in the long form."""
Change = Callable[[np.ndarray, int], np.ndarray]
"""A colour picture, and the number of the look."""


@functools.cache
def street(index: int) -> np.ndarray:
    """The empty picture of a camera, 640x360 in colour."""
    return cv2.resize(background(load_assets(), look(index)), SIZE, interpolation=cv2.INTER_AREA)


@functools.cache
def _grain(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(0, 1, SIZE[::-1]).astype(np.float32)


def luma(picture: np.ndarray, number: int = 0, noise: float = 2.0) -> Luma:
    """As the eye gets it, with the sensor's noise of that look, grey levels."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) if picture.ndim == 3 else picture
    grain = _grain(number % 7) * noise
    return np.clip(grey.astype(np.float32) + grain, 0, 255).astype(np.uint8)


def cover(share: float, colour: int, soft: float = 12.0, slope: float = 20.0) -> Change:
    """Something out of focus before `share` of the width, of that grey level, with a soft rim."""

    def covered(picture: np.ndarray, number: int) -> np.ndarray:
        height, width = picture.shape[:2]
        mask = np.zeros((height, width), np.float32)
        mask[:, : round(share * width)] = 1.0
        if share < 1:
            mask = cv2.GaussianBlur(mask, (0, 0), soft)
        tone = colour + slope * np.linspace(-1, 1, height, dtype=np.float32)[:, None, None]
        return np.clip(picture * (1 - mask[..., None]) + tone * mask[..., None], 0, 255).astype(np.uint8)

    return covered


def spray(share: float, colour: int, seed: int = 3) -> Change:
    """Blots of paint on the glass, out of focus, over about `share` of the picture."""
    generator = np.random.default_rng(seed)
    mask = np.zeros(SIZE[::-1], np.float32)
    while mask.mean() < share:
        centre = (int(generator.integers(0, SIZE[0])), int(generator.integers(0, SIZE[1])))
        cv2.circle(mask, centre, int(generator.integers(40, 110)), 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 8.0)[..., None]
    return lambda picture, number: (picture * (1 - mask) + colour * mask).astype(np.uint8)


def blur(radius: float) -> Change:
    return lambda picture, number: cv2.GaussianBlur(picture, (0, 0), radius)


def disc(radius: int) -> Change:
    """Out of focus as a lens is: each point becomes a disc."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2).astype(np.float32)
    return lambda picture, number: cv2.filter2D(
        picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT
    )


def turn(dx: float = 0.0, dy: float = 0.0, angle: float = 0.0, zoom: float = 1.0) -> Change:
    """Pan and tilt in parts of the picture, roll in degrees; what was not in it is mirrored in."""

    def turned(picture: np.ndarray, number: int) -> np.ndarray:
        height, width = picture.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, zoom)
        matrix[:, 2] += (dx * width, dy * height)
        return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)

    return turned


def light(gain: float, offset: float = 0.0) -> Change:
    return lambda picture, number: np.clip(picture.astype(np.float32) * gain + offset, 0, 255).astype(
        np.uint8
    )


def as_is(picture: np.ndarray, number: int) -> np.ndarray:
    return picture


def infrared(picture: np.ndarray, number: int = 0) -> np.ndarray:
    """Switched over at dusk: no colour, other greys for each colour, the camera's own lamp in the middle."""
    blue, green, red = (picture[..., channel].astype(np.float32) for channel in range(3))
    grey = np.clip(0.9 * red + 0.35 * green - 0.25 * blue, 0, 255)
    y, x = np.mgrid[-1 : 1 : SIZE[1] * 1j, -1 : 1 : SIZE[0] * 1j]
    return np.clip(grey * (1.1 - 0.45 * (x * x + y * y)), 0, 255).astype(np.uint8)


def stand(x0: float, y0: float, x1: float, y1: float) -> Change:
    """A bus before that part of the picture: real texture, sharp outline."""
    texture = np.ascontiguousarray(street(9)[:, ::-1])

    def stood(picture: np.ndarray, number: int) -> np.ndarray:
        height, width = picture.shape[:2]
        left, top, right, bottom = (
            round(x0 * width),
            round(y0 * height),
            round(x1 * width),
            round(y1 * height),
        )
        shown = picture.copy()
        shown[top:bottom, left:right] = cv2.resize(texture, (right - left, bottom - top))
        return shown

    return stood


def crowd(people: int) -> Change:
    """So many textured people, elsewhere at every look."""

    def crowded(picture: np.ndarray, number: int) -> np.ndarray:
        shown, places = picture.copy(), np.random.default_rng(number)
        for person in range(people):
            coarse = np.random.default_rng(person).integers(0, 255, (14, 5, 3)).astype(np.uint8)
            x, y = int(places.integers(0, SIZE[0] - 50)), int(places.integers(60, SIZE[1] - 140))
            shown[y : y + 140, x : x + 50] = cv2.resize(coarse, (50, 140), interpolation=cv2.INTER_CUBIC)
        return shown

    return crowded


def rain(drops: int) -> Change:
    """Streaks, and less contrast."""

    def rained(picture: np.ndarray, number: int) -> np.ndarray:
        streaks, places = np.zeros(SIZE[::-1], np.float32), np.random.default_rng(number)
        for x, y, long in zip(
            places.integers(0, SIZE[0], drops), places.integers(0, SIZE[1], drops),
            places.integers(10, 40, drops), strict=True,
        ):  # fmt: skip
            cv2.line(streaks, (int(x), int(y)), (int(x + long * 0.2), int(y + long)), 1.0, 1, cv2.LINE_AA)
        return np.clip(picture * 0.85 + 20 + 60 * streaks[..., None], 0, 255).astype(np.uint8)

    return rained


def sway(picture: np.ndarray, number: int) -> np.ndarray:
    """A pole in the wind: up to 3 pixels each way."""
    dx, dy = np.random.default_rng(number).uniform(-3, 3, 2)
    return turn(dx / SIZE[0], dy / SIZE[1])(picture, number)


def shadow(picture: np.ndarray, number: int) -> np.ndarray:
    """A third of the picture lies in the shade, which creeps."""
    left = (number * 8) % SIZE[0]
    shown = picture.copy()
    shown[:, left : left + 220] = (shown[:, left : left + 220] * 0.45).astype(np.uint8)
    return shown


def hour(of_day: float, number: int, picture: np.ndarray) -> Luma:
    """The street at an hour of the day: light from 0.05 to 1.2, infrared at night, headlights, noise."""
    bright = max(0.05, 0.6 - 0.6 * float(np.cos(np.pi * of_day / 12)))
    if 5 <= of_day < 19:
        return luma(light(bright)(picture, number), number, 2 + 4 * max(0.0, 0.5 - bright))
    shown = 0.75 * infrared(picture).astype(np.float32)
    if number % 20 == 0:
        y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
        shown += 200 * np.exp(-(((x - number * 37 % SIZE[0]) / 90) ** 2 + ((y - 230) / 60) ** 2))
    return luma(np.clip(shown, 0, 255).astype(np.uint8), number, 5)


class Watched:
    """One camera's pictures, one every `step` seconds, and what its health is found to be."""

    def __init__(self, picture: np.ndarray, step: float = 2.0, settings: PictureHealth | None = None) -> None:
        self.picture = picture
        self.step = step
        self.at = 0.0
        self.number = 0
        self.watch = HealthWatch(settings)
        self.ever: set[HealthKind] = set()
        """Everything that stood at any look."""
        self.signs: list[dict[HealthKind, bool | None]] = []

    def show(self, seconds: float, change: Change = as_is, noise: float = 2.0) -> Checkup:
        checkup = None
        for _ in range(round(seconds / self.step)):
            checkup = self.see(luma(change(self.picture, self.number), self.number, noise))
        assert checkup is not None
        return checkup

    def see(self, picture: Luma) -> Checkup:
        self.number += 1
        self.at += self.step
        checkup = self.watch.see(picture, self.at)
        self.ever |= standing(checkup)
        self.signs.append(dict(checkup.signs))
        return checkup


def standing(checkup: Checkup) -> set[HealthKind]:
    return {kind for kind, one in checkup.standing.items() if one.on}
