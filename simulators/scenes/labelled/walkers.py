"""Scenes for the rules about people: crowds, closed zones, loitering, dogs; and who must not be reported."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from devices.site.model import Zone
from devices.site.rules import ClosedRule, CrowdRule, DogRule, LoiteringRule, PersonRule
from simulators.scenes.labelled.actors import Actor, Spot
from simulators.scenes.labelled.cast import Cast
from simulators.scenes.labelled.lights import light_for
from simulators.scenes.labelled.making import BLURS, QUALITIES
from simulators.scenes.labelled.model import Condition, Issue
from simulators.scenes.labelled.moves import pass_by, stand
from simulators.scenes.labelled.paint import DAY, Plan
from simulators.scenes.labelled.presence import presence_issues
from simulators.scenes.labelled.rules import zone_with
from simulators.scenes.labelled.sprites import HEIGHT, WIDTH, Sprite
from simulators.scenes.labelled.stage import Polygon, choose_stage, filled, halves
from simulators.scenes.labelled.weather import make_rain
from simulators.scenes.stock.model import Stock, StockCutOut

SHOWN: tuple[Condition, ...] = ("clean", "clean", "clean", "clean", "gain_step", "dusk", "rain", "shadow")
"""The light and weather they stand in."""
SMALLEST, LARGEST = 34.0, 0.7 * HEIGHT
"""Height of a person who must be seen, luma pixels; a dog may be half as high."""
RIM = 8
"""Luma pixels by which who is in the zone stands away from its outline."""
TRIES = 50
YES = 0.75
"""How often there is something to report."""
CLEAR = 20.0
"""Seconds for which a zone must be empty in these scenes."""


def people_rules(seed: int, stock: Stock, dice: random.Random) -> tuple[Plan, Zone, tuple[Issue, ...]] | None:
    """A scene's plan, zone and truth; None when this attempt leads nowhere."""
    stage = choose_stage(dice.choice(stock.backgrounds), dice)
    if stage is None:
        return None
    shown = dice.choice(SHOWN)
    polygon, beside = halves(stage.ground, dice) if dice.random() < 0.6 else (stage.ground, None)
    # By the seed, not by this attempt's dice: what is hard to compose must not become rare.
    own = random.Random(f"people_rules/{seed}")
    script = _Script(Cast(stage, stock, dice), polygon, beside, yes=own.random() < YES)
    rule = script.played(own)
    if rule is None:
        return None
    every = 1.0
    seconds = float(math.ceil(script.end))
    plan = Plan(
        seed,
        "people_rules",
        stage,
        (),
        tuple(script.cast.others),
        light_for(shown, seconds, dice),
        seconds,
        every,
        rain=make_rain(dice, seconds) if shown == "rain" else None,
        quality=dice.choice(QUALITIES),
        blur=dice.choice(BLURS),
    )
    zone = zone_with(rule, polygon)
    found = presence_issues(plan, zone.id, rule, polygon)
    if found is None or bool(found) is not script.yes:
        return None
    return plan, zone, found


