"""The light that each condition plays in."""

from __future__ import annotations

import math
import random

from simulators.scenes.labelled.light import Beam, Curve, Light, Pool, Shade, level
from simulators.scenes.labelled.model import Condition
from simulators.scenes.labelled.sprites import WIDTH


def light_for(condition: Condition, seconds: float, dice: random.Random) -> Light:
    """The light of a scene of that condition and length."""
    knee, noise = dice.uniform(0.0, 0.8), dice.uniform(0.6, 2.4)
    if condition == "gain_step":
        return Light(gain=_steps(seconds, dice), noise=level(noise), knee=knee)
    if condition == "dusk":
        return _dusk(seconds, dice, knee, noise)
    if condition == "infrared":
        return _infrared(seconds, dice, knee, noise)
    if condition == "headlights":
        return _night(seconds, dice, knee)
    if condition == "rain":
        return Light(
            gain=level(dice.uniform(0.75, 1.0)),
            warmth=level(dice.uniform(-0.25, 0.0)),
            haze=level(dice.uniform(0.08, 0.35)),
            noise=level(dice.uniform(2.0, 4.5)),
            knee=knee,
        )
    if condition == "shadow":
        return Light(noise=level(noise), knee=knee, shades=_shades(seconds, dice))
    return Light(gain=_drift(seconds, dice), noise=level(noise), knee=knee)


def _drift(seconds: float, dice: random.Random) -> Curve:
    """The slow unrest of any daylight, a few per cent."""
    times = tuple(60.0 * n for n in range(int(seconds / 60) + 2))
    return Curve(times, tuple(dice.uniform(0.96, 1.04) for _ in times))


def _steps(seconds: float, dice: random.Random) -> Curve:
    """Exposure that steps, steps and recovers, pumps, or a cloud's; between 0.6 and 1.6."""
    points: list[tuple[float, float]] = [(0.0, 1.0)]
    base, t = 1.0, dice.uniform(12, 30)
    while t < seconds - 5:
        kind = dice.choice(("step", "step", "recover", "pump", "cloud"))
        factor = math.exp(dice.choice((-1, 1)) * dice.uniform(0.15, 0.5))
        there = min(1.6, max(0.6, base * factor))
        points.append((t, base))
        if kind == "step":
            t += dice.choice((0.1, 1.0, 2.0))
            points.append((t, there))
            base = there
        elif kind == "recover":
            over = dice.uniform(3, 12)
            points += [
                (t + 0.1 + part * over, base + (there - base) * math.exp(-4 * part))
                for part in (0, 0.15, 0.3, 0.5, 0.7, 1)
            ]
            t += over + 0.2
            points.append((t, base))
        elif kind == "pump":
            period, swing = dice.uniform(3, 9), dice.uniform(0.05, 0.2)
            for number in range(8 * dice.randrange(2, 5)):
                part = base * (1 + swing * math.sin(number * math.pi / 4))
                points.append((t + (number + 1) * period / 8, min(1.6, max(0.6, part))))
            t = points[-1][0] + 0.5
            points.append((t, base))
        else:
            fall, stay = dice.uniform(3, 12), dice.uniform(5, 40)
            dim = base * dice.uniform(0.65, 0.9)
            points += [(t + fall, dim), (t + fall + stay, dim), (t + 2 * fall + stay, base)]
            t += 2 * fall + stay
        t += dice.uniform(8, 50)
    return Curve(tuple(p[0] for p in points), tuple(min(1.6, max(0.6, p[1])) for p in points))


def pools(dice: random.Random) -> tuple[Pool, ...]:
    """The light of one to three street lamps."""
    return tuple(
        Pool(
            dice.uniform(0.1, 0.9), dice.uniform(0.45, 0.9), dice.uniform(0.2, 0.5), dice.uniform(0.15, 0.35)
        )
        for _ in range(dice.randrange(1, 4))
    )


def _dusk(seconds: float, dice: random.Random, knee: float, noise: float) -> Light:
    """Day falls over the scene to lamps; one time in three the other way round."""
    dark, lit, warm = dice.uniform(0.4, 0.6), dice.uniform(0.4, 1.1), dice.uniform(0.2, 0.9)
    begin, end = dice.uniform(0, 0.2) * seconds, dice.uniform(0.6, 1.0) * seconds
    on = begin + dice.uniform(0.4, 0.8) * (end - begin)
    glow = dice.uniform(2, 20)
    grain = dice.uniform(3.0, 5.5)
    curves = {
        "gain": [(begin, 1.0), (end, dark)],
        "warmth": [(begin, -0.2 * dice.random()), (on, -0.15), (on + glow, warm)],
        "lamps": [(on, 0.0), (on + glow, lit)],
        "noise": [(begin, noise), (end, grain)],
    }
    if dice.random() < 0.33:
        curves = {name: [(seconds - t, v) for t, v in reversed(points)] for name, points in curves.items()}
    made = {
        name: Curve(tuple(p[0] for p in points), tuple(p[1] for p in points))
        for name, points in curves.items()
    }
    return Light(made["gain"], made["warmth"], made["lamps"], made["noise"], knee=knee, pools=pools(dice))


