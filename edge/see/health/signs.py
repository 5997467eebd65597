"""What one look says of each kind of ill health: yes, no, or that it cannot be told.

The kinds shut each other out, the plainest comes first: nothing can be said of edges in a black picture.
Between *yes* and *no* of each measure lies a band in which it cannot be told: that is the hysteresis.
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.site.model import HealthKind
from edge.see.health.facts import PictureFacts
from edge.see.health.sight import BLACK, FLAT, WHITE

PICTURE_KINDS = (
    HealthKind.BLACK,
    HealthKind.WASHED_OUT,
    HealthKind.FROZEN,
    HealthKind.COVERED,
    HealthKind.SPRAYED,
    HealthKind.DEFOCUSED,
    HealthKind.TURNED,
)
SAME_SHADES = 0.95
"""Correlation of grey levels with the usual ones from which it is the usual picture, seen from afar."""
Signs = Mapping[HealthKind, bool | None]
"""None: cannot be told by this look."""

FEWEST = 20
"""Telling blocks, of 144; with fewer nothing is said of edges."""
TURNED = 0.028
"""Parts of the width; less is a pole that sways, which the eye follows."""


def signs_of(facts: PictureFacts) -> Signs:
    """What one look says."""
    said: dict[HealthKind, bool | None] = dict.fromkeys(PICTURE_KINDS)
    said[HealthKind.BLACK] = black(facts)
    if said[HealthKind.BLACK]:
        return said
    said[HealthKind.WASHED_OUT] = washed_out(facts)
    if said[HealthKind.WASHED_OUT]:
        return said
    said[HealthKind.FROZEN] = frozen(facts)
    empty = flat(facts)
    if not empty and facts.telling < FEWEST:
        return said
    blurred = not empty and defocused(facts)
    said[HealthKind.DEFOCUSED] = blurred
    said[HealthKind.COVERED] = empty or (not blurred and covered(facts))
    if said[HealthKind.COVERED] or blurred:
        return said
    said[HealthKind.TURNED] = turned(facts)
    said[HealthKind.SPRAYED] = None if said[HealthKind.TURNED] else sprayed(facts)
    return said


def flat(facts: PictureFacts) -> bool:
    """Without any contrast; an even ground at dusk may have as little, but it has the usual shades."""
    return facts.high - facts.low < FLAT and facts.shade < SAME_SHADES


def black(facts: PictureFacts) -> bool | None:
    """Nearly every pixel is."""
    return _between(facts.high, yes_below=BLACK, no_above=BLACK + 6)


def washed_out(facts: PictureFacts) -> bool | None:
    """Nearly every pixel is white, or most of the picture is burnt out."""
    if facts.low > WHITE or facts.burnt > 0.6:
        return True
    return False if facts.burnt < 0.45 else None


def frozen(facts: PictureFacts) -> bool | None:
    """The picture is that of the look before, but for a clock at its rim: what is live has noise."""
    if facts.unlike is None:
        return None
    return False if facts.moved else _between(facts.unlike, yes_below=0.03, no_above=0.05)


def covered(facts: PictureFacts) -> bool | None:
    """The usual edges are gone nearly everywhere, and not even the shades are those of the usual picture."""
    if facts.vanished > 0.85:
        return True
    return False if facts.vanished < 0.7 else None


def sprayed(facts: PictureFacts) -> bool | None:
    """The usual edges are gone in a part of the picture, and hardly any new ones are there.

    What stands in front (a bus, a crowd) has edges of its own; what is on the lens is a blur.
    """
    lost = facts.vanished + facts.strange
    if facts.vanished > 0.2 and facts.vanished > 0.6 * lost:
        return True
    return False if facts.vanished < 0.12 else None


def defocused(facts: PictureFacts) -> bool | None:
    """From afar the picture is the usual one, but its edges are less steep than usual in this light."""
    if facts.vanished > 0.6 and facts.shade > SAME_SHADES:
        return True
    if facts.sharpness is None or facts.strange > 0.5:
        return None
    if facts.shade < 0.85:
        return False
    return _between(facts.sharpness, yes_below=0.6, no_above=0.7)


def turned(facts: PictureFacts) -> bool | None:
    """The usual edges are all elsewhere, or there are others along every side of the picture.

    A bus may fill the middle and three sides; turning, rolling and zooming change the rim most of all.
    """
    lost = facts.vanished + facts.strange
    if facts.shifted > TURNED:
        return True
    if lost > 0.5 and facts.strange > 0.4 * lost and min(facts.sides) >= 0.5:
        return True
    return False if lost < 0.4 or min(facts.sides) < 0.3 else None


def _between(value: float, yes_below: float, no_above: float) -> bool | None:
    if value < yes_below:
        return True
    return False if value > no_above else None