class _Script:
    """Who does what in one scene."""

    def __init__(self, cast: Cast, polygon: Polygon, beside: Polygon | None, *, yes: bool) -> None:
        self.cast, self.dice, self.yes = cast, cast.dice, yes
        self.polygon, self.beside = polygon, beside
        self.people = cast.stock.of("person")
        self.dogs = [cut for cut in cast.stock.of("animal") if cut.label == "dog"]
        there = self.dice.random() < 0.15
        self.begin = -30.0 if there else self.dice.uniform(22, 40)
        """When the first of them stand; before the first picture: they were there."""
        self.end = 0.0

    def played(self, own: random.Random) -> PersonRule | None:
        """The rule, once everybody has a part; None when there is no room for them."""
        kinds = ["crowd", "closed", "loitering"] + ["dog"] * bool(self.dogs)
        kind = own.choice(kinds) if self.people else "none"
        rule = {"crowd": self._crowd, "closed": self._closed, "loitering": self._loitering, "dog": self._dog}
        found = rule[kind]() if kind in rule else None
        if found is not None and self.beside is not None and self.dice.random() < 0.5:
            # Beside the zone anybody may stand as long as he likes.
            cuts = self.dogs if kind == "dog" else self.people
            for _ in range(self.dice.randrange(1, 4)):
                self._stands(cuts, self.beside, self.dice.uniform(5, 40), self.dice.uniform(20, 100))
        return found

    def _crowd(self) -> PersonRule | None:
        dice = self.dice
        count, dwell = dice.randrange(3, 7), float(dice.randrange(15, 41, 5))
        many = count + dice.choice((0, 1, 1, 2)) if self.yes else max(1, count - dice.choice((2, 2, 3)))
        stay = dwell + dice.uniform(25, 70)
        brief = not self.yes and dice.random() < 0.4
        if brief:  # enough of them, not for long enough
            many, stay = count + 1, 0.25 * dwell
        begin = max(self.begin, 22.0) if brief else self.begin
        for _ in range(many):
            spread = 2.0 if brief else 8.0
            if not self._stands(self.people, self.polygon, begin + dice.uniform(0, spread), stay):
                return None
        self._passers(dice.choice((0.0, 0.5, 1.0)))
        return CrowdRule(
            kind="crowd", id="crowd", event_class="05-02", count=count, dwell=dwell, clear_after=CLEAR
        )

    def _closed(self) -> PersonRule | None:
        dice = self.dice
        stay = dice.uniform(12, 60)
        opens = DAY.hour * 60 + DAY.minute + dice.randrange(1, 3)
        hours = f"{opens // 60:02d}:{opens % 60:02d}-09:00"
        schedule: tuple[str, ...] = dice.choice(((), (hours,))) if self.yes else (hours,)
        until = 60.0 * (opens - DAY.hour * 60 - DAY.minute)
        begin = self.begin
        if not self.yes:  # whoever is there goes before the hours begin
            begin, stay = min(max(begin, 5.0), 25.0), dice.uniform(5, 20)
        elif schedule and dice.random() < 0.5:  # he is there already as they begin
            begin, stay = until - dice.uniform(10, 30), 60.0
        elif schedule:
            begin = until + dice.uniform(5, 30)
        for _ in range(dice.choice((1, 1, 2))):
            if not self._stands(self.people, self.polygon, begin + dice.uniform(0, 4), stay):
                return None
        self.end = max(self.end, until + 90.0)
        return ClosedRule(
            kind="closed", id="closed", event_class="05-02", schedule=schedule, clear_after=CLEAR
        )

    def _loitering(self) -> PersonRule | None:
        dice = self.dice
        dwell, gap = float(dice.randrange(30, 61, 5)), float(dice.randrange(10, 21, 5))
        if self.yes:
            stay = dwell + dice.uniform(25, 60)
            if not self._stands(self.people, self.polygon, self.begin, stay):
                return None
            if dice.random() < 0.4:  # and others join him
                self._stands(self.people, self.polygon, max(self.begin, 0.0) + 15, 30.0)
        else:
            at = max(self.begin, 5.0)
            for _ in range(dice.randrange(1, 4)):
                stay = dice.uniform(0.1, 0.4) * dwell
                if not self._stands(self.people, self.polygon, at, stay):
                    return None
                at += stay + 2.5 * gap + 30.0
        self._passers(dice.choice((0.0, 0.5)))
        return LoiteringRule(
            kind="loitering", id="loitering", event_class="05-02", dwell=dwell, gap=gap, clear_after=CLEAR
        )

    def _dog(self) -> PersonRule | None:
        dice = self.dice
        dwell = float(dice.randrange(5, 21, 5))
        stay = dwell + dice.uniform(20, 60)
        begin = self.begin if self.yes else max(self.begin, 5.0)
        if self.yes and not self._stands(self.dogs, self.polygon, begin, stay):
            return None
        if not self.yes or dice.random() < 0.6:  # somebody with it, or without one
            self._stands(self.people, self.polygon, begin + 1, stay)
        self._passers(dice.choice((0.0, 1.0)))
        return DogRule(kind="dog", id="dog", event_class="05-02", dwell=dwell, clear_after=CLEAR)

    def _passers(self, rate: float) -> None:
        """So many a minute walk through."""
        at = self.dice.uniform(5, 60)
        while rate and at < self.end:
            pass_by(self.cast, at)
            at += self.dice.expovariate(rate / 60)

    def _stands(self, cuts: Sequence[StockCutOut], polygon: Polygon, begin: float, stay: float) -> bool:
        """One of `cuts` comes, stands there for `stay` from `begin` on, and goes; whether there was room.

        With a `begin` below 0 he was there, and stays so long from the first picture on.
        """
        placed = self._place(cuts, polygon)
        if placed is None:
            return False
        end = max(begin, 0.0) + stay
        stand(self.cast, *placed, begin, end)
        self.end = max(self.end, end + 2 * CLEAR + 60.0)
        return True

    def _place(self, cuts: Sequence[StockCutOut], polygon: Polygon) -> tuple[Sprite, Spot] | None:
        floor = filled(polygon)
        spots = floor.copy()
        spots[:] = 0
        inner = floor[RIM:-RIM, RIM:-RIM]
        clear = (
            (floor[: -2 * RIM, RIM:-RIM] > 0)
            & (floor[2 * RIM :, RIM:-RIM] > 0)
            & (floor[RIM:-RIM, : -2 * RIM] > 0)
            & (floor[RIM:-RIM, 2 * RIM :] > 0)
        )
        spots[RIM:-RIM, RIM:-RIM] = inner * clear
        rows, columns = spots.nonzero()
        if not cuts or rows.size == 0:
            return None
        for _ in range(TRIES):
            pick = self.dice.randrange(rows.size)
            x, y = float(columns[pick]), float(rows[pick])
            sprite = self.cast.sprite(self.cast.draw(cuts), y)
            small = 0.5 if sprite.source.label == "dog" else 1.0
            if not small * SMALLEST <= sprite.height <= LARGEST:
                continue
            left, top = sprite.corner(x, y)
            inside = left >= 2 and top >= 2 and left + sprite.width <= WIDTH - 2
            if inside and all(_apart(sprite, x, other) for other in self.cast.others):
                return sprite, (x, y)
        return None


def _apart(sprite: Sprite, x: float, other: Actor) -> bool:
    """Two who stand do not hide each other."""
    if len(other.spots) != 4:
        return True
    return abs(x - other.spots[1][0]) >= 0.4 * (sprite.width + other.sprite.width)
