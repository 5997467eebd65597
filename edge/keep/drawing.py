"""The photo that goes with a condition: the picture with the zone outlined and the thing boxed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.uint8]
"""BGR, [height, width, 3]."""

ZONE = (60, 200, 255)
BOX = (40, 40, 235)
QUALITY = 82
"""JPEG; a 1280x720 street picture comes to 120 to 200 kB."""


def annotated(
    picture: Colour,
    outline: Sequence[tuple[float, float]] | None,
    box: tuple[float, float, float, float] | None,
) -> Colour:
    """A copy of `picture` with the zone's outline and the box drawn; both in parts of the picture."""
    drawn = picture.copy()
    height, width = drawn.shape[:2]
    thick = max(2, width // 400)
    if outline:
        points = np.array([(x * (width - 1), y * (height - 1)) for x, y in outline]).round().astype(np.int32)
        tinted = drawn.copy()
        cv2.fillPoly(tinted, [points], ZONE)
        cv2.addWeighted(tinted, 0.10, drawn, 0.90, 0.0, drawn)
        cv2.polylines(drawn, [points], True, ZONE, thick, cv2.LINE_AA)
    if box is not None:
        x0, y0, x1, y1 = (round(v) for v in np.multiply(box, (width, height, width, height)))
        # A dark line under the bright one: seen on snow and at night alike.
        cv2.rectangle(drawn, (x0, y0), (x1, y1), (0, 0, 0), thick + 2, cv2.LINE_AA)
        cv2.rectangle(drawn, (x0, y0), (x1, y1), BOX, thick, cv2.LINE_AA)
    return drawn


def jpeg(picture: Colour) -> bytes:
    """The picture as JPEG bytes."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(data.tobytes())
