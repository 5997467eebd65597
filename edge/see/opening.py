"""When an eye opens: what stood there already, and what came before the usual look was established.

A background cannot know either; the detector's looks at the tiles of a scan can, and the pixels tell which
of the two it was. Tiles are looked at as looks are to be had, so a scan may take from one picture to minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge.see.background import Change, Luma, Mask
from edge.see.blobs import SMALLEST, PixelBox, inside, iou, region_of
from edge.see.scanning import tiles

PartBox = tuple[float, float, float, float]
"""x0, y0, x1, y1 in parts of the picture."""
SCAN_AFTER = 3.0
"""Seconds after the eye opened at which it looks for what was there before: by then, what stands is
told from what drives."""
SCAN_LOOKS = 4
"""And so many pictures, where they come seldom."""
CAME_SINCE = 0.1
"""Share of a thing's box that differs from the first picture if it was not there then: 0.24 of a bicycle's
box did, which is mostly what is behind it, and 0.0 of one that stood there."""
STOOD = 0.02
"""Share up to which it did stand there; between the two, something else is coming to rest beside it."""
LAST_SCAN = 10.0
"""Seconds after the eye opened at which tiles in which something has come to rest since are looked at once
more: it may have come before the usual look was established."""
STILL = 3.0
"""Seconds that it must have held still."""
STIRS = 0.01
"""Share of a tile that moves when somebody may be passing before a thing."""
TRIES = 3
"""Looks at most at a tile in which something moves."""
PAUSE = 2.0
"""Seconds until a tile in which something moves is looked at again."""


@dataclass(frozen=True, slots=True)
class _Tile:
    box: PixelBox
    due: float
    """Stream time."""
    tries: int = 0


class Opening:
    """Which tiles to look at, and what to make of a thing that was found in one."""

    def __init__(self, areas: Sequence[PartBox] = ()) -> None:
        """`areas`: where things matter; none: in the whole picture, but only large things are found then."""
        self._areas = areas
        self._opened_at = 0.0
        self._first: Luma | None = None
        self._looks = 0
        self._waiting: tuple[_Tile, ...] | None = None
        """None until the tiles are known."""
        self._unsure: list[PixelBox] = []
        """Found in this picture, but not standing."""
        self._last_scan = False
        self._over = False

    def over(self) -> None:
        """Nothing needs to be scanned: the eye goes on where an earlier one stopped."""
        self._over, self._first, self._waiting = True, None, ()

    def due(self, change: Change, at: float) -> tuple[PixelBox, ...]:
        """The tiles to look at in the picture of stream time `at`, most urgent first; asked once for each."""
        if self._over:
            return ()
        if self._first is None:
            self._first, self._opened_at = change.picture.copy(), at
        self._looks += 1
        age = at - self._opened_at
        if self._waiting is None and age >= SCAN_AFTER and self._looks >= SCAN_LOOKS:
            self._waiting = tuple(_Tile(box, at) for box in self._tiles(change.picture.shape))
        if self._waiting is None:
            return ()
        if not self._last_scan and age >= LAST_SCAN:
            self._last_scan = True
            self._waiting += self._changed(change, at)
        if not self._waiting and self._last_scan:
            self.over()
        return tuple(tile.box for tile in self._waiting if tile.due <= at)

    def looked(self, boxes: Sequence[PixelBox], change: Change, at: float) -> None:
        """The detector looked at these tiles: those in which something moves come again."""
        waiting = self._waiting or ()
        done = [tile for tile in waiting if tile.box in boxes and tile.due <= at]
        again = [
            _Tile(tile.box, at + PAUSE, tile.tries + 1)
            for tile in done
            if tile.tries + 1 < TRIES and self._undecided(tile.box, change, at)
        ]
        if done:
            self._waiting = (*(tile for tile in waiting if tile not in done), *again)
        self._unsure.clear()

    def _undecided(self, tile: PixelBox, change: Change, at: float) -> bool:
        if any(inside(box, tile) > 0.5 for box in self._unsure):
            return True
        return float(np.mean(at - change.still_since[region_of(tile)] < STILL)) > STIRS

    def stands(self, box: PixelBox, change: Change, recent: Luma, at: float) -> tuple[float, bool] | None:
        """Since when the thing found in `box` stands there, and whether that is a lower bound.

        None when that cannot be told now. `recent` is the short background in the box.
        """
        region = region_of(box)
        still = float(np.mean(at - change.still_since[region] >= STILL)) >= 0.8
        usual = float(np.mean(change.different[region])) <= CAME_SINCE
        calm = float(np.mean(cv2.absdiff(change.picture[region], recent) <= change.threshold)) >= 0.85
        came = self._came(change)[region]
        share = float(np.mean(came))
        if not (still and usual and calm) or STOOD < share <= CAME_SINCE:
            self._unsure.append(box)  # it drives past, or somebody passes before it: another look will tell
            return None
        if share > CAME_SINCE:
            return float(np.median(change.still_since[region][came])), False
        return self._opened_at, True

    def _came(self, change: Change) -> Mask:
        """Pixels that show something else than the first picture, since a moment that is known.

        Somebody who passed before a thing stirred its pixels, but they look as in the first picture; what
        only the light has changed never stirred.
        """
        assert self._first is not None
        stirred = change.still_since > self._opened_at + 0.2 * SCAN_AFTER
        return np.asarray(stirred & (cv2.absdiff(change.picture, self._first) > change.threshold))

    def _tiles(self, shape: tuple[int, ...]) -> tuple[PixelBox, ...]:
        height, width = shape[:2]
        areas = [
            (round(x0 * width), round(y0 * height), round(x1 * width), round(y1 * height))
            for x0, y0, x1, y1 in self._areas
        ]
        return tiles(shape, areas)

    def _changed(self, change: Change, at: float) -> tuple[_Tile, ...]:
        """The tiles, not waiting any more, in which enough for a thing has come to rest."""
        came = self._came(change) & ~change.different
        waiting = {tile.box for tile in self._waiting or ()}
        return tuple(
            _Tile(box, at)
            for box in self._tiles(came.shape)
            if box not in waiting and np.count_nonzero(came[region_of(box)]) >= SMALLEST * came.size
        )


def same_place(a: PixelBox, b: PixelBox) -> bool:
    """Two boxes are of the same thing."""
    return iou(a, b) > 0.3 or max(inside(a, b), inside(b, a)) > 0.7
