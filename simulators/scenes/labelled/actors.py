"""Everything that is laid onto the background: where it is at which time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulators.scenes.labelled.sprites import HEIGHT, WIDTH, Sprite

Spot = tuple[float, float]
"""Middle of the foot, luma pixels."""
PixelBox = tuple[int, int, int, int]
FIDGET = 4.0
"""Seconds after which somebody who stands shifts his weight."""


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """A sprite that is in the picture from its first time to its last, and glides from spot to spot."""

    sprite: Sprite
    times: tuple[float, ...]
    spots: tuple[Spot, ...]
    depth: float | None = None
    """What is nearer has the greater one; where its foot is, unless given."""
    fidget: int = 0
    """Somebody alive: the seed of the small movements of standing. 0: a thing, it stands stock-still."""

    def at(self, t: float) -> Spot | None:
        """Where its foot is; None when it is not in the picture."""
        if not self.times[0] <= t < self.times[-1]:
            return None
        after = next(i for i, time in enumerate(self.times) if time > t)
        (x0, y0), (x1, y1) = self.spots[after - 1], self.spots[after]
        part = (t - self.times[after - 1]) / (self.times[after] - self.times[after - 1])
        x, y = x0 + part * (x1 - x0), y0 + part * (y1 - y0)
        if self.fidget:
            step = max(1.0, 0.02 * self.sprite.height)
            x += step * random.Random(f"{self.fidget}/{int(t / FIDGET)}").choice((-1, 0, 0, 1))
            x += 0.3 * step * random.Random(f"{self.fidget}:{t:.1f}").choice((-1, 0, 1))
        return x, y

    @property
    def near(self) -> float:
        """Its depth: larger is nearer."""
        return self.spots[0][1] if self.depth is None else self.depth


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A thing that comes to rest, and perhaps goes again."""

    actor: Actor
    spot: Spot
    """Where it stands."""
    rest: float
    """From when it stands still; before the first picture: it was there."""
    leave: float
    """When it begins to move; inf: it stays."""
    counts: bool = True
    """The rule asks for things like it, and it stands in the zone."""

    @property
    def pixel_box(self) -> PixelBox:
        """x0, y0, x1, y1 in luma pixels, without its shadow; may reach out of the picture."""
        sprite = self.actor.sprite
        left, top = sprite.corner(*self.spot)
        rows, columns = (np.flatnonzero(sprite.solid.any(axis=axis)) for axis in (1, 0))
        return (
            left + int(columns[0]),
            top + int(rows[0]),
            left + int(columns[-1]) + 1,
            top + int(rows[-1]) + 1,
        )

    @property
    def box(self) -> tuple[float, float, float, float]:
        """In parts of the picture, cut off at its rim."""
        x0, y0, x1, y1 = self.pixel_box
        return max(x0, 0) / WIDTH, max(y0, 0) / HEIGHT, min(x1, WIDTH) / WIDTH, min(y1, HEIGHT) / HEIGHT


def shown_share(sprite: Sprite, spot: Spot, front: Sequence[tuple[Sprite, Spot]]) -> float:
    """Which share of a sprite (without its shadow) is not hidden by what is in front of it."""
    place = np.zeros_like(sprite.solid)
    left, top = sprite.corner(*spot)
    for other, where in front:
        _overlay(place, other, where, left, top)
    whole = max(1, int(np.count_nonzero(sprite.solid)))
    return 1 - float(np.count_nonzero(place & sprite.solid)) / whole


def covered_share(thing: Thing, others: Sequence[Actor], t: float) -> float:
    """Which share of the place of a thing is hidden by what is in front of it at `t`."""
    nearer = (one for one in others if one is not thing.actor and one.near > thing.actor.near)
    front = [(one.sprite, spot) for one in nearer if (spot := one.at(t)) is not None]
    return 1 - shown_share(thing.actor.sprite, thing.spot, front) if front else 0.0


def own_share(thing: Thing, t: float) -> float:
    """Which share of its place a thing still covers at `t`."""
    spot = thing.actor.at(t)
    return (
        0.0 if spot is None else 1 - shown_share(thing.actor.sprite, thing.spot, [(thing.actor.sprite, spot)])
    )


def _overlay(place: npt.NDArray[np.bool_], sprite: Sprite, spot: Spot, left: int, top: int) -> None:
    """Add a sprite to a mask whose upper left is at (left, top) of the picture."""
    x, y = sprite.corner(*spot)
    x0, y0 = max(x, left), max(y, top)
    x1, y1 = min(x + sprite.width, left + place.shape[1]), min(y + sprite.height, top + place.shape[0])
    if x0 < x1 and y0 < y1:
        place[y0 - top : y1 - top, x0 - left : x1 - left] |= sprite.solid[y0 - y : y1 - y, x0 - x : x1 - x]
