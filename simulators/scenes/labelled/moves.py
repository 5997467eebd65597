"""How things and people of a cast come, stay and go."""

from __future__ import annotations

import math
from collections.abc import Sequence

from simulators.scenes.labelled.actors import Actor, Spot, Thing
from simulators.scenes.labelled.cast import Cast
from simulators.scenes.labelled.sprites import WIDTH, Sprite
from simulators.scenes.stock.model import Kind

LONGEST = 14.0
"""Seconds of a way through the picture; who comes from farther came out of a door."""
WALK = (0.9, 1.6)
"""Metres a second."""
DRIVE = (2.5, 5.0)
PASS = (4.0, 10.0)
"""The same of what does not stop."""


def bring(cast: Cast, sprite: Sprite, spot: Spot, rest: float, leave: float, *, counts: bool = True) -> Thing:
    """A thing comes by itself or with somebody, stands from `rest`, and goes the same way at `leave`.

    A `rest` below 0: it was there. `counts`: the rule asks for it, where it stands.
    """
    times, spots = [rest], [spot]
    drives = sprite.source.kind == "vehicle"
    if rest > 0:
        far, over = _way(cast, sprite, spot, DRIVE if drives else WALK)
        times.insert(0, rest - over)
        spots.insert(0, far)
        if not drives:
            _brings(cast, sprite, rest - over, rest, far, spot)
    if math.isfinite(leave):
        far, over = _way(cast, sprite, spot, DRIVE if drives else WALK)
        times += [leave, leave + over]
        spots += [spot, far]
        if not drives:
            _takes(cast, sprite, leave, leave + over, spot, far)
    else:
        times.append(math.inf)
        spots.append(spot)
    thing = Thing(Actor(sprite, tuple(times), tuple(spots)), spot, rest, leave, counts)
    cast.things.append(thing)
    return thing


def _way(cast: Cast, sprite: Sprite, spot: Spot, pace: tuple[float, float]) -> tuple[Spot, float]:
    """From where it comes (or where it goes), and the seconds that this takes."""
    edge = cast.edge(sprite, spot[0])
    speed = cast.stage.metre(spot[1]) * cast.dice.uniform(*pace)
    over = min(abs(edge - spot[0]) / speed, LONGEST)
    return (spot[0] + math.copysign(over * speed, edge - spot[0]), spot[1]), over


def _brings(cast: Cast, sprite: Sprite, begin: float, rest: float, far: Spot, spot: Spot) -> None:
    """Who brings a thing walks beside it, stops a moment and goes on."""
    who = _somebody(cast, spot)
    if who is None:
        return
    beside = math.copysign(0.35 * sprite.width + 0.3 * who.width, spot[0] - far[0])
    here = (spot[0] + beside, spot[1])
    pause = rest + cast.dice.uniform(1.0, 5.0)
    away, over = _way(cast, who, here, WALK)
    _walk(cast, who, (begin, rest, pause, pause + over), ((far[0] + beside, far[1]), here, here, away))


def _takes(cast: Cast, sprite: Sprite, leave: float, end: float, spot: Spot, far: Spot) -> None:
    """Who takes a thing comes, stops a moment and walks off beside it."""
    who = _somebody(cast, spot)
    if who is None:
        return
    beside = math.copysign(0.35 * sprite.width + 0.3 * who.width, far[0] - spot[0])
    here = (spot[0] + beside, spot[1])
    pause = leave - cast.dice.uniform(1.0, 5.0)
    away, over = _way(cast, who, here, WALK)
    _walk(cast, who, (pause - over, pause, leave, end), (away, here, here, (far[0] + beside, far[1])))


def _somebody(cast: Cast, spot: Spot) -> Sprite | None:
    people = cast.stock.of("person")
    return cast.sprite(cast.draw(people), spot[1]) if people else None


def _walk(cast: Cast, who: Sprite, times: tuple[float, ...], spots: tuple[Spot, ...]) -> None:
    depth = spots[1][1] + cast.dice.choice((-0.5, 0.5))
    cast.others.append(Actor(who, times, spots, depth, fidget=cast.dice.randrange(1, 1 << 30)))


def pass_by(cast: Cast, at: float, kind: Kind = "person") -> None:
    """Somebody or something goes from rim to rim."""
    cuts = cast.stock.of(kind)
    if not cuts:
        return
    dice, y = cast.dice, cast.line()
    sprite = cast.sprite(cast.draw(cuts), y)
    if not sprite.fits:
        return
    speed = cast.stage.metre(y) * dice.uniform(*(PASS if kind == "vehicle" else WALK))
    rims = (-0.6 * sprite.width, WIDTH + 0.6 * sprite.width)
    begin, end = rims if dice.random() < 0.5 else rims[::-1]
    over = abs(end - begin) / max(speed, 12.0)
    fidget = 0 if kind == "vehicle" else dice.randrange(1, 1 << 30)
    cast.others.append(Actor(sprite, (at, at + over), ((begin, y), (end, y)), fidget=fidget))


def stand(cast: Cast, sprite: Sprite, spot: Spot, begin: float, end: float) -> None:
    """Somebody walks (or something drives) up, stands from `begin` to `end`, and goes again."""
    drives = sprite.source.kind == "vehicle"
    came, before = _way(cast, sprite, spot, DRIVE if drives else WALK)
    goes, after = _way(cast, sprite, spot, DRIVE if drives else WALK)
    fidget = 0 if drives else cast.dice.randrange(1, 1 << 30)
    times = (begin - before, begin, end, end + after)
    cast.others.append(Actor(sprite, times, (came, spot, spot, goes), fidget=fidget))


def stand_about(cast: Cast, begin: float, seconds: Sequence[float]) -> None:
    """As many people as there are `seconds` queue or stand together from about `begin`, each for so long."""
    people = cast.stock.of("person")
    if not people or not seconds:
        return
    dice, y = cast.dice, cast.line()
    x = dice.uniform(0.05, 0.95) * WIDTH
    for number, stays in enumerate(seconds):
        here = y + dice.uniform(-0.06, 0.06) * cast.stage.metre(y)
        sprite = cast.sprite(cast.draw(people), here)
        spot = (x + number * cast.stage.metre(y) * dice.uniform(0.6, 1.0), here)
        come = begin + dice.uniform(0, 15)
        stand(cast, sprite, spot, come, come + stays)