def _infrared(seconds: float, dice: random.Random, knee: float, noise: float) -> Light:
    """Light falls until the camera switches to infrared, for good or for a while."""
    switch = dice.uniform(0.2, 0.75) * seconds
    back = math.inf if dice.random() < 0.6 else switch + dice.uniform(0.15, 0.5) * (seconds - switch)
    dark = dice.uniform(0.45, 0.75)
    moment = dice.uniform(0.0, 2.0)
    times = [0.0, switch - 0.1, switch, switch + moment, switch + moment + 0.1]
    gains = [1.0, dark, dice.choice((0.25, 1.0, 1.7)), 1.0, 1.0]
    if math.isfinite(back):
        times += [back - 0.1, back, seconds]
        gains += [1.0, dark, dice.uniform(dark, 1.0)]
    grain = dice.uniform(2.5, 4.5)
    return Light(
        Curve(tuple(times), tuple(gains)),
        noise=Curve((0.0, switch), (noise, grain)),
        knee=knee,
        infrared=((switch, back),),
    )


def beams_for(
    begin: float, seconds: float, dice: random.Random, between: tuple[float, float]
) -> tuple[Beam, ...]:
    """Headlights that pass, some of which wait half-way."""
    beams, t = [], begin + dice.uniform(3, 12)
    while t < begin + seconds - 5:
        waits = dice.uniform(4, 15) if dice.random() < 0.15 else 0.0
        beams.append(
            Beam(
                t,
                dice.uniform(2, 8),
                dice.uniform(0.35, 0.8),
                dice.random() < 0.5,
                dice.uniform(0.4, 1.0),
                waits,
            )
        )
        t += dice.uniform(*between)
    return tuple(beams)


def _night(seconds: float, dice: random.Random, knee: float) -> Light:
    """Lamps, and cars that pass with their lights on."""
    return Light(
        gain=level(dice.uniform(0.4, 0.6)),
        warmth=level(dice.uniform(0.1, 0.9)),
        lamps=level(dice.uniform(0.4, 1.1)),
        noise=level(dice.uniform(2.5, 5.0)),
        knee=knee,
        pools=pools(dice),
        beams=beams_for(0.0, seconds, dice, (5, 25)),
    )


def _shades(seconds: float, dice: random.Random) -> tuple[Shade, ...]:
    """The sharp shadows of poles and a house that creep, and the soft ones of clouds that move."""
    shades = [pole(dice, seconds / 2, dice.uniform(1, 8)) for _ in range(dice.randrange(0, 3))]
    if dice.random() < 0.6 or not shades:
        shades.append(_house(dice))
    if dice.random() < 0.5:
        shades += [cloud(dice, dice.uniform(0, seconds)) for _ in range(dice.randrange(1, 4))]
    return tuple(shades)


def _creep(pixels: float, dice: random.Random) -> float:
    """Parts of the width a second, either way, for so many luma pixels a minute."""
    return dice.choice((-1, 1)) * pixels / 60 / WIDTH


def pole(dice: random.Random, middle: float, pixels: float) -> Shade:
    """The shadow of a pole that is in the picture at `middle` and creeps `pixels` a minute."""
    x, wide, lean = dice.uniform(0.05, 0.95), dice.uniform(0.008, 0.03), dice.uniform(-0.5, 0.5)
    top = dice.uniform(0.35, 0.6)
    corners = ((x, 1.05), (x + wide, 1.05), (x + wide * 0.7 + lean, top), (x + lean, top))
    dark = level(dice.uniform(0.2, 0.45))
    drift = _creep(pixels, dice)
    return Shade(
        tuple((cx - drift * middle, cy) for cx, cy in corners), (drift, 0.0), dark, dice.uniform(0.8, 2.5)
    )


def _house(dice: random.Random) -> Shade:
    edge, lean = dice.uniform(0.2, 0.8), dice.uniform(-0.3, 0.3)
    far = -1.5 if dice.random() < 0.5 else 2.5
    corners = ((far, -0.1), (edge + lean, -0.1), (edge, 1.1), (far, 1.1))
    return Shade(
        corners,
        (_creep(dice.uniform(1, 8), dice), 0.0),
        level(dice.uniform(0.2, 0.45)),
        dice.uniform(0.8, 3.0),
    )


def cloud(dice: random.Random, at: float) -> Shade:
    """The shadow of a cloud whose middle is in the picture's at `at`."""
    speed = dice.choice((-1, 1)) * dice.uniform(0.03, 0.25)
    wide, high = dice.uniform(0.3, 1.5), dice.uniform(0.5, 1.5)
    corners = tuple(
        (
            0.5 - speed * at + wide * math.cos(angle) * dice.uniform(0.7, 1.0),
            0.5 + high * math.sin(angle) * dice.uniform(0.7, 1.0),
        )
        for angle in (k * math.pi / 5 for k in range(10))
    )
    return Shade(corners, (speed, 0.0), level(dice.uniform(0.12, 0.35)), dice.uniform(20, 60))
