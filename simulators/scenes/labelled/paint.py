"""From the plan of a scene and a time to a picture, grey and small or in colour and large."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from simulators.scenes.footage import Image
from simulators.scenes.labelled.actors import Actor, Thing
from simulators.scenes.labelled.light import Light
from simulators.scenes.labelled.model import Condition
from simulators.scenes.labelled.sprites import FINER, HEIGHT, WIDTH
from simulators.scenes.labelled.stage import Stage
from simulators.scenes.labelled.weather import Rain, Sway, rained, streaks, swayed

DAY = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
"""The invented day on which every scene begins."""
_ROOM = 64
"""A pattern of noise is cut at a random place out of one this much larger."""
CHROMA = (160, 90)
"""Columns and rows of the planes of colour."""
CHROMA_GRAIN = 0.6
"""Of the noise of the luma picture, what is left in colour at that size: in real clips 0 to 1 level is."""
_NOISE = 24
"""Luma levels of one standard deviation in that pattern."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Everything that decides the pixels of a scene."""

    seed: int
    condition: Condition
    stage: Stage
    things: tuple[Thing, ...]
    others: tuple[Actor, ...]
    """People, and what stands or drives in front."""
    light: Light
    seconds: float
    every: float
    rain: Rain | None = None
    sway: Sway | None = None
    gap: tuple[float, float] | None = None
    """Without pictures, from and until."""
    quality: int | None = None
    """JPEG quality, standing for the codec's own marks; None: none."""
    blur: float = 0.0
    """Of the lens, luma pixels."""

    def times(self) -> Iterator[float]:
        """When a picture is taken."""
        begin, end = self.gap or (0.0, 0.0)
        for number in range(int(self.seconds / self.every) + 1):
            t = round(number * self.every, 3)
            if not begin <= t < end:
                yield t

    @property
    def actors(self) -> tuple[Actor, ...]:
        """All, the farthest first."""
        everything = (*(thing.actor for thing in self.things), *self.others)
        return tuple(sorted(everything, key=lambda one: one.near))


@dataclass(frozen=True, eq=False)
class Painted:
    """One picture; drawn when it is asked for."""

    painter: Painter
    stream_time: float

    @functools.cached_property
    def luma(self) -> Image:
        """[360, 640]."""
        return self.painter.luma(self.stream_time)

    @functools.cached_property
    def chroma(self) -> Image | None:
        """The two planes of colour, Cr and Cb, [90, 160, 2]; None by infrared light."""
        return self.painter.chroma(self.stream_time)

    @property
    def taken_at(self) -> datetime:
        """UTC."""
        return DAY + timedelta(seconds=self.stream_time)

    @property
    def width(self) -> int:
        """Of the source, pixels."""
        return FINER * WIDTH

    def colour(self, width: int | None = None) -> Image:
        """BGR, `width` pixels wide."""
        picture = self.painter.colour(self.stream_time)
        if width is None or width == picture.shape[1]:
            return picture
        size = (width, round(width * HEIGHT / WIDTH))
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


