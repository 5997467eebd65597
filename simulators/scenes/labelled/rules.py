"""The rule of a scene, and which cut-outs it asks for."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from devices.site.model import LeftRule, Names, ParkedRule, Zone
from devices.site.rules import CameraRule
from simulators.scenes.labelled.cast import THINGS
from simulators.scenes.labelled.model import Condition
from simulators.scenes.labelled.stage import Polygon
from simulators.scenes.stock.model import Kind, Stock, StockCutOut

TWO_WHEELERS = ("bicycle", "motorcycle")
MOTOR = ("car", "truck", "bus")
KNOWN_AT_START: tuple[Kind, ...] = ("two_wheeler", "vehicle")
"""What can be known for left at the first picture: a box or a bench might belong there."""
_WEIGHTS = {"any": 0.58, "parked": 0.22, "motor": 0.12, "named": 0.08}
_WEIGHTS_OCCLUDED = {"any": 0.4, "parked": 0.45, "named": 0.15}
"""A van that hides a van under a rule for vans would be an issue itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule, and what it is about."""

    rule: LeftRule | ParkedRule
    cuts: tuple[StockCutOut, ...]
    """Things that it asks for."""
    foreign: tuple[StockCutOut, ...]
    """Things that it does not ask for, by any name."""

    @property
    def minds_vehicles(self) -> bool:
        """A vehicle that stays would have to be reported."""
        return not self.rule.labels or bool({*MOTOR} & {*self.rule.labels})

    def zone(self, polygon: Polygon) -> Zone:
        """A zone with this rule."""
        return zone_with(self.rule, polygon)


def zone_with(rule: CameraRule, polygon: Polygon) -> Zone:
    """A zone with one rule."""
    return Zone(id="zone", name=Names(zh="区域", en="zone"), polygon=polygon, rules=(rule,))


def ask(stock: Stock, condition: Condition, dwell: float, dice: random.Random) -> Asked:
    """Draw a rule: anything left, parked two-wheelers, motor vehicles, or bags and the like by name."""
    kinds = KNOWN_AT_START if condition == "start_up" else THINGS
    things = stock.of(*kinds)
    weights = _WEIGHTS_OCCLUDED if condition == "occlusion" else _WEIGHTS
    what = dice.choices(list(weights), list(weights.values()))[0]
    if what == "parked":
        cuts, foreign = _sorted_by(things, TWO_WHEELERS)
        parked = ParkedRule(
            kind="parked",
            id="parked",
            event_class="05-06",
            labels=TWO_WHEELERS,
            count=dice.choice((1, 2, 2, 3)),
            dwell=dwell,
        )
        return Asked(parked, cuts, foreign)
    labels: tuple[str, ...] = ()
    if what == "motor":
        labels = MOTOR
    if what == "named":
        labels = tuple(sorted({cut.label for cut in things} - {"unknown", *TWO_WHEELERS, *MOTOR}))
    cuts, foreign = _sorted_by(things, labels) if labels else (tuple(things), ())
    return Asked(
        LeftRule(kind="left", id="left", event_class="02-05", labels=labels, dwell=dwell), cuts, foreign
    )


def _sorted_by(
    things: Sequence[StockCutOut], labels: Sequence[str]
) -> tuple[tuple[StockCutOut, ...], tuple[StockCutOut, ...]]:
    """Those whose label is asked for, and those none of whose names is; what lies between is left out."""
    wanted = set(labels)
    asked = tuple(cut for cut in things if cut.label in wanted)
    return asked, tuple(cut for cut in things if not cut.names & wanted)
