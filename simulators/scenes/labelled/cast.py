"""Who and what plays in a scene, and where there is room for it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from simulators.scenes.labelled.actors import Actor, PixelBox, Spot, Thing, shown_share
from simulators.scenes.labelled.sprites import HEIGHT, WIDTH, Sprite, Tint
from simulators.scenes.labelled.stage import Polygon, Stage, filled
from simulators.scenes.stock.model import Kind, Stock, StockCutOut

SMALLEST, LARGEST = 26.0, 0.62 * HEIGHT
"""Height of a thing that must be seen, luma pixels."""
ROOM = 6
"""Luma pixels between two things."""
STANDS_OUT = 0.35
"""Share of a thing's pixels that must differ from what is behind by `_STEP`; else nobody could see it."""
_STEP = 22
SHOWS = 0.2
"""Share of a thing that may show behind what hides it."""
TALLEST = 0.5 * HEIGHT
"""Of a metre where people pass: nearer ones would only be legs."""
THINGS: tuple[Kind, ...] = ("two_wheeler", "vehicle", "bulky", "goods")
OFTEN: dict[Kind, int] = {"two_wheeler": 3, "bulky": 2, "goods": 2}
"""How often a kind is drawn, where a rule asks for several."""
TRIES = 60


@dataclass(slots=True)
class Cast:
    """Things and people of one scene while it is being made up."""

    stage: Stage
    stock: Stock
    dice: random.Random
    dim: float = 1.0
    """How dark it gets: what must be seen must stand out the more."""
    by_infrared: bool = False
    """It must be seen by infrared, too."""
    things: list[Thing] = field(default_factory=list)
    others: list[Actor] = field(default_factory=list)
    taken: list[PixelBox] = field(default_factory=list)

    def draw(self, cuts: Sequence[StockCutOut]) -> StockCutOut:
        """One of them: two-wheelers oftenest, each asset as often as another, however many views it has."""
        kinds = sorted({cut.kind for cut in cuts})
        kind = self.dice.choices(kinds, [OFTEN.get(kind, 1) for kind in kinds])[0]
        asset = self.dice.choice(sorted({cut.asset or cut.name for cut in cuts if cut.kind == kind}))
        return self.dice.choice(
            [cut for cut in cuts if cut.kind == kind and (cut.asset or cut.name) == asset]
        )

    def sprite(self, cut: StockCutOut, y: float, *, mirror: bool | None = None) -> Sprite:
        """A cut-out as it looks when it stands at `y`: of this size, in the light of this place.

        `mirror`: the other way round; None: as the dice say.
        """
        dice = self.dice
        light = (self.stage.brightness / 118) ** 0.5 * dice.uniform(0.88, 1.12)
        light = min(1.35, max(0.6, light))
        tint: Tint = (light * dice.uniform(0.95, 1.05), light, light * dice.uniform(0.95, 1.05))
        height = cut.height_m * self.stage.metre(y) * dice.uniform(0.92, 1.08)
        turned, infrared = dice.random() < 0.5, math.exp(dice.gauss(0, 0.25))
        mirror = turned if mirror is None else mirror
        return Sprite(cut, height, mirror=mirror, tint=tint, infrared=infrared)

    def place(self, cuts: Sequence[StockCutOut], polygon: Polygon) -> tuple[Sprite, Spot] | None:
        """A free place in a polygon for one of `cuts`, where it can be seen; None when there is none."""
        floor = filled(polygon)
        rows, columns = np.nonzero(floor)
        if not cuts or rows.size == 0:
            return None
        for _ in range(TRIES):
            pick = self.dice.randrange(rows.size)
            x, y = float(columns[pick]), float(rows[pick])
            cut = self.draw(cuts)
            if not SMALLEST <= cut.height_m * self.stage.metre(y) <= LARGEST:
                continue
            sprite = self.sprite(cut, y)
            left, top = sprite.corner(x, y)
            box = (left, top, left + sprite.width, top + sprite.height)
            inside = left >= 4 and top >= 4 and box[2] <= WIDTH - 4 and box[3] <= HEIGHT - 2
            if (
                inside
                and _stands_on(floor, sprite, x, y)
                and self._free(box)
                and self.stands_out(sprite, left, top)
            ):
                self.taken.append(box)
                return sprite, (x, y)
        return None

    def _free(self, box: PixelBox) -> bool:
        x0, y0, x1, y1 = box
        return all(
            x0 >= a1 + ROOM or x1 + ROOM <= a0 or y0 >= b1 + ROOM or y1 + ROOM <= b0
            for a0, b0, a1, b1 in self.taken
        )

    def stands_out(self, sprite: Sprite, left: int, top: int) -> bool:
        """Enough of it differs from the ground behind."""
        views = [(self.stage.grey, False)] + [(self.stage.infrared, True)] * self.by_infrared
        part = np.s_[top : top + sprite.height, left : left + sprite.width]
        for empty, infrared in views:
            picture = empty.copy()
            sprite.paste(picture, left + sprite.width / 2, top + sprite.height, infrared)
            changed = np.asarray(cv2.absdiff(picture[part], empty[part]))[sprite.solid]
            if changed.size <= 150 or float(np.mean(changed > _STEP / self.dim)) < STANDS_OUT:
                return False
        return True

    def edge(self, sprite: Sprite, x: float) -> float:
        """Outside the picture, on the nearer side or (one time in three) on the other."""
        left = (x < WIDTH / 2) is not (self.dice.random() < 0.33)
        outside = 0.6 * sprite.width + 2
        return -outside if left else WIDTH + outside

    def line(self) -> float:
        """A height on the ground at which somebody may walk."""
        ys = [y * HEIGHT for _, y in self.stage.ground]
        low, high = min(ys), max(ys)
        lines = [float(y) for y in np.linspace(low + 0.05 * (high - low), high, 12)]
        fit = [y for y in lines if self.stage.metre(y) <= TALLEST]
        return self.dice.uniform(fit[0], fit[-1]) if fit else low

    def cover(self, sprite: Sprite, spot: Spot, kind: Kind) -> list[tuple[Sprite, Spot]]:
        """What can stand in front of a thing and hide it: a vehicle, or as many people as it takes.

        Nothing when the stock has nothing large enough.
        """
        cuts = self.stock.of(kind)
        front: list[tuple[Sprite, Spot]] = []
        for _ in range(24 if cuts else 0):
            y = min(spot[1] + self.stage.metre(spot[1]) * self.dice.uniform(0.1, 0.35), HEIGHT + 30.0)
            one = self.sprite(self.draw(cuts), y)
            if not one.fits:
                continue
            reach = 8.0 if kind == "vehicle" else 0.5 * sprite.width
            tried = (one, (spot[0] + self.dice.uniform(-reach, reach), y))
            before, after = shown_share(sprite, spot, front), shown_share(sprite, spot, [*front, tried])
            if kind == "vehicle":
                front = [tried]
            elif after < before - 0.1:
                front.append(tried)
            if after < SHOWS:
                return front
        return []


def _stands_on(
    floor: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], sprite: Sprite, x: float, y: float
) -> bool:
    """The foot, most of its width and a little above it, lies on the floor."""
    up, aside = 0.13 * sprite.height, 0.3 * sprite.width
    dots = ((x, y - 2), (x, y - up), (x - aside, y - 2), (x + aside, y - 2))
    return all(floor[round(v), min(WIDTH - 1, max(0, round(u)))] > 0 for u, v in dots)
