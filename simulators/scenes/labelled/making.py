"""One attempt at making up a scene: rule, things, condition, light; the dice decide, the truth may refuse."""

from __future__ import annotations

import math
import random

from devices.site.model import ParkedRule, Zone
from simulators.scenes.labelled.actors import Spot
from simulators.scenes.labelled.cast import THINGS, Cast
from simulators.scenes.labelled.lights import light_for
from simulators.scenes.labelled.model import Condition, Issue
from simulators.scenes.labelled.moves import bring, pass_by, stand, stand_about
from simulators.scenes.labelled.paint import Plan
from simulators.scenes.labelled.rules import ask
from simulators.scenes.labelled.sprites import Sprite
from simulators.scenes.labelled.stage import Polygon, choose_stage, halves
from simulators.scenes.labelled.truth import issues
from simulators.scenes.labelled.weather import make_rain, make_sway
from simulators.scenes.stock.model import Stock

AFTER = 100.0
"""Seconds that a scene goes on after something was taken away."""
ALONE = 0.25
"""How often the zone is only a part of the ground, and something stands beside it."""
DISTRACTED = 0.3
"""How often something stays, but not for long enough; and how often something no rule asks for."""
EMPTY_SHOWS: tuple[Condition, ...] = (
    "clean", "gain_step", "dusk", "infrared", "headlights", "shadow", "rain", "sway", "crowd",
)  # fmt: skip
"""What an empty scene shows in place of things."""
DIM: dict[Condition, float] = {
    "dusk": 0.65,
    "headlights": 0.65,
    "infrared": 0.8,
    "rain": 0.8,
    "gain_step": 0.8,
}
"""How much of the contrast is left, at the least."""
QUALITIES = (None, 60, 70, 80, 90)
BLURS = (0.0, 0.0, 0.0, 0.5, 0.8)


