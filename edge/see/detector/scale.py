"""One scale for the scores of all models, so that votes, floors and rules need not know which one looks.

Scores of two models cannot be compared: 0.35 of one is worth as much as 0.5 of another. A description tells
the score from which its model is to be believed (`floors`); it is mapped to the floor below, 0 to 0 and 1 to
1, and straight lines in between.
"""

from __future__ import annotations

from edge.see.detector.description import Floors
from edge.see.votes import ANIMATE

FLOOR = 0.3
"""Things: scores below are noise on enlarged crops."""
FLOOR_ANIMATE = 0.4
"""People who stand in view score above 0.9 on these crops; a bag was called a person with 0.3."""


def on_scale(score: float, label: str, floors: Floors) -> float:
    """What a model's own score for `label` is worth on the common scale."""
    animate = label in ANIMATE
    return _bent(score, floors.animate if animate else floors.thing, FLOOR_ANIMATE if animate else FLOOR)


def own_floor(floor: float, floors: Floors) -> float:
    """The model's own score below which nothing can be worth `floor`, whatever its label."""
    return min(_bent(floor, FLOOR, floors.thing), _bent(floor, FLOOR_ANIMATE, floors.animate))


def _bent(value: float, knee: float, at_knee: float) -> float:
    """Straight lines from (0, 0) over (knee, at_knee) to (1, 1); beyond 1 nothing is changed."""
    if value < knee:
        return value / knee * at_knee
    if value >= 1.0:
        return value
    return at_knee + (value - knee) / (1.0 - knee) * (1.0 - at_knee)
