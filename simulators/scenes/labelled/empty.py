"""Hours in which nothing is left: days and nights of people, cars, clouds, shadows, lamps, rain and wind."""

from __future__ import annotations

import math
import random

from simulators.errors import SceneError
from simulators.scenes.labelled.actors import Actor
from simulators.scenes.labelled.cast import Cast
from simulators.scenes.labelled.light import Beam, Curve, Light, Shade
from simulators.scenes.labelled.lights import beams_for, cloud, pole, pools
from simulators.scenes.labelled.model import LabelledScene, split_of
from simulators.scenes.labelled.moves import stand_about
from simulators.scenes.labelled.paint import Plan
from simulators.scenes.labelled.rules import ask
from simulators.scenes.labelled.scene import labelled, stock_for
from simulators.scenes.labelled.sprites import WIDTH, Sprite
from simulators.scenes.labelled.stage import choose_stage
from simulators.scenes.labelled.weather import Rain, make_sway
from simulators.scenes.stock.model import Stock

HOUR, DAY = 3600.0, 86400.0
EVERY = 2.0
DAWN, DUSK = (5.3, 7.0), (18.0, 19.6)
"""Hours between which it gets light, and dark."""
PER_MINUTE = (
    0.05,
    0.02,
    0.02,
    0.02,
    0.05,
    0.2,
    0.8,
    2,
    3,
    2,
    1.5,
    2,
    2.5,
    2,
    1.5,
    1.5,
    2,
    3,
    3,
    2,
    1.5,
    1,
    0.5,
    0.2,
)
"""People who pass, by the hour of the day."""
LOOKS = 60
"""Sprites of passers that are used again and again."""


def empty_hours(seed: int, hours: float, stock: Stock | None = None) -> LabelledScene:
    """A camera over which days and nights pass and in whose zone nothing is left; looked at every 2 s.

    Args:
        seed: which; it decides the split as for other scenes, the hour at which it begins, and whether
            the camera has infrared at night or street lamps.
        hours: how long.
        stock: what it is composed of; the drawn one unless given.

    Raises:
        SceneError: `hours` is not above 0, or no background of the stock has ground enough.

    """
    if not hours > 0:
        raise SceneError("hours: must be above 0")
    half = stock_for(seed, stock)
    dice = random.Random(f"hours/{seed}")
    stages = (choose_stage(dice.choice(half.backgrounds), dice) for _ in range(20))
    stage = next((one for one in stages if one is not None), None)
    if stage is None:
        raise SceneError(f"stock: no background of the {split_of(seed)} split has enough ground; add one")
    cast = Cast(stage, half, dice)
    seconds, begin = hours * HOUR, dice.uniform(0, DAY)
    _people(cast, begin, seconds)
    plan = Plan(
        seed,
        "empty",
        stage,
        (),
        tuple(cast.others),
        _light(begin, seconds, dice),
        seconds,
        EVERY,
        rain=_rain(seconds, dice),
        sway=make_sway(dice, dice.uniform(0.2, 1.5)),
        quality=80,
    )
    return labelled(plan, ask(half, "empty", 30.0, dice).zone(stage.ground), ())