class Attempt:
    """One attempt at one scene."""

    def __init__(self, seed: int, condition: Condition, stock: Stock, dice: random.Random) -> None:
        self.seed, self.condition, self.stock, self.dice = seed, condition, stock, dice
        self.shown = dice.choice(EMPTY_SHOWS) if condition == "empty" else condition
        low = 30 if condition in ("removal", "restart") else 20
        self.dwell = float(dice.randrange(low, 61, 5))
        self.lead = dice.uniform(12, 25)
        self.asked = ask(stock, condition, self.dwell, dice)
        self.end = 0.0
        self.gap: tuple[float, float] | None = None
        self.few = False

    def made(self) -> tuple[Plan, Zone, tuple[Issue, ...]] | None:
        """The scene's plan, zone and truth; None when this attempt leads nowhere."""
        dice = self.dice
        stage = choose_stage(dice.choice(self.stock.backgrounds), dice)
        if stage is None:
            return None
        self.cast = Cast(stage, self.stock, dice, DIM.get(self.shown, 1.0), self.shown == "infrared")
        ground, beside = halves(stage.ground, dice) if dice.random() < ALONE else (stage.ground, None)
        if self.condition == "empty":
            self.end = dice.uniform(240, 480)
        else:
            if not self._play(ground):
                return None
            self._distract(ground, beside)
        every = 2.0 if self.end > 400 or dice.random() < 0.35 else 1.0
        seconds = math.ceil(self.end / every) * every
        self._people(seconds)
        plan = self._plan(seconds, every)
        zone = self.asked.zone(ground)
        truth = issues(plan, zone)
        if truth is None or (not truth and self.condition != "empty" and not self.few):
            return None
        return plan, zone, truth

    # -- things ---------------------------------------------------------------------------------------

    def _play(self, zone: Polygon) -> bool:
        """Put the things that the rule asks for on the stage; whether there was room."""
        dice, rule, condition = self.dice, self.asked.rule, self.condition
        together = isinstance(rule, ParkedRule)
        if isinstance(rule, ParkedRule):
            least = rule.count or 1
            self.few = least > 1 and dice.random() < 0.12
            number = least - 1 if self.few else least + dice.choice((0, 0, 1))
        else:
            number = dice.choices((1, 2, 3, 4), (0.5, 0.3, 0.13, 0.07))[0]
        placed = [self.cast.place(self.asked.cuts, zone) for _ in range(number)]
        found = [one for one in placed if one is not None]
        if not found or (together and len(found) < number):
            return False
        hidden = self._hiding(found[0]) if condition == "occlusion" else 0.0
        if condition == "occlusion" and hidden == 0:
            return False
        first = self.lead + dice.uniform(0, 6)
        spread = dice.uniform(0, 30) if len(found) > 1 else 0.0
        common = first + spread + self.dwell + hidden + dice.uniform(14, 40)
        all_go = dice.random() < 0.65
        for index, (sprite, spot) in enumerate(found):
            rest = first + dice.uniform(0, spread)
            leave = rest + self.dwell + dice.uniform(14, 45)
            if condition == "start_up" and (together or index == 0 or dice.random() < 0.5):
                rest, leave = -1.0, self.dwell + dice.uniform(14, 45)
            if together:
                leave = common + dice.uniform(0, 3)
            goes = all_go if together else dice.random() < 0.65
            if condition == "occlusion" and index == 0:
                leave = max(leave, common)
                goes = self._hide(rest, leave, hidden) or goes
            if condition == "restart" and index == 0:
                leave = self._restart(rest, leave, goes)
            bring(self.cast, sprite, spot, rest, leave if goes else math.inf)
            self.end = max(self.end, leave + AFTER if goes else max(leave, rest + self.dwell + 25))
        return condition != "removal" or self._ghost(zone)

    def _hiding(self, target: tuple[Sprite, Spot]) -> float:
        """Choose what will hide a thing; the seconds for which it does, 0 when the stock has nothing."""
        dice = self.dice
        longest = 600.0
        kind = "vehicle" if dice.random() < 0.6 else "person"
        if kind == "vehicle" and self.asked.minds_vehicles:
            longest = 0.6 * self.dwell  # any longer, and it had to be reported itself
        elif kind == "person":
            longest = 240.0
        self.front = self.cast.cover(*target, "vehicle" if kind == "vehicle" else "person")
        low, high = dice.choices(((20, 60), (60, 180), (180, 600)), (0.55, 0.35, 0.1))[0]
        return min(longest, dice.uniform(low, high)) if self.front else 0.0

    def _hide(self, rest: float, leave: float, hidden: float) -> bool:
        """It is hidden while it stands, as it comes or as it goes; whether it has to go."""
        dice = self.dice
        when = dice.choice(("dwell", "dwell", "standing", "arrival", "removal"))
        begin = {
            "dwell": rest + dice.uniform(0.1, 0.9) * self.dwell,
            "standing": rest + self.dwell + dice.uniform(2, 8),
            "arrival": max(3.0, rest - dice.uniform(2, 8)),
            "removal": leave - dice.uniform(3, 8),
        }[when]
        for sprite, spot in self.front:
            stand(self.cast, sprite, spot, begin + dice.uniform(0, 1), begin + hidden - dice.uniform(0, 1))
        self.end = max(self.end, begin + hidden + AFTER)
        return when == "removal"

    def _restart(self, rest: float, leave: float, goes: bool) -> float:
        """No pictures for a while: before the dwell is over, after it, or as the thing goes; when it goes."""
        dice = self.dice
        gap = dice.uniform(5, 60)
        when = dice.choice(("before", "after", "gone") if goes else ("before", "after"))
        if when == "before":
            at = rest + dice.uniform(0.2, 0.9) * self.dwell
            leave += gap
        elif when == "after":
            at = rest + self.dwell + dice.uniform(4, 10)
            leave += gap
        else:
            at = leave - dice.uniform(0.1, 0.6) * gap
        self.gap = (float(math.floor(at)), math.floor(at) + gap)
        self.end = max(self.end, at + gap + AFTER)
        return leave

    def _ghost(self, zone: Polygon) -> bool:
        """Something that seems to belong there is taken away before its dwell is over."""
        placed = self.cast.place(self.stock.of(*THINGS), zone)
        if placed is None:
            return False
        bring(self.cast, *placed, -1.0, self.dice.uniform(0.25, 0.6) * self.dwell)
        return True

    def _distract(self, zone: Polygon, beside: Polygon | None) -> None:
        """What must not be reported: a short stop, something beside the zone or of another kind."""
        dice = self.dice
        rest = self.lead + dice.uniform(0, 40)
        if dice.random() < DISTRACTED:
            placed = self.cast.place(self.asked.cuts, zone)
            if placed is not None:
                leave = rest + dice.uniform(0.2, 0.55) * self.dwell
                bring(self.cast, *placed, rest, leave)
                self.end = max(self.end, leave + 30)
        placed = None
        if beside is not None:
            placed = self.cast.place(self.asked.cuts, beside)
        elif self.asked.foreign and dice.random() < DISTRACTED:
            placed = self.cast.place(self.asked.foreign, zone)
        if placed is not None:
            bring(self.cast, *placed, rest, math.inf, counts=False)
            self.end = max(self.end, rest + self.dwell + 25)

    def _people(self, seconds: float) -> None:
        """Who passes, and who stands a while."""
        dice = self.dice
        crowd = self.shown == "crowd"
        rate = dice.uniform(8, 25) if crowd else dice.choice((0.3, 1.0, 2.0, 4.0))
        at = dice.expovariate(rate / 60)
        while at < seconds:
            pass_by(self.cast, at, dice.choices(("person", "animal", "vehicle"), (0.88, 0.05, 0.07))[0])
            at += dice.expovariate(rate / 60)
        for _ in range(dice.randrange(1, 4) if crowd else dice.choice((0, 0, 1))):
            size = dice.randrange(1, 5) if crowd else dice.choice((1, 1, 2))
            most = 200 if crowd else 60
            stand_about(
                self.cast, dice.uniform(0, 0.7 * seconds), [dice.uniform(15, most) for _ in range(size)]
            )

    # -- picture --------------------------------------------------------------------------------------

    def _plan(self, seconds: float, every: float) -> Plan:
        dice, shown = self.dice, self.shown
        light = light_for(shown, seconds, dice)
        sway = None
        if shown == "sway":
            sway = make_sway(dice, dice.uniform(1.0, 3.0))
        elif shown == "rain" or dice.random() < 0.1:
            sway = make_sway(dice, dice.uniform(0.2, 1.0))
        return Plan(
            self.seed,
            self.condition,
            self.cast.stage,
            tuple(self.cast.things),
            tuple(self.cast.others),
            light,
            seconds,
            every,
            rain=make_rain(dice, seconds) if shown == "rain" else None,
            sway=sway,
            gap=self.gap,
            quality=dice.choice(QUALITIES),
            blur=dice.choice(BLURS),
        )
