"""What happens in a scene: which things come, where they stand, who brings and takes them, who passes."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from devices.site.model import LeftRule, Names, ParkedRule, Zone
from simulators.scenes.labelled.actors import Actor, PixelBox, Spot, Thing
from simulators.scenes.labelled.props import CutOutLike, Kind, StockLike
from simulators.scenes.labelled.sprites import HEIGHT, WIDTH, Sprite, Tint
from simulators.scenes.labelled.stage import Polygon, Stage, filled

SMALLEST, LARGEST = 26.0, 0.62 * HEIGHT
"""Height of a thing that must be seen, luma pixels."""
ROOM = 6
"""Luma pixels between two things."""
STANDS_OUT = 0.35
"""Share of a thing's pixels that must differ from what is behind by `_STEP`; else nobody could see it."""
_STEP = 22
TALLEST = 0.5 * HEIGHT
"""Of a metre where people pass: nearer ones would only be legs."""
THINGS: tuple[Kind, ...] = ("two_wheeler", "vehicle", "bulky", "goods")
TRIES = 60


@dataclass(slots=True)
class Cast:
    """Things and people of one scene while it is being made up."""

    stage: Stage
    stock: StockLike
    dice: random.Random
    zone: Polygon
    things: list[Thing] = field(default_factory=list)
    others: list[Actor] = field(default_factory=list)
    taken: list[PixelBox] = field(default_factory=list)

    def of(self, kinds: Iterable[Kind]) -> list[CutOutLike]:
        """Cut-outs of these kinds."""
        wanted = frozenset(kinds)
        return [cut for cut in self.stock.cutouts if cut.kind in wanted]

    def sprite(self, cut: CutOutLike, y: float, *, grown: float = 1.0) -> Sprite:
        """A cut-out as it looks when it stands at `y`."""
        dice = self.dice
        light = (self.stage.brightness / 118) ** 0.5 * dice.uniform(0.88, 1.12)
        light = min(1.35, max(0.6, light))
        tint: Tint = (light * dice.uniform(0.95, 1.05), light, light * dice.uniform(0.95, 1.05))
        height = cut.height_m * self.stage.metre(y) * grown * dice.uniform(0.92, 1.08)
        return Sprite(
            cut, height, mirror=dice.random() < 0.5, tint=tint, infrared=math.exp(dice.gauss(0, 0.25))
        )

    def place(self, cuts: Sequence[CutOutLike], polygon: Polygon) -> tuple[Sprite, Spot] | None:
        """A free place in a polygon for one of `cuts`, where it can be seen; None when there is none."""
        floor = cv2.erode(filled(polygon), np.ones((5, 5), np.uint8))
        rows, columns = np.nonzero(floor)
        if not cuts or rows.size == 0:
            return None
        for _ in range(TRIES):
            pick = self.dice.randrange(rows.size)
            x, y = float(columns[pick]), float(rows[pick])
            cut = self.dice.choice(cuts)
            if not SMALLEST <= cut.height_m * self.stage.metre(y) <= LARGEST:
                continue
            sprite = self.sprite(cut, y)
            left, top = sprite.corner(x, y)
            box = (left, top, left + sprite.width, top + sprite.height)
            inside = left >= 4 and top >= 4 and box[2] <= WIDTH - 4 and box[3] <= HEIGHT - 2
            inside = inside and floor[round(y - 0.13 * sprite.height), round(x)] > 0
            if inside and self._free(box) and self._stands_out(sprite, left, top):
                self.taken.append(box)
                return sprite, (x, y)
        return None

    def _free(self, box: PixelBox) -> bool:
        x0, y0, x1, y1 = box
        return all(
            x0 >= a1 + ROOM or x1 + ROOM <= a0 or y0 >= b1 + ROOM or y1 + ROOM <= b0
            for a0, b0, a1, b1 in self.taken
        )

    def _stands_out(self, sprite: Sprite, left: int, top: int) -> bool:
        picture = self.stage.grey.copy()
        sprite.paste(picture, left + sprite.width / 2, top + sprite.height, infrared=False)
        part = np.s_[top : top + sprite.height, left : left + sprite.width]
        changed = cv2.absdiff(picture[part], self.stage.grey[part])[sprite.solid]
        return changed.size > 150 and float(np.mean(changed > _STEP)) >= STANDS_OUT

    # -- moving ---------------------------------------------------------------------------------------

    def edge(self, sprite: Sprite, x: float) -> float:
        """Outside the picture, on the nearer side or (one time in three) on the other."""
        near = x < WIDTH / 2
        if self.dice.random() < 0.33:
            near = not near
        return -0.6 * sprite.width - 2 if near else WIDTH + 0.6 * sprite.width + 2

    def bring(self, sprite: Sprite, spot: Spot, rest: float, leave: float, *, counts: bool = True) -> Thing:
        """A thing that comes by itself or with somebody, stands from `rest`, and goes the same way at `leave`."""
        times: list[float] = []
        spots: list[Spot] = []
        drives = sprite.source.kind == "vehicle"
        metre = self.stage.metre(spot[1])
        pace = metre * (self.dice.uniform(2.5, 5.0) if drives else self.dice.uniform(0.9, 1.5))
        if rest > 0:
            begin = self.edge(sprite, spot[0])
            # Whoever comes from far away came out of a door.
            over = min(abs(begin - spot[0]) / pace, 14.0)
            times += [rest - over]
            spots += [(spot[0] + math.copysign(over * pace, begin - spot[0]), spot[1])]
            if not drives:
                self._companion(sprite, times[0], rest, spots[0], spot, arrives=True)
        times += [rest]
        spots += [spot]
        if math.isfinite(leave):
            end = self.edge(sprite, spot[0])
            over = min(abs(end - spot[0]) / pace, 14.0)
            away = (spot[0] + math.copysign(over * pace, end - spot[0]), spot[1])
            times += [leave, leave + over]
            spots += [spot, away]
            if not drives:
                self._companion(sprite, leave, leave + over, spot, away, arrives=False)
        else:
            times += [1e9]
            spots += [spot]
        thing = Thing(Actor(sprite, tuple(times), tuple(spots)), rest, leave, counts=counts)
        self.things.append(thing)
        return thing

    def _companion(
        self, sprite: Sprite, begin: float, end: float, start: Spot, stop: Spot, *, arrives: bool
    ) -> None:
        """Who brings or takes a thing: walks beside it, stops a moment, goes or came on his own."""
        people = self.of(["person"])
        if not people:
            return
        dice = self.dice
        who = self.sprite(dice.choice(people), stop[1])
        beside = 0.35 * sprite.width + 0.3 * who.width
        side = beside if start[0] < stop[0] else -beside
        pause = dice.uniform(1.0, 5.0)
        pace = self.stage.metre(stop[1]) * 1.3
        if arrives:
            away = self.edge(who, stop[0])
            over = min(abs(away - stop[0]) / pace, 14.0)
            gone = (stop[0] + math.copysign(over * pace, away - stop[0]), stop[1])
            here = (stop[0] + side, stop[1])
            times = (begin, end, end + pause, end + pause + over)
            spots = ((start[0] + side, start[1]), here, here, gone)
        else:
            came = self.edge(who, start[0])
            over = min(abs(came - start[0]) / pace, 14.0)
            far = (start[0] + math.copysign(over * pace, came - start[0]), start[1])
            here = (start[0] - side, start[1])
            times = (begin - pause - over, begin - pause, begin, end)
            spots = (far, here, here, (stop[0] - side, stop[1]))
        self.others.append(Actor(who, times, spots, depth=stop[1] + dice.choice((-0.5, 0.5)), fidget=1))

    def passer(self, at: float, *, kinds: Sequence[Kind] = ("person",), y: float | None = None) -> float:
        """Somebody or something goes from rim to rim; returns when it is out again."""
        cuts = self.of(kinds)
        if not cuts:
            return at
        dice = self.dice
        cut = dice.choice(cuts)
        y = self.line() if y is None else y
        sprite = self.sprite(cut, y)
        pace = self.stage.metre(y) * (
            dice.uniform(4, 10) if cut.kind == "vehicle" else dice.uniform(0.9, 1.7)
        )
        begin, end = -0.6 * sprite.width, WIDTH + 0.6 * sprite.width
        if dice.random() < 0.5:
            begin, end = end, begin
        over = abs(end - begin) / max(pace, 12.0)
        fidget = dice.randrange(1, 1 << 30) if cut.kind != "vehicle" else 0
        self.others.append(Actor(sprite, (at, at + over), ((begin, y), (end, y)), fidget=fidget))
        return at + over

    def stand(
        self, begin: float, end: float, spot: Spot, kinds: Sequence[Kind] = ("person",)
    ) -> Actor | None:
        """Somebody walks (or something drives) up, stands there, and goes again."""
        cuts = self.of(kinds)
        if not cuts:
            return None
        dice = self.dice
        cut = dice.choice(cuts)
        sprite = self.sprite(cut, spot[1])
        pace = self.stage.metre(spot[1]) * (4.0 if cut.kind == "vehicle" else 1.3)
        far = [self.edge(sprite, spot[0]) for _ in range(2)]
        over = [min(abs(x - spot[0]) / pace, 16.0) for x in far]
        ends = [
            (spot[0] + math.copysign(o * pace, x - spot[0]), spot[1]) for x, o in zip(far, over, strict=True)
        ]
        fidget = dice.randrange(1, 1 << 30) if cut.kind != "vehicle" else 0
        actor = Actor(
            sprite,
            (begin - over[0], begin, end, end + over[1]),
            (ends[0], spot, spot, ends[1]),
            fidget=fidget,
        )
        self.others.append(actor)
        return actor

    def line(self) -> float:
        """A height on the ground at which somebody may walk."""
        ys = [y * HEIGHT for _, y in self.stage.ground]
        low, high = min(ys), max(ys)
        fit = [y for y in np.linspace(low + 0.05 * (high - low), high, 12) if self.stage.metre(y) <= TALLEST]
        return self.dice.uniform(fit[0], fit[-1]) if fit else low


def zone_of(polygon: Polygon, rule: LeftRule | ParkedRule) -> Zone:
    """A zone with one rule."""
    return Zone(id="zone", name=Names(zh="区域", en="zone"), polygon=polygon, rules=(rule,))
