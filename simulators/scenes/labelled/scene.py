"""A labelled scene from a seed: rules drawn, things placed, a condition played, the truth told."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from devices.site.model import LeftRule, ParkedRule
from simulators.errors import SceneError
from simulators.scenes.labelled.drawn import drawn_stock
from simulators.scenes.labelled.lights import light_for
from simulators.scenes.labelled.model import CONDITIONS, Condition, Issue, LabelledScene, split_of
from simulators.scenes.labelled.paint import Painted, Painter, Plan
from simulators.scenes.labelled.props import CutOutLike, Kind, StockLike
from simulators.scenes.labelled.sprites import HEIGHT, WIDTH
from simulators.scenes.labelled.stage import Polygon, choose_stage, filled
from simulators.scenes.labelled.story import THINGS, Cast, zone_of
from simulators.scenes.labelled.truth import issues
from simulators.scenes.labelled.weather import make_rain, make_sway

ATTEMPTS = 80
AFTER = 100.0
"""Seconds that a scene goes on after something was taken away."""
TWO_WHEELERS = ("bicycle", "motorcycle")
MOTOR = ("car", "truck", "bus")
KNOWN_AT_START: tuple[Kind, ...] = ("two_wheeler", "vehicle")
"""What anybody can know at the first picture; a box might belong there."""


def labelled_scene(
    seed: int, stock: StockLike | None = None, condition: Condition | None = None
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
    half = (drawn_stock() if stock is None else stock).split(split_of(seed))
    if not half.backgrounds:
        raise SceneError(f"stock: has no background for the {split_of(seed)} scenes; add one")
    for attempt in range(ATTEMPTS):
        made = _Making(seed, condition, half, random.Random(f"{seed}/{condition}/{attempt}")).scene()
        if made is not None:
            return made
    raise SceneError(
        f"seed {seed}: no {condition} scene can be composed of this stock; add backgrounds or cut-outs"
    )


def labelled_set(
    seeds: range, stock: StockLike | None = None, condition: Condition | None = None
) -> Iterator[LabelledScene]:
    """The scenes of these seeds, one after the other."""
    for seed in seeds:
        yield labelled_scene(seed, stock, condition)


def pictures_of(plan: Plan) -> Iterator[Painted]:
    """Its pictures in order, each drawn when asked for."""
    painter = Painter(plan)
    for t in plan.times():
        yield Painted(painter, t)


@dataclass(frozen=True, slots=True)
class Hide:
    """Something stands in front of a thing for a while."""

    begin: float
    end: float


class _Making:
    """One attempt at one scene."""

    def __init__(self, seed: int, condition: Condition, stock: StockLike, dice: random.Random) -> None:
        self.seed, self.condition, self.stock, self.dice = seed, condition, stock, dice
        low = 30 if condition in ("removal", "restart") else 20
        self.dwell = float(dice.randrange(low, 61, 5))
        self.lead = dice.uniform(12, 25)
        self.end = 0.0
        self.gap: tuple[float, float] | None = None

    def scene(self) -> LabelledScene | None:
        """The scene, or None when this attempt leads nowhere."""
        dice = self.dice
        stage = choose_stage(dice.choice(list(self.stock.backgrounds)), dice)
        if stage is None:
            return None
        self.rule, self.cuts = self._rule()
        if not self.cuts:
            return None
        ground, outside = stage.ground, None
        if dice.random() < 0.25:
            ground, outside = _halves(stage.ground, dice)
        self.cast = Cast(stage, self.stock, dice, ground)
        if self.condition != "empty" and not self._play():
            return None
        self._distract(outside)
        if self.condition == "empty":
            self.end = dice.uniform(240, 480)
        every = 2.0 if self.end > 400 or dice.random() < 0.35 else 1.0
        seconds = math.ceil(self.end / every) * every
        self._passers(seconds)
        plan = self._plan(seconds, every)
        zone = zone_of(ground, self.rule)
        truth = issues(plan, zone)
        if truth is None or (self.condition != "empty" and not truth and not self._may_be_none()):
            return None
        return _labelled(plan, zone, truth, None if self.gap is None else self.gap[0])

    # -- rules ----------------------------------------------------------------------------------------

    def _rule(self) -> tuple[LeftRule | ParkedRule, list[CutOutLike]]:
        dice, dwell = self.dice, self.dwell
        known = KNOWN_AT_START if self.condition == "start_up" else THINGS
        every = [cut for cut in self.stock.cutouts if cut.kind in known]
        kind = dice.choices(("any", "parked", "motor", "named"), (0.58, 0.22, 0.12, 0.08))[0]
        if kind == "parked":
            count = dice.choice((1, 2, 2, 3))
            parked = ParkedRule(
                kind="parked", id="parked", event_class="05-06", labels=TWO_WHEELERS, count=count, dwell=dwell
            )
            return parked, _called(every, TWO_WHEELERS)
        labels: tuple[str, ...] = ()
        if kind == "motor":
            labels = MOTOR
        if kind == "named":
            labels = tuple(sorted({cut.label for cut in every} - {"unknown"} - {*TWO_WHEELERS, *MOTOR}))
        rule = LeftRule(kind="left", id="left", event_class="02-05", labels=labels, dwell=dwell)
        return rule, _called(every, labels) if labels else every

    def _may_be_none(self) -> bool:
        return isinstance(self.rule, ParkedRule) and self.few

    # -- things ---------------------------------------------------------------------------------------

    def _play(self) -> bool:
        """Put the things that the rule asks for on the stage; whether there was room."""
        dice, rule = self.dice, self.rule
        together = isinstance(rule, ParkedRule)
        self.few = False
        if isinstance(rule, ParkedRule):
            self.few = rule.count > 1 and dice.random() < 0.15
            number = rule.count - 1 if self.few else rule.count + dice.choice((0, 0, 1))
        else:
            number = dice.choices((1, 2, 3, 4), (0.5, 0.3, 0.13, 0.07))[0]
        leaves = dice.random() < 0.65
        first = self.lead + dice.uniform(0, 6)
        hide_at = dice.choice(("dwell", "dwell", "standing", "arrival", "removal"))
        placed = [self.cast.place(self.cuts, self.cast.zone) for _ in range(number)]
        found = [one for one in placed if one is not None]
        if not found or (together and len(found) < number):
            return False
        hidden = _long(dice) if self.condition == "occlusion" else 0.0
        spread = dice.uniform(0, 30) if len(found) > 1 else 0.0
        common = first + spread + self.dwell + hidden + dice.uniform(14, 40)
        for index, (sprite, spot) in enumerate(found):
            rest = first + dice.uniform(0, spread)
            leave = rest + self.dwell + dice.uniform(14, 45)
            if self.condition == "start_up" and (together or index == 0 or dice.random() < 0.5):
                rest, leave = -1.0, self.dwell + dice.uniform(14, 45)
            if together:
                leave = common + dice.uniform(0, 3)
            goes = leaves if together else dice.random() < 0.65
            if self.condition == "occlusion" and index == 0:
                leave = common
                goes = goes or hide_at == "removal"
                self._hide(spot, hide_at, hidden, rest, leave)
            thing = self.cast.bring(sprite, spot, rest, leave if goes else math.inf)
            self.end = max(self.end, leave + AFTER if goes else max(leave, rest + self.dwell + 25))
            if index == 0 and self.condition == "restart":
                self._restart(rest, leave if goes else None)
            del thing
        if self.condition == "removal":
            return self._ghost()
        return True

    def _hide(self, spot: tuple[float, float], when: str, hidden: float, rest: float, leave: float) -> None:
        """Somebody, a van or a bus stands in front for a while."""
        dice = self.dice
        begin = {
            "dwell": rest + dice.uniform(0.1, 0.9) * self.dwell,
            "standing": rest + self.dwell + dice.uniform(2, 8),
            "arrival": max(3.0, rest - dice.uniform(2, 8)),
            "removal": leave - dice.uniform(3, 8),
        }[when]
        nearer = self.cast.stage.metre(spot[1]) * dice.uniform(0.1, 0.35)
        kinds: tuple[Kind, ...] = ("vehicle",) if dice.random() < 0.6 else ("person",)
        front = (spot[0] + dice.uniform(-6, 6), min(spot[1] + nearer, HEIGHT + 30.0))
        self.cast.stand(begin, begin + hidden, front, kinds)
        self.end = max(self.end, begin + hidden + AFTER)

    def _restart(self, rest: float, leave: float | None) -> None:
        """Stop before the dwell is over, after it, or while the thing is taken away."""
        dice = self.dice
        gap = dice.uniform(5, 60)
        due = rest + self.dwell
        when = dice.choice(("before", "after", "gone"))
        if when == "before":
            at = rest + dice.uniform(0.2, 0.9) * self.dwell
        elif when == "gone" and leave is not None:
            at = leave - dice.uniform(0.1, 0.6) * gap
        else:
            at = due + dice.uniform(4, 10)
        self.gap = (math.floor(at), math.floor(at) + gap)
        self.end = max(self.end, at + gap + AFTER)

    def _ghost(self) -> bool:
        """Something that seems to belong there is taken away before its dwell is over."""
        dice = self.dice
        placed = self.cast.place(self.cast.of(THINGS), self.cast.zone)
        if placed is None:
            return False
        leave = dice.uniform(0.25, 0.6) * self.dwell
        self.cast.bring(*placed, -1.0, leave, counts=False)
        return True

    def _distract(self, outside: Polygon | None) -> None:
        """What must not be reported: a short stop, something outside the zone or of another kind."""
        dice = self.dice
        if self.condition == "empty":
            return
        if dice.random() < 0.3:
            placed = self.cast.place(self.cuts, self.cast.zone)
            if placed is not None:
                rest = self.lead + dice.uniform(0, 40)
                stays = dice.uniform(0.2, 0.55) * self.dwell
                self.cast.bring(*placed, rest, rest + stays)
                self.end = max(self.end, rest + stays + 30)
        if outside is not None:
            placed = self.cast.place(self.cuts, outside)
            if placed is not None:
                rest = self.lead + dice.uniform(0, 30)
                self.cast.bring(*placed, rest, math.inf, counts=False)
                self.end = max(self.end, rest + self.dwell + 25)

    def _passers(self, seconds: float) -> None:
        """People (and now and then something that drives) who pass, and some who stand a while."""
        dice, cast = self.dice, self.cast
        crowd = self.condition == "crowd"
        rate = dice.uniform(8, 25) if crowd else dice.choice((0.0, 1.0, 2.0, 4.0))
        t = dice.expovariate(max(rate, 0.01) / 60)
        while t < seconds:
            cast.passer(t)
            t += dice.expovariate(max(rate, 0.01) / 60)
        standing = dice.randrange(2, 6) if crowd else dice.choice((0, 0, 1, 2))
        for _ in range(standing):
            begin = dice.uniform(0, 0.7 * seconds)
            spot = (dice.uniform(0.05, 0.95) * WIDTH, cast.line())
            cast.stand(begin, begin + dice.uniform(15, 200 if crowd else 60), spot)

    # -- picture --------------------------------------------------------------------------------------

    def _plan(self, seconds: float, every: float) -> Plan:
        dice, condition = self.dice, self.condition
        shown: Condition = condition
        if condition == "empty":
            shown = dice.choice(("clean", "gain_step", "dusk", "infrared", "headlights", "shadow", "rain"))
        light = light_for(shown, seconds, dice)
        sway = None
        if condition == "sway":
            sway = make_sway(dice, dice.uniform(1.0, 3.0))
        elif shown == "rain" or dice.random() < 0.1:
            sway = make_sway(dice, dice.uniform(0.2, 1.0))
        return Plan(
            self.seed,
            condition,
            self.cast.stage,
            tuple(self.cast.things),
            tuple(self.cast.others),
            light,
            seconds,
            every,
            rain=make_rain(dice, seconds) if shown == "rain" else None,
            sway=sway,
            gap=self.gap,
            quality=dice.choice((None, 55, 70, 80, 90)),
            blur=dice.choice((0.0, 0.0, 0.5, 0.8)),
        )


def _labelled(plan: Plan, zone: object, truth: tuple[Issue, ...], restart_at: float | None) -> LabelledScene:
    from devices.site.model import Zone

    assert isinstance(zone, Zone)
    sources = [actor.sprite.source.name for actor in plan.actors]
    return LabelledScene(
        plan.seed,
        plan.condition,
        plan.seconds,
        plan.every,
        (zone,),
        truth,
        functools.partial(pictures_of, plan),
        restart_at,
        tuple(sorted({plan.stage.background.name, *sources})),
    )


def _long(dice: random.Random) -> float:
    """How long something stands in front: mostly under a minute, seldom ten."""
    low, high = dice.choices(((20, 60), (60, 180), (180, 600)), (0.55, 0.35, 0.1))[0]
    return dice.uniform(low, high)


def _called(cuts: list[CutOutLike], labels: tuple[str, ...]) -> list[CutOutLike]:
    return [cut for cut in cuts if cut.names & set(labels)]


def _halves(ground: Polygon, dice: random.Random) -> tuple[Polygon, Polygon | None]:
    """The part of the ground that is the zone, and the part that is clear of it; None: too little."""
    mask = filled(ground)
    columns = np.flatnonzero(mask.any(axis=0))
    edge = int(columns[0] + dice.uniform(0.4, 0.6) * (columns[-1] - columns[0]))
    zone, rest = mask.copy(), mask.copy()
    first, second = (zone, rest) if dice.random() < 0.5 else (rest, zone)
    first[:, edge:] = 0
    second[:, : edge + 1] = 0
    if first is zone:
        rest[:, : edge + 20] = 0
    else:
        rest[:, edge - 20 :] = 0
    inside, outside = _outline(zone), _outline(rest)
    return (ground, None) if inside is None else (inside, outside)


def _outline(mask: np.ndarray) -> Polygon | None:  # type: ignore[type-arg]
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    corners = cv2.approxPolyDP(max(contours, key=cv2.contourArea), 2.0, True)[:, 0, :]
    if len(corners) < 3 or cv2.contourArea(corners) < 0.05 * mask.size:
        return None
    return tuple((round(float(x) / (WIDTH - 1), 4), round(float(y) / (HEIGHT - 1), 4)) for x, y in corners)


__all__ = ["labelled_scene", "labelled_set", "pictures_of", "replace"]
