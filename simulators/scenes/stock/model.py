"""What labelled scenes are made of: photographed grounds, and things cut out that can be set down on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from simulators.scenes.footage import Image

Split = Literal["tune", "judge"]
Kind = Literal["two_wheeler", "vehicle", "bulky", "goods", "person", "animal"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Dot = tuple[float, float]
"""x, y as parts of the picture, 0..1."""
UNKNOWN = "unknown"
"""The label of things that COCO has no word for."""


@dataclass(frozen=True, eq=False)
class StockCutOut:
    """A thing with soft edges, no shadow of its own on the ground; its lowest row stands on the ground."""

    name: str
    label: str
    """What a detector trained on COCO should say, or `unknown`."""
    names: frozenset[str]
    """All that it may say, `label` among them."""
    pixels: Image
    """Height x width x 4: BGR and alpha, not multiplied in; cropped to what is not clear."""
    height_m: float
    """What the picture's height is in the world, metres."""
    kind: Kind
    asset: str = ""
    """The thing of which this is one view; things are counted by this."""
    made: Literal["photo", "render"] = "photo"


@dataclass(frozen=True, eq=False)
class StockBackground:
    """An empty place, seen by a camera that stands still."""

    name: str
    image: Image
    """BGR, at least 720 x 1280."""
    ground: tuple[Dot, ...]
    """A polygon on which things can stand."""
    horizon: float
    """The row at which the ground would vanish, part of the height; may lie above the picture."""
    metre: float
    """What a metre upright measures at the bottom edge, part of the picture's height."""

    def pixels_per_metre(self, y: float) -> float:
        """Pixels of a metre upright that stands at row `y` (part of the height); 0 at the horizon."""
        share = (y - self.horizon) / (1 - self.horizon)
        return max(0.0, share) * self.metre * float(self.image.shape[0])


@dataclass(frozen=True, eq=False)
class Stock:
    """All there is, or one split of it."""

    backgrounds: tuple[StockBackground, ...]
    cutouts: tuple[StockCutOut, ...]
    tuning: frozenset[str] = frozenset()
    """Names of what may be tuned with; all else judges."""

    def split(self, split: Split) -> Stock:
        """What scenes of one split may be made of; the two share nothing."""

        def mine(name: str) -> bool:
            return (name in self.tuning) == (split == "tune")

        return Stock(
            tuple(one for one in self.backgrounds if mine(one.name)),
            tuple(one for one in self.cutouts if mine(one.name)),
            self.tuning,
        )

    def of(self, *kinds: Kind) -> Sequence[StockCutOut]:
        """Cut-outs of some kinds."""
        return [one for one in self.cutouts if one.kind in kinds]
