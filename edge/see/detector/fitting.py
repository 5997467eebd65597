"""A picture as a model's input, and boxes back into the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edge.see.detector.description import Input
from edge.see.detector.families import Array
from edge.see.detector.kinds import Colour


@dataclass(frozen=True, slots=True)
class Fitted:
    """Where the picture lies in the input: a pixel (x, y) of it is at (x * across + left, y * down + top)."""

    across: float
    down: float
    left: int
    top: int


def fitted(shape: tuple[int, ...], size: Input) -> Fitted:
    """For a picture of `shape` (height, width)."""
    height, width = shape[:2]
    if size.fit == "stretch":
        return Fitted(size.width / width, size.height / height, 0, 0)
    scale = min(size.width / width, size.height / height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size.width - wide) // 2, (size.height - high) // 2
    corner = size.fit == "corner"
    return Fitted(wide / width, high / height, 0 if corner else left, 0 if corner else top)


def tensor(picture: Colour, size: Input, where: Fitted) -> Array:
    """The input of a batch of one, [1, 3, height, width] or [1, height, width, 3]."""
    wide, high = round(picture.shape[1] * where.across), round(picture.shape[0] * where.down)
    laid = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_LINEAR)
    if (wide, high) != (size.width, size.height):
        whole = np.full((size.height, size.width, 3), size.grey, np.uint8)
        whole[where.top : where.top + high, where.left : where.left + wide] = laid
        laid = whole
    if size.colour == "rgb":
        laid = cv2.cvtColor(laid, cv2.COLOR_BGR2RGB)
    values: Array = laid.astype(np.float32)
    if any(size.mean):
        values -= np.array(size.mean, np.float32)
    if set(size.scale) != {1.0}:
        values *= np.float32(1.0) / np.array(size.scale, np.float32)
    if size.layout == "nchw":
        values = np.ascontiguousarray(values.transpose(2, 0, 1))
    batch: Array = values[None]
    return batch


def back(boxes: Array, shape: tuple[int, ...], where: Fitted) -> Array:
    """Boxes [n, 4] from pixels of the input to pixels of the picture, cut at its edges."""
    height, width = shape[:2]
    corner = np.array([where.left, where.top] * 2, np.float32)
    scale = np.array([where.across, where.down] * 2, np.float32)
    limits = np.array([width, height] * 2, np.float32)
    inside: Array = np.clip((boxes - corner) / scale, 0.0, limits)
    return inside
