"""A labelled scene from a seed, and sets of them."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator

from devices.site.model import Zone
from simulators.errors import SceneError
from simulators.scenes.labelled.drawn import drawn_stock
from simulators.scenes.labelled.making import Attempt
from simulators.scenes.labelled.model import TURNS, Condition, Issue, LabelledScene, Tally, split_of
from simulators.scenes.labelled.paint import Painted, Painter, Plan
from simulators.scenes.labelled.rows import rows
from simulators.scenes.labelled.truth import suspects
from simulators.scenes.labelled.walkers import people_rules
from simulators.scenes.stock.model import Stock

ATTEMPTS = 80


def labelled_scene(
    seed: int, stock: Stock | None = None, condition: Condition | None = None
) -> LabelledScene:
    """The scene of a seed; the same one every time.

    Args:
        seed: which; from `model.JUDGING_FROM` on it is composed of the judging half of the stock.
        stock: what it is composed of; the drawn one unless given.
        condition: follows from the seed unless given.

    Raises:
        SceneError: nothing that fits can be composed of this stock.

    """
    condition = TURNS[seed % len(TURNS)] if condition is None else condition
    half = stock_for(seed, stock)
    for attempt in range(ATTEMPTS):
        dice = random.Random(f"{seed}/{condition}/{attempt}")
        made = _made(seed, condition, half, dice)
        if made is not None:
            return made
    raise SceneError(
        f"seed {seed}: no {condition} scene can be composed of this stock; add backgrounds or cut-outs"
    )


def _made(seed: int, condition: Condition, stock: Stock, dice: random.Random) -> LabelledScene | None:
    """One attempt; None when it leads nowhere."""
    if condition == "rows":
        heap = rows(seed, stock, dice)
        return None if heap is None else labelled(*heap)
    attempt = (
        people_rules(seed, stock, dice)
        if condition == "people_rules"
        else Attempt(seed, condition, stock, dice).made()
    )
    return None if attempt is None else labelled(*attempt)


def labelled_set(
    seeds: range, stock: Stock | None = None, condition: Condition | None = None
) -> Iterator[LabelledScene]:
    """The scenes of these seeds, one after the other."""
    for seed in seeds:
        yield labelled_scene(seed, stock, condition)


def stock_for(seed: int, stock: Stock | None) -> Stock:
    """The half of a stock (the drawn one unless given) that scenes of this seed are composed of.

    Raises:
        SceneError: it has no background in that half.

    """
    half = (drawn_stock() if stock is None else stock).split(split_of(seed))
    if not half.backgrounds:
        raise SceneError(f"stock: has no background for the {split_of(seed)} scenes; add one")
    return half


def labelled(
    plan: Plan, zone: Zone, issues: tuple[Issue, ...], tallies: tuple[Tally, ...] = ()
) -> LabelledScene:
    """A plan with its truth, as it is shown."""
    sources = [actor.sprite.source for actor in plan.actors]
    names = {plan.stage.background.name, *(one.asset or one.name for one in sources)}
    return LabelledScene(
        plan.seed,
        plan.condition,
        plan.seconds,
        plan.every,
        (zone,),
        issues + suspects(plan, zone),
        functools.partial(pictures_of, plan),
        None if plan.gap is None else plan.gap[0],
        tuple(sorted(names)),
        tallies,
    )


def pictures_of(plan: Plan) -> Iterator[Painted]:
    """Its pictures in order, each drawn when asked for."""
    painter = Painter(plan)
    for t in plan.times():
        yield Painted(painter, t)
