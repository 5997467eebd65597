"""What keeps a picture from being judged. A blind camera holds every clock: no alarms and no clears."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from edge.see.background import Change


class Sight(StrEnum):
    """What keeps a picture from being judged."""

    CLEAR = "clear"
    DARK = "dark"
    WASHED_OUT = "washed_out"
    COVERED = "covered"
    SPRAYED = "sprayed"
    FROZEN = "frozen"
    DEFOCUSED = "defocused"
    TURNED = "turned"
    CHANGED = "changed"
    """So much differs at once that nothing can be compared: the light switched, or the camera turns."""


CHANGED_SHARE = 0.6
"""Of the picture. Rush-hour traffic over a whole crossing stays under a half."""
BLACK = 24.0
"""Grey level that 98 % of a black picture stay under."""
WHITE = 232.0
"""Grey level that 98 % of a washed-out picture lie above."""
FLAT = 12.0
"""Grey levels between the 2nd and the 98th percentile of a picture that shows nothing."""


def sight_of_levels(low: float, high: float) -> Sight:
    """Judge the 2nd and 98th percentile of one picture."""
    if high < BLACK:
        return Sight.DARK
    if low > WHITE:
        return Sight.WASHED_OUT
    if high - low < FLAT:
        return Sight.COVERED
    return Sight.CLEAR


def sight_against(change: Change) -> Sight:
    """Judge one picture against the usual one."""
    share = float(np.count_nonzero(change.different[::4, ::4])) / change.different[::4, ::4].size
    return Sight.CHANGED if share > CHANGED_SHARE else Sight.CLEAR
