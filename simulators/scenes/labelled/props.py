"""What scenes ask of the stock they are composed from; `simulators.scenes.stock` holds the real one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Kind = Literal["two_wheeler", "vehicle", "bulky", "goods", "person", "animal"]
Outline = Sequence[tuple[float, float]]


class CutOutLike(Protocol):
    """A thing, a person or an animal, cut out of a photo."""

    @property
    def name(self) -> str:
        """Of the asset; unique in its stock."""
        ...

    @property
    def label(self) -> str:
        """The COCO label it should be called by; `unknown` where COCO has none."""
        ...

    @property
    def names(self) -> frozenset[str]:
        """Labels that count as right."""
        ...

    @property
    def pixels(self) -> Image:
        """BGRA; alpha not multiplied in. The lowest row stands on the ground."""
        ...

    @property
    def height_m(self) -> float:
        """Metres, of the whole of `pixels`."""
        ...

    @property
    def kind(self) -> Kind:
        """What sort of thing."""
        ...


class BackgroundLike(Protocol):
    """A still view with ground that things may stand on."""

    @property
    def name(self) -> str:
        """Of the asset; unique in its stock."""
        ...

    @property
    def image(self) -> Image:
        """BGR, at least 720x1280."""
        ...

    @property
    def ground(self) -> Outline:
        """Polygon in parts of the picture."""
        ...

    def pixels_per_metre(self, y: float) -> float:
        """Pixels of `image` for a metre that stands at `y` (parts of the height)."""
        ...


class StockLike(Protocol):
    """Backgrounds and cut-outs."""

    @property
    def backgrounds(self) -> Sequence[BackgroundLike]:
        """All of them."""
        ...

    @property
    def cutouts(self) -> Sequence[CutOutLike]:
        """All of them."""
        ...

    def split(self, split: Literal["tune", "judge"]) -> Self:
        """The half for one kind of scene; the two share nothing."""
        ...