def _people(cast: Cast, begin: float, seconds: float) -> None:
    """Passers by the hour, and now and then some who stand a while."""
    dice = cast.dice
    passers = [*cast.stock.of("person"), *cast.stock.of("animal")]
    walks: list[tuple[Sprite, float]] = []
    for _ in range(LOOKS if passers else 0):
        y = cast.line()
        walks.append((cast.sprite(cast.draw(passers), y), y))
    at = 0.0
    while walks:
        rate = PER_MINUTE[int((begin + at) % DAY // HOUR)]
        at += min(HOUR / 4, dice.expovariate(rate / 60))
        if at >= seconds:
            break
        if dice.random() < 0.04:
            stand_about(cast, at, [dice.uniform(10, 240) for _ in range(dice.randrange(1, 4))])
            continue
        sprite, y = dice.choice(walks)
        speed = max(12.0, cast.stage.metre(y) * dice.uniform(0.9, 1.7))
        rims = (-0.6 * sprite.width, WIDTH + 0.6 * sprite.width)
        first, last = rims if dice.random() < 0.5 else rims[::-1]
        over = abs(last - first) / speed
        cast.others.append(
            Actor(sprite, (at, at + over), ((first, y), (last, y)), fidget=dice.randrange(1, 1 << 30))
        )


def _light(begin: float, seconds: float, dice: random.Random) -> Light:
    by_infrared = dice.random() < 0.5
    dark, warm, lit = dice.uniform(0.4, 0.6), dice.uniform(0.1, 0.9), dice.uniform(0.5, 1.0)
    gain: list[tuple[float, float]] = []
    warmth: list[tuple[float, float]] = []
    lamps: list[tuple[float, float]] = []
    noise: list[tuple[float, float]] = []
    infrared: list[tuple[float, float]] = []
    shades: list[Shade] = []
    beams: list[Beam] = []
    for number in range(-1, int((begin + seconds) // DAY) + 1):
        day = number * DAY - begin  # midnight, on the scene's clock
        rise, set_ = [day + h * HOUR for h in DAWN], [day + h * HOUR for h in DUSK]
        night = 1.0 if by_infrared else dark
        gain += [(rise[0], night), (rise[0] + 1, dark), (rise[1], 1.0)]
        gain += _clouds(rise[1], set_[0], dice)
        gain += [(set_[0], 1.0), (set_[1] - 1, dark), (set_[1], night)]
        on, off = set_[1] - dice.uniform(900, 2400), rise[0] + dice.uniform(900, 2400)
        warmth += [(off, warm), (off + 20, -0.1), (on, -0.15), (on + 20, warm)]
        lamps += [(off, lit), (off + 20, 0.0), (on, 0.0), (on + 20, lit)]
        noise += [(rise[0], 3.5), (rise[1], 1.2), (set_[0], 1.2), (set_[1], 3.5)]
        infrared.append((set_[1], set_[1] + (24 - DUSK[1] + DAWN[0]) * HOUR))
        sun = Curve(
            (rise[1], rise[1] + 1200, set_[0] - 1200, set_[0]), (0.0, dice.uniform(0.2, 0.4), 0.25, 0.0)
        )
        for _ in range(2):
            made = pole(dice, (rise[1] + set_[0]) / 2, dice.uniform(0.5, 2.0))
            shades.append(Shade(made.corners, made.drift, sun, made.soft))
        beams += beams_for(set_[1], min(6 * HOUR, max(0.0, seconds - set_[1])), dice, (20, 240))
    for _ in range(int(seconds / HOUR * 2)):
        at = dice.uniform(0, seconds)
        shades.append(_passing(cloud(dice, at), at))
    return Light(
        _curve(gain),
        _curve(warmth),
        _curve(lamps) if not by_infrared else Curve((0.0,), (0.0,)),
        _curve(noise),
        knee=dice.uniform(0, 0.8),
        pools=pools(dice),
        infrared=tuple(infrared) if by_infrared else (),
        shades=tuple(shades),
        beams=tuple(beam for beam in beams if beam.at >= 0),
    )


def _clouds(begin: float, end: float, dice: random.Random) -> list[tuple[float, float]]:
    """Exposure of a day: slow unrest, steps, and pictures that pump."""
    points: list[tuple[float, float]] = []
    t = begin + 60
    while t < end - 900:
        level = dice.uniform(0.8, 1.15)
        over = dice.choice((1.0, 10.0, 60.0, 300.0))
        points += [(t, points[-1][1] if points else 1.0), (t + over, level)]
        t += over + dice.uniform(60, 1500)
    return [*points, (end - 300, points[-1][1] if points else 1.0)]


def _passing(shade: Shade, at: float) -> Shade:
    """A cloud's shadow that is only there while it passes."""
    around = 2.5 / max(0.03, abs(shade.drift[0]))
    dark = shade.dark.at(at)
    there = Curve((at - around, at - around + 5, at + around - 5, at + around), (0.0, dark, dark, 0.0))
    return Shade(shade.corners, shade.drift, there, shade.soft)


def _rain(seconds: float, dice: random.Random) -> Rain:
    """Showers of a few minutes to an hour."""
    points, t = [(0.0, 0.0)], dice.uniform(600, 6 * HOUR)
    while t < seconds:
        strength, lasts = dice.uniform(0.2, 0.9), dice.uniform(300, HOUR)
        points += [(t, 0.0), (t + 60, strength), (t + lasts, strength), (t + lasts + 120, 0.0)]
        t += lasts + 120 + dice.uniform(HOUR, 10 * HOUR)
    return Rain(_curve(points))


def _curve(points: list[tuple[float, float]]) -> Curve:
    inner = [(t, v) for t, v in sorted(points) if math.isfinite(t)]
    return Curve(tuple(t for t, _ in inner), tuple(v for _, v in inner))
