"""One sharp still out of many frames of a drifting camera.

Frames are aligned to a reference on one plane of the scene (enhanced correlation coefficient:
Evangelidis and Psarakis, IEEE TPAMI 30(10), 2008, as in OpenCV) and the median is taken on a grid twice
as fine. Compression noise goes, detail below the pixel of one frame comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.errors import FootageError
from simulators.scenes.footage import Image

Field = NDArray[np.float32]
"""A picture or a mask while it is worked on."""

FINER = 2
"""How many pixels of a still make one of the film."""


def align(film: Sequence[Image], reference: int, wanted: Iterable[int], plane: Image) -> dict[int, Field]:
    """How each wanted frame maps onto the reference: a 3x3 matrix from reference to frame.

    Args:
        film: all frames.
        reference: the frame that stays.
        wanted: frames around the reference; from each to the next the camera may move a few pixels.
        plane: 255 where the reference shows the plane to align on, else 0.

    Raises:
        FootageError: a frame does not show that plane.
    """
    target = cv2.cvtColor(film[reference], cv2.COLOR_BGR2GRAY)
    span = sorted(wanted)
    stages = ([n for n in span if n > reference], [n for n in reversed(span) if n < reference])
    found = {reference: np.eye(3, dtype=np.float32)}
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
    for way in stages:
        matrix = np.eye(3, dtype=np.float32)
        for number in way:
            frame = cv2.cvtColor(film[number], cv2.COLOR_BGR2GRAY)
            try:
                _, matrix = cv2.findTransformECC(target, frame, matrix, cv2.MOTION_HOMOGRAPHY, stop, plane, 5)
            except cv2.error as error:
                raise FootageError(f"frame {number} of the film does not match frame {reference}") from error
            found[number] = matrix.copy()
    return found


def warp(frame: Image, matrix: Field) -> Field:
    """A frame laid onto the fine grid of the reference."""
    half = (FINER - 1) / 2
    fine = np.array([[FINER, 0, half], [0, FINER, half], [0, 0, 1]], dtype=np.float32)
    size = (frame.shape[1] * FINER, frame.shape[0] * FINER)
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    moved = cv2.warpPerspective(
        frame, matrix @ np.linalg.inv(fine), size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, dtype=np.float32)


def median(film: Sequence[Image], matrices: dict[int, Field], numbers: Iterable[int]) -> Field:
    """The median of these frames on the fine grid."""
    return np.median(np.stack([warp(film[n], matrices[n]) for n in numbers]), axis=0).astype(np.float32)


def sharpen(picture: Field, amount: float = 0.8, radius: float = 2.0) -> Field:
    """Unsharp mask: gives back the edge contrast that aligning and enlarging took."""
    edges = picture - cv2.GaussianBlur(picture, (0, 0), radius)
    return np.asarray(np.clip(picture + amount * edges, 0, 255), dtype=np.float32)
