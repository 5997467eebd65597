"""A thing cut out of a picture, and laying it onto another."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from simulators.scenes.footage import Image


@dataclass(frozen=True, slots=True, eq=False)
class CutOut:
    """A thing with soft edges that can be set down anywhere."""

    label: str
    """The detector's word for it."""
    pixels: Image
    """BGRA, alpha not multiplied in."""
    foot: tuple[float, float]
    """The pixel that stands on the ground."""

    def changed(
        self, scale: float, *, mirror: bool = False, tint: tuple[float, float, float] = (1, 1, 1)
    ) -> CutOut:
        """Another size, the other way round, another colour (gains of blue, green, red)."""
        pixels, (x, y) = self.pixels, self.foot
        if scale != 1:
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            pixels = np.asarray(
                cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how), dtype=np.uint8
            )
        if mirror:
            pixels, x = pixels[:, ::-1], self.pixels.shape[1] - x
        if tint != (1, 1, 1):
            gains = np.array([*tint, 1], dtype=np.float32)
            pixels = np.clip(pixels.astype(np.float32) * gains, 0, 255).astype(np.uint8)
        return CutOut(self.label, np.ascontiguousarray(pixels), (x * scale, y * scale))


def paste(picture: Image, pixels: Image, x: int, y: int) -> None:
    """Lay BGRA pixels onto a picture, in place, upper left at x, y; what falls outside is cut off."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + pixels.shape[1], width), min(y + pixels.shape[0], height)
    if x0 >= x1 or y0 >= y1:
        return
    part = pixels[y0 - y : y1 - y, x0 - x : x1 - x]
    alpha = part[..., 3:].astype(np.uint16)
    below = picture[y0:y1, x0:x1].astype(np.uint16)
    picture[y0:y1, x0:x1] = ((part[..., :3] * alpha + below * (255 - alpha) + 127) // 255).astype(np.uint8)
