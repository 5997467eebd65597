"""Rows and heaps of two-wheelers: five to forty, one by one or in batches, some of them taken away again."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np

from devices.site.model import ParkedRule, Zone
from simulators.scenes.labelled.actors import Spot, shown_share
from simulators.scenes.labelled.cast import SMALLEST, Cast
from simulators.scenes.labelled.lights import light_for
from simulators.scenes.labelled.making import BLURS, QUALITIES
from simulators.scenes.labelled.model import Condition, Issue, Tally
from simulators.scenes.labelled.moves import bring, pass_by
from simulators.scenes.labelled.paint import Plan
from simulators.scenes.labelled.rules import TWO_WHEELERS, zone_with
from simulators.scenes.labelled.sprites import HEIGHT, WIDTH, Sprite
from simulators.scenes.labelled.stage import choose_stage, filled
from simulators.scenes.labelled.tally import tallies, zone_issue
from simulators.scenes.labelled.weather import make_rain
from simulators.scenes.stock.model import Stock, StockCutOut

FEWEST, MOST = 5, 40
SHOWN: tuple[Condition, ...] = ("clean", "clean", "clean", "clean", "gain_step", "dusk", "rain", "shadow")
"""The light and weather they stand in."""
NEAREST = 80.0
"""Height of the nearest, luma pixels: a camera that sees a whole row does not stand beside it."""
LEAST_SHOWN = 0.35
"""Share of each that shows behind the others: what cannot be seen cannot be counted."""
STEP = (0.5, 1.3)
"""Metres from one to the next in a row, seen from the side: a bicycle is 1.7 long."""
GROUPS = 24
"""Rows and heaps that are tried before there are enough."""
MISSES = 4
"""Places in a row that do not fit, after which a row ends."""
AFTER = 110.0
"""Seconds that a scene goes on after the last ones were taken away."""
Standing = tuple[Sprite, Spot]


def rows(
    seed: int, stock: Stock, dice: random.Random
) -> tuple[Plan, Zone, tuple[Issue, ...], tuple[Tally, ...]] | None:
    """A scene's plan, zone, truth and true counts over time; None when this attempt leads nowhere."""
    stage = choose_stage(dice.choice(stock.backgrounds), dice)
    if stage is None:
        return None
    shown = dice.choice(SHOWN)
    cast = Cast(stage, stock, dice, 0.7 if shown == "dusk" else 0.85)
    # By the seed, not by this attempt's dice: what is hard to compose must not become rare.
    wanted = round(math.exp(random.Random(f"rows/{seed}").uniform(math.log(FEWEST), math.log(MOST + 0.4))))
    standing = _standing(cast, wanted)
    if len(standing) < max(FEWEST, 0.7 * wanted):
        return None
    dwell = float(dice.randrange(20, 41, 5))
    last = _play(cast, standing, dwell)
    every = 2.0
    seconds = math.ceil(last / every) * every
    at = dice.expovariate(1 / 60)
    while at < seconds:
        pass_by(cast, at)
        at += dice.expovariate(1 / 60)
    plan = Plan(
        seed,
        "rows",
        stage,
        tuple(cast.things),
        tuple(cast.others),
        light_for(shown, seconds, dice),
        seconds,
        every,
        rain=make_rain(dice, seconds) if shown == "rain" else None,
        quality=dice.choice(QUALITIES),
        blur=dice.choice(BLURS),
    )
    counts = tallies(plan, stage.ground, dwell)
    zone = zone_with(_rule(counts, dwell, dice), stage.ground)
    found = zone_issue(plan, zone, counts)
    return None if found is None else (plan, zone, found, counts)


def _standing(cast: Cast, wanted: int) -> list[Standing]:
    """As many as there is room for, in rows, in heaps and alone."""
    dice, cuts = cast.dice, cast.stock.of("two_wheeler")
    floor = filled(cast.stage.ground)
    spots = np.argwhere(floor)
    found: list[Standing] = []
    if not cuts or not len(spots):
        return found
    models = [cast.draw(cuts) for _ in range(dice.choice((1, 1, 2)))]
    for _ in range(GROUPS):
        if len(found) >= wanted:
            break
        y, x = (float(v) for v in spots[dice.randrange(len(spots))])
        model, mirror = dice.choice(models), dice.random() < 0.5
        kind = dice.choices(("row", "heap", "alone"), (0.6, 0.2, 0.2))[0]
        most = min(wanted - len(found), {"row": MOST, "heap": 10, "alone": 1}[kind])
        step, slope = dice.uniform(*STEP), dice.uniform(-0.12, 0.12)
        misses = 0
        for number in range(2 * most):
            metre = cast.stage.metre(y)
            if kind == "row":
                along = number * step * metre
                spot = (x + along, y + slope * along + dice.gauss(0, 0.04) * metre)
            else:
                spot = (x + dice.gauss(0, 1.0) * metre, y + dice.gauss(0, 0.35) * metre)
            one = _fitting(cast, floor, model, spot, found, mirror=mirror, alone=kind == "alone")
            misses = 0 if one is not None else misses + 1
            if one is not None:
                found.append(one)
                most -= 1
            if most == 0 or misses > MISSES:
                break
    return found


