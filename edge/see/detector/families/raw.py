"""What every decoder takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelUnusable

Array = NDArray[np.float32]


class UnknownLayout(ModelUnusable):
    """The tensors are not what this family writes; the text tells their shapes."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What a decoder must know beside the tensors."""

    width: int
    height: int
    """Of the model's input, pixels."""
    classes: int
    """How many class numbers there are, gaps and a leading background among them."""
    anchors: Array | None = None
    """[n, 4] as y0, x0, y1, x1 of the input, 0..1; only SSD has them."""


class Raw(NamedTuple):
    """n answers before overlapping ones are dropped; `boxes` are x0, y0, x1, y1 in pixels of the input."""

    boxes: Array
    scores: Array
    """[n], 0..1."""
    numbers: NDArray[np.int64]
    """[n], class numbers."""


NOTHING = Raw(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))


def best(scores: Array, floor: float) -> tuple[NDArray[np.int64], Array, NDArray[np.int64]]:
    """Of `scores` [n, classes]: which rows reach the floor, their best score, its class number."""
    top = scores.max(1)
    rows = np.flatnonzero(top >= floor)
    return rows, top[rows], scores[rows].argmax(1)


def from_centre(centre: Array, size: Array) -> Array:
    """[n, 2] middles (x, y) and [n, 2] sizes (w, h) as corners."""
    return np.concatenate((centre - size / 2, centre + size / 2), 1)


def cells(layout: Layout, strides: Sequence[int]) -> tuple[Array, Array]:
    """Column and row [n, 2] and stride [n, 1] of each cell of the grids, finest first, row by row."""
    places, steps = [], []
    for stride in strides:
        across, down = -(-layout.width // stride), -(-layout.height // stride)
        row, column = np.divmod(np.arange(across * down), across)
        places.append(np.stack((column, row), 1))
        steps.append(np.full((across * down, 1), stride))
    return np.concatenate(places).astype(np.float32), np.concatenate(steps).astype(np.float32)


def grids(layout: Layout, rows: int, strides: Sequence[int]) -> tuple[Array, Array]:
    """The same for as many of the strides as make `rows` cells.

    Raises:
        UnknownLayout: none of the sums fits.
    """
    for many in range(len(strides), 0, -1):
        places, steps = cells(layout, strides[:many])
        if len(places) == rows:
            return places, steps
    raise UnknownLayout(
        f"{rows} boxes do not fit an input of {layout.width}x{layout.height} with strides "
        f"{', '.join(map(str, strides))}; is the input size in the model's description right?"
    )


def shapes(outputs: Sequence[Array]) -> str:
    """For messages."""
    return ", ".join("x".join(map(str, one.shape)) for one in outputs)
