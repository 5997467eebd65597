"""A labelled scene from a seed, and sets of them."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator

from simulators.errors import SceneError
from simulators.scenes.labelled.drawn import drawn_stock
from simulators.scenes.labelled.making import Attempt
from simulators.scenes.labelled.model import CONDITIONS, Condition, LabelledScene, split_of
from simulators.scenes.labelled.paint import Painted, Painter, Plan
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
    condition = CONDITIONS[seed % len(CONDITIONS)] if condition is None else condition
    stock = (drawn_stock() if stock is None else stock).split(split_of(seed))
    if not stock.backgrounds:
        raise SceneError(f"stock: has no background for the {split_of(seed)} scenes; add one")
    for attempt in range(ATTEMPTS):
        made = Attempt(seed, condition, stock, random.Random(f"{seed}/{condition}/{attempt}")).made()
        if made is not None:
            plan, zone, issues = made
            names = {plan.stage.background.name, *(actor.sprite.source.name for actor in plan.actors)}
            return LabelledScene(
                seed,
                condition,
                plan.seconds,
                plan.every,
                (zone,),
                issues,
                functools.partial(pictures_of, plan),
                None if plan.gap is None else plan.gap[0],
                tuple(sorted(names)),
            )
    raise SceneError(
        f"seed {seed}: no {condition} scene can be composed of this stock; add backgrounds or cut-outs"
    )


def labelled_set(
    seeds: range, stock: Stock | None = None, condition: Condition | None = None
) -> Iterator[LabelledScene]:
    """The scenes of these seeds, one after the other."""
    for seed in seeds:
        yield labelled_scene(seed, stock, condition)


def pictures_of(plan: Plan) -> Iterator[Painted]:
    """Its pictures in order, each drawn when asked for."""
    painter = Painter(plan)
    for t in plan.times():
        yield Painted(painter, t)
