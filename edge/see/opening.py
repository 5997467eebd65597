"""When an eye opens: what stood there already, and what came before the usual look was established.

A background cannot know either; the detector's looks at the tiles of a scan can, and the pixels tell which
of the two it was. Tiles are looked at as looks are to be had, so a scan may take from one picture to minutes:
the large ones first, small ones where a large one gave a hint, the other small ones when the node has nothing
better to do. Of 119 things in 61 scenes the large tiles alone found 111 and gave hints of the other 8; small
tiles are 7 of 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edge.see.background import Change, Luma, Mask, Reals
from edge.see.blobs import SMALLEST, PixelBox, area_of, inside, iou, region_of
from edge.see.lookbudget import Looks, Purpose
from edge.see.scanning import closer, tiles

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
"""Times at most that a tile waits because something moves in it, or a thing found in it does not stand."""
PAUSE = 2.0
"""Seconds that it waits."""
LEAST_TILES = 3
"""Looked at at once, or all that are left: fewer are not worth a picture in colour."""


@dataclass(frozen=True, slots=True)
class _Tile:
    box: PixelBox
    due: float
    """Stream time."""
    likely: bool = True
    """Something may be there; else it is looked at when there is time."""
    tries: int = 0


class Opening:
    """Which tiles to look at, and what to make of a thing that was found in one."""

    def __init__(self, areas: Sequence[PartBox] = ()) -> None:
        """`areas`: where things matter; none: in the whole picture, but only large things are found then."""
        self._areas = areas
        self._opened_at = 0.0
        self._first: Luma | None = None
        self._seen = 0
        self._waiting: tuple[_Tile, ...] | None = None
        """None until the tiles are known."""
        self._unsure: list[PixelBox] = []
        """Found in this picture, but not standing."""
        self._hints: list[PixelBox] = []
        """Found in this picture, but only just."""
        self._last_scan = False
        self._over = False

    def over(self) -> None:
        """Nothing needs to be scanned: the eye goes on where an earlier one stopped."""
        self._over, self._first, self._waiting = True, None, ()

    def due(self, change: Change, at: float, looks: Looks) -> tuple[PixelBox, ...]:
        """The tiles to look at in the picture of stream time `at`, as far as `looks` allow; once for each."""
        if self._over:
            return ()
        if self._first is None:
            self._first, self._opened_at = change.picture.copy(), at
        self._seen += 1
        age = at - self._opened_at
        if self._waiting is None and age >= SCAN_AFTER and self._seen >= SCAN_LOOKS:
            fine = closer(change.picture.shape)
            self._waiting = tuple(
                _Tile(box, at, likely=box not in fine) for box in self._tiles(change.picture.shape)
            )
        if self._waiting is None:
            return ()
        if not self._last_scan and age >= LAST_SCAN:
            self._last_scan = True
            self._look_again(change, at)
        if not self._waiting and self._last_scan:
            self.over()
            return ()
        due = [tile for tile in self._waiting if tile.due <= at]
        likely = [tile for tile in due if tile.likely]
        purpose = Purpose.SCAN if likely else Purpose.LEISURE
        granted = looks.take(purpose, len(likely or due), LEAST_TILES) if due else 0
        return self._calm(likely or due, granted, change, at) if granted else ()

    def hint(self, box: PixelBox) -> None:
        """In a tile looked at just now there may be something here: a closer look will tell."""
        self._hints.append(box)

    def looked(self, boxes: Sequence[PixelBox], shape: tuple[int, ...], at: float) -> None:
        """The detector looked at these tiles: those with a thing that does not stand yet come again."""
        done = [tile for tile in self._waiting or () if tile.box in boxes and tile.due <= at]
        if done:
            waiting = [tile for tile in self._waiting or () if tile not in done]
            hinted = {
                box
                for box, core in closer(shape).items()
                if any(_centred(hint, core) for hint in self._hints)
            }
            self._waiting = (
                *(replace(tile, likely=tile.likely or tile.box in hinted) for tile in waiting),
                *(
                    replace(tile, due=at + PAUSE, tries=tile.tries + 1)
                    for tile in done
                    if tile.tries < TRIES and any(inside(box, tile.box) > 0.5 for box in self._unsure)
                ),
            )
        self._unsure.clear()
        self._hints.clear()

    def _calm(self, due: Sequence[_Tile], most: int, change: Change, at: float) -> tuple[PixelBox, ...]:
        """The first of these tiles in which nothing moves; others wait, but not for ever: somebody may be
        passing before a thing.
        """
        moves = cv2.integral((change.still_since > at - STILL).view(np.uint8))
        calm: list[PixelBox] = []
        later: dict[_Tile, _Tile] = {}
        for tile in due:
            if len(calm) == most:
                break
            if tile.tries + 1 < TRIES and _share(moves, tile.box) > STIRS:
                later[tile] = replace(tile, due=at + PAUSE, tries=tile.tries + 1)
            else:
                calm.append(tile.box)
        self._waiting = tuple(later.get(tile, tile) for tile in self._waiting or ())
        return tuple(calm)

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

    def _look_again(self, change: Change, at: float) -> None:
        """The tiles in which enough for a thing has come to rest are likely ones, once more if need be."""
        came = self._came(change) & ~change.different
        changed = {
            box
            for box in self._tiles(came.shape)
            if np.count_nonzero(came[region_of(box)]) >= SMALLEST * came.size
        }
        waiting = self._waiting or ()
        known = {tile.box for tile in waiting}
        self._waiting = (
            *(replace(tile, likely=tile.likely or tile.box in changed) for tile in waiting),
            *(_Tile(box, at) for box in self._tiles(came.shape) if box in changed - known),
        )


def _share(sums: Reals, box: PixelBox) -> float:
    """Of a box in a picture of zeros and ones, of which `sums` is the integral."""
    x0, y0, x1, y1 = box
    return float(sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]) / area_of(box)


def _centred(box: PixelBox, core: PixelBox) -> bool:
    x, y = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
    return core[0] <= x < core[2] and core[1] <= y < core[3]


def same_place(a: PixelBox, b: PixelBox) -> bool:
    """Two boxes are of the same thing."""
    return iou(a, b) > 0.3 or max(inside(a, b), inside(b, a)) > 0.7
