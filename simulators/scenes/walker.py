"""The man who walks through the pavement's shot, from the hips down, as six cut-outs and a way to loop them.

The camera stands at knee height, so the film shows no more of him. Frames 202-207 hold half a stride:
one foot stands while the other passes it. Trousers are black, so the next half stride is the same six
again, a step further on.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from simulators.scenes.cutout import CutOut
from simulators.scenes.footage import Image
from simulators.scenes.outlines import MAN
from simulators.scenes.still import FINER

STEP = 165 * FINER
"""Pixels of the still from one standing foot to the next."""
RATE = 12.5
"""Cut-outs a second: a brisk walk; the film itself is a little fast."""
_FIRST = 202
_STANDING = 474
"""x of the standing foot in all six frames of the film."""
_LEFT, _RIGHT = 250, 640
_BLACK = (52, 50, 46)
"""Nothing of the trousers is brighter; glints of the bicycle at their rim are."""
_BELOW = 20
"""Rows added below the sole, for its shadow."""
_BOLLARD_ENDS = 290
"""Left of this the bollard hides the hind foot of the first frame; it is given the trousers' black."""


def walker(film: Sequence[Image]) -> tuple[CutOut, ...]:
    """The six cut-outs, twice the film's size; their foot is the standing one, at the sole."""
    found = []
    for number, outline in enumerate(MAN):
        frame = film[_FIRST + number].copy()
        if number == 0:
            frame[150:, :_BOLLARD_ENDS] = frame[150:, _BOLLARD_ENDS : _BOLLARD_ENDS + 1]
            frame[150:, :_BOLLARD_ENDS] = np.minimum(frame[150:, :_BOLLARD_ENDS], (34, 32, 28))
        frame[40:235] = np.minimum(frame[40:235], _BLACK)
        inside = np.zeros(frame.shape[:2], dtype=np.uint8)
        cv2.fillPoly(inside, [np.array(outline, dtype=np.int32)], 255, cv2.LINE_AA)
        inside = cv2.GaussianBlur(
            cv2.erode(inside, np.ones((2, 2), np.uint8)), (0, 0), 1.2, borderType=cv2.BORDER_REPLICATE
        )
        whole = np.dstack([frame, inside])[:, _LEFT:_RIGHT]
        large = np.asarray(
            cv2.resize(whole, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_CUBIC), np.uint8
        )
        foot = (float((_STANDING - _LEFT) * FINER), float(large.shape[0] - 4))
        found.append(CutOut("person", _grounded(large, foot), foot))
    return tuple(found)


def _grounded(pixels: Image, foot: tuple[float, float]) -> Image:
    """The film ends at the sole: soften that edge and lay a shadow under the standing foot."""
    tall = cv2.copyMakeBorder(pixels, 0, _BELOW, 0, 0, cv2.BORDER_CONSTANT).astype(np.float32)
    edge = pixels.shape[0]
    tall[edge - 8 : edge, :, 3] *= np.linspace(1, 0, 8, dtype=np.float32)[:, None]
    shadow = np.zeros(tall.shape[:2], dtype=np.float32)
    cv2.ellipse(shadow, (round(foot[0]) + 10, round(foot[1]) - 2), (105, 10), 0, 0, 360, 105, -1)
    shadow = cv2.GaussianBlur(shadow, (0, 0), 5)
    total = np.maximum(tall[..., 3] + shadow * (1 - tall[..., 3] / 255), 1e-6)
    tall[..., :3] *= (tall[..., 3] / total)[..., None]
    tall[..., 3] = total
    return np.asarray(np.round(np.clip(tall, 0, 255)), dtype=np.uint8)
