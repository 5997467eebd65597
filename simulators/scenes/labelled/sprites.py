"""Cut-outs made ready to be laid onto pictures: sized, lit, with the shadow at their foot."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import numpy.typing as npt

from simulators.scenes.footage import Image
from simulators.scenes.stock.model import StockCutOut

WIDTH, HEIGHT = 640, 360
"""Of the luma picture; the colour picture is `FINER` times as large."""
FINER = 2
SHADOW = 0.5
"""How dark the shadow under a thing is where it is darkest."""
_SQUASH = 0.09
"""Height of that shadow, of the thing's."""
Tint = tuple[float, float, float]
"""Gains of blue, green and red."""


class Sprite:
    """One cut-out at one size; positions are those of its foot's middle, in luma pixels."""

    def __init__(
        self,
        source: StockCutOut,
        height: float,
        *,
        mirror: bool = False,
        tint: Tint = (1, 1, 1),
        infrared: float = 1.0,
        lean: float = 0.0,
    ) -> None:
        """Size it.

        Args:
            source: the cut-out.
            height: in luma pixels.
            mirror: the other way round.
            tint: its light.
            infrared: how bright its stuff is in infrared, against the eye's view.
            lean: how far its top is shifted, in parts of the height.
        """
        self.source = source
        rows, columns = source.pixels.shape[:2]
        self.height: int = max(2, round(height))
        self.width: int = max(2, round(height * columns / rows))
        self._mirror, self._tint, self._infrared, self._lean = mirror, tint, infrared, lean
        self._pad = max(2, round(0.06 * max(self.height, self.width)))
        self._layers: dict[tuple[bool, bool], tuple[Image, Image]] = {}

    @property
    def fits(self) -> bool:
        """It is not larger than the picture: a lorry close to the camera would only be its wheels."""
        return self.width <= WIDTH and self.height <= HEIGHT

    @functools.cached_property
    def solid(self) -> npt.NDArray[np.bool_]:
        """Where the thing itself is, in luma pixels (without its shadow), `height` x `width`."""
        pad = self._pad
        alpha = self._cut(1)[..., 3]
        return np.asarray(alpha[pad:-pad, pad:-pad] >= 128)

    def corner(self, x: float, y: float) -> tuple[int, int]:
        """The luma pixel of `solid`'s upper left when the foot is at x, y."""
        return round(x - self.width / 2), round(y) - self.height

    def paste(self, picture: Image, x: float, y: float, infrared: bool) -> None:
        """Lay it onto a luma [360, 640] or colour [720, 1280, 3] picture, in place."""
        fine = picture.ndim == 3
        value, through = self._layer(fine, infrared)
        left, top = self.corner(x, y)
        scale = FINER if fine else 1
        left, top = (left - self._pad) * scale, (top - self._pad) * scale
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + value.shape[1], picture.shape[1]), min(top + value.shape[0], picture.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        below = picture[y0:y1, x0:x1]
        cv2.multiply(below, through[part], below, 1 / 255)
        cv2.add(below, value[part], below)

    def _layer(self, fine: bool, infrared: bool) -> tuple[Image, Image]:
        """What is added (alpha multiplied in), and how much of what is below shines through."""
        if (fine, infrared) not in self._layers:
            self._layers[fine, infrared] = self._made(fine, infrared)
        return self._layers[fine, infrared]

    def _made(self, fine: bool, infrared: bool) -> tuple[Image, Image]:
        cut = self._cut(FINER if fine else 1)
        alpha, value = cut[..., 3], cut[..., :3]
        if infrared or not fine:
            value = cv2.cvtColor(value, cv2.COLOR_BGR2GRAY)
        if infrared:
            value = cv2.min(cv2.convertScaleAbs(value, alpha=self._infrared), alpha)
            value = cv2.cvtColor(value, cv2.COLOR_GRAY2BGR) if fine else value
        through = cv2.multiply(255 - alpha, 255 - self._shadow(alpha), scale=1 / 255)
        return np.asarray(value), np.asarray(cv2.cvtColor(through, cv2.COLOR_GRAY2BGR) if fine else through)

    def _shadow(self, alpha: Image) -> Image:
        """Soft darkness on the ground around the foot."""
        rows, columns = alpha.shape
        pad = self._pad * (rows // (self.height + 2 * self._pad))
        low = alpha[rows // 2 :]
        flat = max(2, round(_SQUASH * (rows - 2 * pad)))
        foot = rows - pad
        out = np.zeros_like(alpha)
        top = max(0, foot - flat * 2 // 3)
        bottom = min(rows, top + flat)
        out[top:bottom] = cv2.resize(low, (columns, flat), interpolation=cv2.INTER_AREA)[: bottom - top]
        sigma = max(0.7, 0.25 * flat)
        return np.asarray(cv2.convertScaleAbs(cv2.GaussianBlur(out, (0, 0), sigma), alpha=SHADOW))

    def _cut(self, scale: int) -> Image:
        """BGRA with alpha multiplied in, in this size and light, with a rim of nothing."""
        pixels = self.source.pixels
        alpha = pixels[..., 3]
        value = cv2.multiply(pixels[..., :3], cv2.cvtColor(alpha, cv2.COLOR_GRAY2BGR), scale=1 / 255)
        size = (self.width * scale, self.height * scale)
        how = cv2.INTER_AREA if size[1] < pixels.shape[0] else cv2.INTER_LINEAR
        value, alpha = (cv2.resize(part, size, interpolation=how) for part in (value, alpha))
        value = np.asarray(value).astype(np.float32) * np.array(self._tint, np.float32)
        value = np.minimum(value, np.asarray(alpha)[..., None]).astype(np.uint8)
        cut = np.dstack([value, alpha])
        if self._mirror:
            cut = np.ascontiguousarray(cut[:, ::-1])
        pad = self._pad * scale
        cut = cv2.copyMakeBorder(cut, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
        if self._lean:
            move = np.array([[1, -self._lean, self._lean * (size[1] + pad)], [0, 1, 0]], np.float32)
            cut = cv2.warpAffine(cut, move, (cut.shape[1], cut.shape[0]))
        return np.asarray(cut, dtype=np.uint8)