class Painter:
    """Paints one plan at any time; the same time gives the same picture."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._by_minute: dict[int, list[Actor]] = {}
        for actor in plan.actors:
            for minute in range(_minute(actor.times[0]), _minute(min(actor.times[-1], plan.seconds)) + 1):
                self._by_minute.setdefault(minute, []).append(actor)
        self._still: dict[bool, tuple[object, Image]] = {}
        self._hues: tuple[Image, Image] | None = None

    def luma(self, t: float) -> Image:
        """The picture as it is analysed, [360, 640]."""
        return self._finished(self._composed(t, fine=False), t)

    def colour(self, t: float) -> Image:
        """BGR, [720, 1280]."""
        return self._finished(self._composed(t, fine=True), t)

    def chroma(self, t: float) -> Image | None:
        """Cr and Cb as they are analysed, [90, 160, 2]; None by infrared light.

        Small from the start: nobody compares colours at full size. Light is laid on, and what the sensor and
        the codec add; rain's streaks are grey and thinner than these pixels.
        """
        plan, light = self.plan, self.plan.light
        if light.sees_infrared(t):
            return None
        composed = self._composed(t, fine=True)
        if self._hues is None or self._hues[0] is not composed:
            self._hues = composed, np.asarray(cv2.resize(composed, CHROMA, interpolation=cv2.INTER_AREA))
        picture = self._hues[1]
        spread = light.spread(t)
        if spread is not None:
            picture = np.asarray(cv2.multiply(picture, _small(spread), scale=1 / 128), np.uint8)
        picture = np.asarray(cv2.LUT(picture, self._table(t, fine=True)), np.uint8)
        glare = light.glare(t)
        if glare is not None:
            picture = np.asarray(cv2.add(picture, _small(glare)), np.uint8)
        haze = light.haze.at(t)
        if haze > 0:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=1 - haze, beta=130 * haze), np.uint8)
        if plan.sway is not None:
            x, y = plan.sway.shift(t)
            factor = CHROMA[0] / WIDTH
            picture = swayed(picture, (x * factor, y * factor))
        planes = cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb)[..., 1:]
        dice = np.random.default_rng(round(t * 1000) + plan.seed)
        grain = dice.normal(0.0, CHROMA_GRAIN * light.noise.at(t), (45, 80, 2)).astype(np.float32)
        noisy = planes + cv2.resize(grain, CHROMA, interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.round(np.clip(noisy, 0, 255)), np.uint8)

    def _composed(self, t: float, *, fine: bool) -> Image:
        """Background and actors in even light. Do not write into it."""
        infrared = self.plan.light.sees_infrared(t)
        around = self._by_minute.get(_minute(t), ())
        there = [(actor, spot) for actor in around if (spot := actor.at(t)) is not None]
        state = (infrared, [(id(actor), round(x), round(y)) for actor, (x, y) in there])
        kept = self._still.get(fine)
        if kept is not None and kept[0] == state:
            return kept[1]
        picture = self._ground(fine, infrared).copy()
        for actor, (x, y) in there:
            actor.sprite.paste(picture, x, y, infrared)
        self._still[fine] = (state, picture)
        return picture

    def _ground(self, fine: bool, infrared: bool) -> Image:
        stage = self.plan.stage
        if not infrared:
            return stage.colour if fine else stage.grey
        if not fine:
            return stage.infrared
        large = cv2.resize(stage.infrared, (FINER * WIDTH, FINER * HEIGHT), interpolation=cv2.INTER_CUBIC)
        return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), np.uint8)

    def _finished(self, composed: Image, t: float) -> Image:
        """In its light, through its weather, by its camera."""
        plan, light = self.plan, self.plan.light
        fine = composed.ndim == 3
        dice = random.Random(f"{plan.seed}/{round(t * 1000)}")
        picture: Image = composed
        spread = light.spread(t)
        if spread is not None:
            picture = np.asarray(cv2.multiply(picture, _fitted(spread, fine), scale=1 / 128), np.uint8)
        picture = np.asarray(cv2.LUT(picture, self._table(t, fine)), np.uint8)
        glare = light.glare(t)
        if glare is not None:
            picture = np.asarray(cv2.add(picture, _fitted(glare, fine)), np.uint8)
        haze = light.haze.at(t)
        if haze > 0:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=1 - haze, beta=130 * haze), np.uint8)
        if plan.rain is not None:
            picture = rained(picture, plan.rain, self._streaks, t, dice)
        if plan.sway is not None:
            x, y = plan.sway.shift(t)
            factor = FINER if fine else 1
            picture = swayed(picture, (x * factor, y * factor))
        if plan.blur > 0:
            picture = np.asarray(
                cv2.GaussianBlur(picture, (0, 0), plan.blur * (FINER if fine else 1)), np.uint8
            )
        return self._taken(picture, t, dice)

    def _taken(self, picture: Image, t: float, dice: random.Random) -> Image:
        """With the sensor's noise and the codec's marks."""
        strength = self.plan.light.noise.at(t) / _NOISE
        y, x = dice.randrange(_ROOM), dice.randrange(_ROOM)
        noise = _fitted(_noise()[y : y + HEIGHT, x : x + WIDTH], picture.ndim == 3)
        picture = np.asarray(cv2.addWeighted(picture, 1.0, noise, strength, -128 * strength), np.uint8)
        if self.plan.quality is None:
            return picture
        _, data = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, self.plan.quality))
        how = cv2.IMREAD_COLOR if picture.ndim == 3 else cv2.IMREAD_GRAYSCALE
        return np.asarray(cv2.imdecode(data, how), np.uint8)

    def _table(self, t: float, fine: bool) -> Image:
        light = self.plan.light
        table = light.table(t)
        if not fine:
            return table
        if light.sees_infrared(t):
            return np.dstack([table[None]] * 3)
        tinted = [table.astype(np.float32) * gain for gain in light.tint(t)]
        return np.dstack([np.clip(part, 0, 255).astype(np.uint8)[None] for part in tinted])

    @functools.cached_property
    def _streaks(self) -> Image:
        return streaks(self.plan.seed)


def _minute(t: float) -> int:
    return max(0, int(t // 60))


@functools.cache
def _noise() -> Image:
    """Noise around 128, slightly smooth as scaling leaves it, to cut pieces from."""
    raw = np.random.default_rng(7).normal(0, 1, (HEIGHT + _ROOM, WIDTH + _ROOM)).astype(np.float32)
    soft = cv2.GaussianBlur(raw, (0, 0), 0.6)
    return np.asarray(np.round(np.clip(128 + _NOISE * soft / soft.std(), 0, 255)), np.uint8)


def _small(luma: Image) -> Image:
    """A luma map in the size of the planes of colour."""
    small = cv2.resize(luma, CHROMA, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR), np.uint8)


def _fitted(luma: Image, fine: bool) -> Image:
    """A luma map in the size and channels of the picture it is for."""
    if not fine:
        return luma
    large = cv2.resize(luma, (FINER * WIDTH, FINER * HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), np.uint8)
