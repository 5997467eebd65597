"""Can this picture be judged at all? A blind camera holds every clock: no alarms and no clears."""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np

from edge.see.background import Change, Luma


class Sight(StrEnum):
    """What keeps a picture from being judged."""

    CLEAR = "clear"
    DARK = "dark"
    WASHED_OUT = "washed_out"
    COVERED = "covered"
    CHANGED = "changed"
    """So much differs at once that the camera was turned, covered in part, or the light switched."""


CHANGED_SHARE = 0.6
"""Of the picture. Rush-hour traffic over a whole crossing stays under a half."""


def sight_of(luma: Luma) -> Sight:
    """Judge one picture by itself (grey values 0..255)."""
    small = cv2.resize(luma, (160, 90), interpolation=cv2.INTER_AREA)
    low, high = (float(v) for v in np.percentile(small, (2, 98)))
    if high < 24:
        return Sight.DARK
    if low > 232:
        return Sight.WASHED_OUT
    if high - low < 12:
        return Sight.COVERED
    return Sight.CLEAR


def sight_against(change: Change) -> Sight:
    """Judge one picture against the usual one."""
    share = float(np.count_nonzero(change.different[::4, ::4])) / change.different[::4, ::4].size
    return Sight.CHANGED if share > CHANGED_SHARE else Sight.CLEAR
