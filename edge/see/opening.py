"""When an eye opens: what stood there already, and what came before the usual look was established.

A background cannot know either; the detector's scans of the whole picture can, and the pixels tell which
of the two it was.
"""

from __future__ import annotations

import cv2
import numpy as np

from edge.see.background import Change, Luma
from edge.see.blobs import PixelBox, inside, iou, region_of

SCAN_AFTER = 3.0
"""Seconds after the eye opened at which it looks for what was there before: by then, what stands is
told from what drives."""
SCAN_LOOKS = 4
"""And so many pictures, where they come seldom."""
CAME_SINCE = 0.1
"""Share of a thing's box that differs from the first picture if it was not there then: 0.24 of a bicycle's
box did, which is mostly what is behind it, and 0.0 of one that stood there."""
SCANS = 4
"""Scans for what stands there already: three, one a look, for what was there before (in one of them
somebody may just pass in front), and a last one for what came before the usual look was established."""
LAST_SCAN = 10.0
"""Seconds after the eye opened at which the last scan is made."""
STILL = 3.0
"""Seconds that it must have held still."""


class Opening:
    """When to scan, and what to make of a thing that a scan has found."""

    def __init__(self) -> None:
        self._opened_at: float | None = None
        self._looks = 0
        self._scans = 0

    def over(self) -> None:
        """Nothing needs to be scanned: the eye goes on where an earlier one stopped."""
        self._scans = SCANS

    def due(self, at: float) -> bool:
        """Whether to scan at this look, of stream time `at`; asked once for every look."""
        self._opened_at = at if self._opened_at is None else self._opened_at
        self._looks += 1
        if self._scans >= SCANS or self._looks < SCAN_LOOKS:
            return False
        last = self._scans == SCANS - 1
        if at - self._opened_at < (LAST_SCAN if last else SCAN_AFTER):
            return False
        self._scans += 1
        return True

    def stands(self, box: PixelBox, change: Change, recent: Luma, at: float) -> tuple[float, bool] | None:
        """Since when the thing found in `box` stands there, and whether that is a lower bound.

        None when it is none of this scan's, or moves. `recent` is the short background in the box.
        """
        opened_at = at if self._opened_at is None else self._opened_at
        region = region_of(box)
        stirred = change.still_since[region] > opened_at + 0.2 * SCAN_AFTER
        came = float(np.mean(stirred)) > CAME_SINCE
        if came is not (self._scans == SCANS):
            return None
        if float(np.mean(at - change.still_since[region] >= STILL)) < 0.8:
            return None
        if float(np.mean(change.different[region])) > CAME_SINCE:
            return None
        if float(np.mean(cv2.absdiff(change.picture[region], recent) <= change.threshold)) < 0.85:
            return None  # it drives past, or somebody passes before it: the next scan will tell
        return (float(np.median(change.still_since[region][stirred])), False) if came else (opened_at, True)


def same_place(a: PixelBox, b: PixelBox) -> bool:
    """Two boxes are of the same thing."""
    return iou(a, b) > 0.3 or max(inside(a, b), inside(b, a)) > 0.7
