"""Cutting things out of photographs, and people out of a film whose camera stands still."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from simulators.errors import FootageError
from simulators.scenes.footage import Image
from simulators.scenes.still import Field
from simulators.scenes.stock.render import cropped

Polygon = Sequence[tuple[float, float]]
_RIM = 5
"""Pixels on either side of a traced outline within which the true edge is looked for."""
_EVERY = 9
"""Of the film's frames, one in so many is taken for the empty view: passers-by are nowhere long."""
_NEAR, _FAR = 14, 44
"""Difference from the empty view, levels, at which a pixel is not at all, and wholly, somebody's."""


def photograph(path: Path) -> Image:
    """A photo as BGR.

    Raises:
        FootageError: it is not there or not a picture.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise FootageError(f"{path} is not a picture that can be read; save it as PNG or JPEG")
    return np.asarray(picture, np.uint8)


def cut(photo: Image, outline: Sequence[Polygon], holes: Sequence[Polygon] = ()) -> Image:
    """What lies within a traced outline; the edge is found by GrabCut (Rother et al., SIGGRAPH 2004)."""
    inside = np.zeros(photo.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.round(one).astype(np.int32) for one in outline], 255)
    if holes:
        cv2.fillPoly(inside, [np.round(one).astype(np.int32) for one in holes], 0)
    rim = np.ones((2 * _RIM + 1, 2 * _RIM + 1), np.uint8)
    marks = np.full(inside.shape, cv2.GC_BGD, np.uint8)
    marks[cv2.dilate(inside, rim) > 0] = cv2.GC_PR_BGD
    marks[inside > 0] = cv2.GC_PR_FGD
    marks[cv2.erode(inside, rim) > 0] = cv2.GC_FGD
    cv2.setRNGSeed(1)
    cv2.grabCut(photo, marks, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    found = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8) * 255
    soft = cv2.GaussianBlur(cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), (0, 0), 0.9)
    return cropped(np.dstack([photo, soft]))


class Film:
    """A film by a camera that stands still."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            FootageError: it cannot be read.
        """
        try:
            with av.open(str(path)) as container:
                self._frames = [
                    np.asarray(one.to_ndarray(format="bgr24"), np.uint8) for one in container.decode(video=0)
                ]
        except (FFmpegError, OSError, IndexError) as error:
            raise FootageError(f"{path} cannot be read as a film: {error}") from error
        self.empty = np.median(np.stack(self._frames[::_EVERY]), axis=0).astype(np.uint8)

    def cut(self, frame: int, box: tuple[int, int, int, int], finer: int = 2) -> Image:
        """Who is in a box of a frame, by the difference from the empty view; `finer` pixels for one."""
        x, y, width, height = box
        part = np.s_[max(y - 6, 0) : y + height + 6, max(x - 6, 0) : x + width + 6]
        seen, empty = (
            cv2.resize(one[part], None, fx=finer, fy=finer, interpolation=cv2.INTER_CUBIC).astype(np.float32)
            for one in (self._frames[frame], self.empty)
        )
        apart = cv2.GaussianBlur(np.where(_shade(seen, empty), 0, np.abs(seen - empty).max(2)), (0, 0), 1.2)
        solid = (apart > (_NEAR + _FAR) / 2).astype(np.uint8)
        solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
        count, labels, numbers, _ = cv2.connectedComponentsWithStats(solid)
        if count < 2:
            raise FootageError(f"frame {frame} shows nobody at {box}")
        body = (labels == 1 + int(np.argmax(numbers[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
        around = cv2.dilate(body, np.ones((5, 5), np.uint8))
        edge = np.clip((apart - _NEAR) / (_FAR - _NEAR), 0, 1)
        edge *= cv2.GaussianBlur(around.astype(np.float32), (0, 0), 1)
        core = cv2.erode(body, np.ones((3, 3), np.uint8)).astype(np.float32)
        alpha = cv2.GaussianBlur(np.maximum(edge, core), (0, 0), 0.8)
        own = (seen - empty * (1 - alpha[..., None])) / np.maximum(alpha[..., None], 0.25)
        colour = np.where(alpha[..., None] > 0.25, own, seen)
        pixels = np.dstack([np.clip(colour, 0, 255), alpha * 255])
        return cropped(np.round(pixels).astype(np.uint8), least=60)


def _shade(seen: Field, empty: Field) -> NDArray[np.bool_]:
    """Where the ground is seen, only darker: all colours lose about the same share."""
    share = cv2.GaussianBlur(seen, (0, 0), 1.5) / np.maximum(cv2.GaussianBlur(empty, (0, 0), 1.5), 8)
    least, most = share.min(2), share.max(2)
    return np.asarray((most - least < 0.13) & (least > 0.5) & (most < 1.04))
