"""Looks at parked things for the bench of the detector: cut-outs laid onto still backgrounds, with the truth.

Cut-outs and backgrounds are those of the simulated street and of the stock; a folder of your own adds others:
`DIR/<label>/*.png` (cut-outs with alpha; the label `unknown` for what no detector knows) and
`DIR/background/*` (pictures with nothing of that kind in them).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from simulators.scenes import load_assets
from simulators.scenes.cutout import CutOut, paste
from simulators.scenes.footage import Image
from simulators.scenes.stock.load import load_stock

WIDTH, HEIGHT = 1280, 720
SIZES = (24, 48, 80, 130, 240)
"""Pixels of the longer side, in the colour picture; one of the four bands is drawn, then a size in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture with a place that somebody asks about."""

    picture: Image
    """BGR, 720x1280."""
    box: tuple[int, int, int, int]
    """The place as a crude seeing gives it, pixels of this picture."""
    label: str | None
    """What stands there; None: nothing."""
    size: int
    """Longer side of the thing, pixels."""
    hidden: float
    """Share of it that something else covers."""


@dataclass(frozen=True, slots=True, eq=False)
class Kit:
    """What looks are made of."""

    things: dict[str, list[CutOut]]
    backgrounds: list[Image]


def kit(folder: Path | None = None, *, stock: bool = True) -> Kit:
    """Everything there is; without `stock` only the street's own and what is in `folder`.

    Raises:
        FootageError: set-up has not brought the films and packages they are made of.
    """
    assets = load_assets()
    things: dict[str, list[CutOut]] = {"bicycle": [assets.bicycle], "person": list(assets.man[:2])}
    backgrounds = [assets.pavement, np.ascontiguousarray(assets.railings[:, 640:])]
    if stock:
        found = load_stock()
        backgrounds += [one.image for one in found.backgrounds]
        for thing in found.cutouts:
            things.setdefault(thing.label, []).append(CutOut(thing.label, thing.pixels, (0.0, 0.0)))
    for path in sorted(folder.glob("*/*")) if folder else ():
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if path.parent.name == "background":
            backgrounds.append(np.ascontiguousarray(pixels[..., :3]))
        else:
            height, width = pixels.shape[:2]
            things.setdefault(path.parent.name, []).append(
                CutOut(path.parent.name, pixels, (width / 2, float(height)))
            )
    return Kit(things, backgrounds)


def looks(made_of: Kit, many: int, seed: int, empty: float = 0.3) -> Iterator[Look]:
    """`many` looks, always the same for a seed; a share `empty` of them at places with nothing there.

    Bicycles are half of what stands there, the other labels share the rest.
    """
    dice = random.Random(seed)
    others = sorted(set(made_of.things) - {"bicycle"})
    for _ in range(many):
        label = "bicycle" if dice.random() < 0.5 or not others else dice.choice(others)
        yield _look(made_of, None if dice.random() < empty else label, dice)


def _look(made_of: Kit, label: str | None, dice: random.Random) -> Look:
    picture = _background(dice.choice(made_of.backgrounds), dice)
    band = dice.randrange(len(SIZES) - 1)
    size = dice.randint(SIZES[band], SIZES[band + 1])
    cut = dice.choice(made_of.things[label or "bicycle"])
    alpha = cut.pixels[..., 3] > 128
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    pixels = cut.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = size / max(pixels.shape[:2])
    tint = (dice.uniform(0.8, 1.2), dice.uniform(0.9, 1.1), dice.uniform(0.8, 1.2))
    shape = CutOut(cut.label, np.ascontiguousarray(pixels), (0.0, 0.0)).changed(
        scale, mirror=dice.random() < 0.5, tint=tint
    )
    high, wide = shape.pixels.shape[:2]
    x = dice.randint(20, WIDTH - wide - 20)
    y = dice.randint(HEIGHT // 3, max(HEIGHT // 3, HEIGHT - high - 10))
    hidden = 0.0
    if label is not None:
        before = picture.copy()
        paste(picture, shape.pixels, x, y)
        hidden = _cover(picture, before, (x, y, x + wide, y + high), dice)
        if dice.random() < 0.25 and "person" in made_of.things:
            _somebody(picture, dice.choice(made_of.things["person"]), (x, y, x + wide, y + high), dice)
    return Look(_lit(picture, dice), _crude((x, y, x + wide, y + high), dice), label, size, hidden)


def _background(still: Image, dice: random.Random) -> Image:
    """A 16:9 part of it, mirrored or not, at full size."""
    height, width = still.shape[:2]
    part = min(width, height * WIDTH // HEIGHT)
    part = round(part * dice.uniform(0.6, 1.0))
    tall = part * HEIGHT // WIDTH
    x, y = dice.randint(0, width - part), dice.randint(0, height - tall)
    cut = still[y : y + tall, x : x + part]
    if dice.random() < 0.5:
        cut = cut[:, ::-1]
    large = cv2.resize(np.ascontiguousarray(cut), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def _cover(picture: Image, before: Image, box: tuple[int, int, int, int], dice: random.Random) -> float:
    """In every third look something of the street is in front of up to 40 % of it."""
    x0, y0, x1, y1 = box
    if dice.random() > 1 / 3:
        return 0.0
    share = dice.uniform(0.1, 0.4)
    side = dice.randrange(3)
    across, down = round((x1 - x0) * share), round((y1 - y0) * share)
    part = [(x0, y0, x0 + across, y1), (x1 - across, y0, x1, y1), (x0, y1 - down, x1, y1)][side]
    region = (slice(part[1], part[3]), slice(part[0], part[2]))
    picture[region] = before[region]
    return share


def _somebody(picture: Image, person: CutOut, box: tuple[int, int, int, int], dice: random.Random) -> None:
    """A person stands beside it and covers at most a quarter."""
    x0, y0, x1, y1 = box
    tall = round(1.2 * max(x1 - x0, y1 - y0))
    figure = person.changed(tall / person.pixels.shape[0])
    wide = figure.pixels.shape[1]
    inside = round(dice.uniform(0.0, 0.25) * (x1 - x0))
    left = x1 - inside if dice.random() < 0.5 else x0 - wide + inside
    paste(picture, figure.pixels, left, y1 - tall)


def _lit(picture: Image, dice: random.Random) -> Image:
    """Gain, gamma, a slope of light, sensor noise, infrared now and then, and JPEG."""
    values = picture.astype(np.float32) / 255.0
    values = np.power(np.clip(values * dice.uniform(0.6, 1.25), 0, 1), dice.uniform(0.8, 1.35))
    slope = np.linspace(1.0 - dice.uniform(0, 0.25), 1.0 + dice.uniform(0, 0.25), WIDTH, dtype=np.float32)
    values *= slope[None, :, None]
    if dice.random() < 0.15:
        values = np.repeat(values.mean(2, keepdims=True), 3, 2)
    noise = np.random.default_rng(dice.randrange(2**32)).normal(
        0, dice.uniform(0.5, 5.0) / 255, values.shape[:2]
    )
    values = np.clip(values + noise[..., None].astype(np.float32), 0, 1)
    coded = cv2.imencode(
        ".jpg", np.round(values * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, dice.randint(45, 90)]
    )[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _crude(box: tuple[int, int, int, int], dice: random.Random) -> tuple[int, int, int, int]:
    """What stays is seen with a shadow too much or a wheel too little: each side is a tenth off or so."""
    x0, y0, x1, y1 = box
    dx, dy = (x1 - x0), (y1 - y0)
    moved = [
        round(side + dice.gauss(0, 0.08) * length) for side, length in zip(box, (dx, dy, dx, dy), strict=True)
    ]
    left, top = max(0, moved[0]), max(0, moved[1])
    return left, top, min(WIDTH, max(left + 8, moved[2])), min(HEIGHT, max(top + 8, moved[3]))