def _fitting(
    cast: Cast,
    floor: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    model: StockCutOut,
    spot: Spot,
    found: Sequence[Standing],
    *,
    mirror: bool,
    alone: bool,
) -> Standing | None:
    """One more at `spot`, if it stands on the ground, stands out, and all of them still show."""
    x, y = spot
    if not (4 <= x < WIDTH - 4 and 4 <= y < HEIGHT - 4 and floor[round(y), round(x)]):
        return None
    if not SMALLEST <= model.height_m * cast.stage.metre(y) <= NEAREST:
        return None
    sprite = cast.sprite(model, y, mirror=mirror)
    left, top = sprite.corner(x, y)
    inside = left >= 4 and top >= 4 and left + sprite.width <= WIDTH - 4
    if not inside or not cast.stands_out(sprite, left, top):
        return None
    apart = 0.3 * sprite.width if alone else 0.0
    behind = [one for one in found if one[1][1] <= y]
    front = [one for one in found if one[1][1] > y]
    if alone and any(
        abs(x - u) < (sprite.width + other.width) / 2 + apart and abs(y - v) < sprite.height
        for other, (u, v) in found
    ):
        return None
    if shown_share(sprite, spot, front) < LEAST_SHOWN:
        return None
    for other, place in behind:
        nearer = [one for one in found if one[1][1] > place[1]]
        if shown_share(other, place, [*nearer, (sprite, spot)]) < LEAST_SHOWN:
            return None
    return sprite, spot


def _play(cast: Cast, standing: list[Standing], dwell: float) -> float:
    """They come, one by one or in batches, and perhaps some or all go again; when the scene ends."""
    dice = cast.dice
    order = list(standing)
    if dice.random() < 0.4:
        dice.shuffle(order)
    rests: list[float] = []
    at = dice.uniform(16, 25)
    batches = dice.random() < 0.5
    while len(rests) < len(order):
        size = dice.randrange(3, 11) if batches else 1
        for _ in range(size):
            rests.append(at)
            at += dice.uniform(0.5, 2.0)
        at += dice.uniform(10, 45) if batches else dice.uniform(3, 14)
    rests = rests[: len(order)]
    full = rests[-1] + dwell + dice.uniform(25, 50)
    going = dice.choice(("none", "all", "most", "some"))
    part = {"none": 0.0, "all": 1.0, "most": dice.uniform(0.7, 0.9), "some": dice.uniform(0.15, 0.4)}[going]
    leaving = set(dice.sample(range(len(order)), round(part * len(order))))
    t = full
    for index, (sprite, spot) in enumerate(order):
        leave = math.inf
        if index in leaving:
            leave = t
            t += dice.uniform(0.5, 3.0)
        bring(cast, sprite, spot, rests[index], leave)
    return t + (AFTER if leaving else 30.0)


def _rule(counts: Sequence[Tally], dwell: float, dice: random.Random) -> ParkedRule:
    """A rule that the fullest hour of the scene breaks by far, or (one time in five) not by far."""
    most, share = max(one.count for one in counts), max(one.share for one in counts)
    by = dice.choice(("count", "share", "both"))
    times = dice.uniform(1.4, 2.5) if dice.random() < 0.8 else dice.uniform(0.4, 0.65)
    limits: dict[str, float] = {}
    if by in ("count", "both"):
        limits["count"] = max(2, round(most / times))
    if by in ("share", "both"):
        limits["share"] = min(1.0, max(0.01, round(share / times, 3)))
    return ParkedRule.model_validate(
        {"kind": "parked", "id": "parked", "event_class": "05-06", "labels": TWO_WHEELERS, "dwell": dwell}
        | limits
    )
