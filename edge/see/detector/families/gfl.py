"""NanoDet and PicoDet: the head of Generalised Focal Loss (Li et al. 2020).

Each cell has class scores (already through a logistic) and, for each of the four sides, a distribution over
whole strides whose mean is the distance from the cell to that side.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge.see.detector.families.raw import NOTHING, Array, Layout, Raw, UnknownLayout, best, grids, shapes

STRIDES = (8, 16, 32, 64)
"""PicoDet and NanoDet-Plus use all, older NanoDets the first three."""


def decode(outputs: Mapping[str, Array], layout: Layout, floor: float) -> Raw:
    """NanoDet and PicoDet: for each stride a tensor [1, cells, classes] and one [1, cells, 4 * bins]; a
    cell's point is its middle.

    Raises:
        UnknownLayout: other tensors than these.
    """
    tensors = [one for one in outputs.values() if one.ndim == 3]
    scores = [one[0] for one in tensors if one.shape[2] == layout.classes]
    sides = [one[0] for one in tensors if one.shape[2] != layout.classes]
    if len(scores) + len(sides) != len(outputs) or [len(s) for s in scores] != [len(s) for s in sides]:
        raise UnknownLayout(
            f"scores of {layout.classes} classes and distances should alternate by stride, "
            f"but the outputs are {shapes(list(outputs.values()))}"
        )
    if not scores:
        raise UnknownLayout("the model has no outputs")
    return _decoded(np.concatenate(scores), np.concatenate(sides), layout, floor, middle=0.5)


def decode_plus(outputs: Mapping[str, Array], layout: Layout, floor: float) -> Raw:
    """NanoDet-Plus: one tensor [1, cells, classes + 4 * bins]; a cell's point is its upper left corner.

    Raises:
        UnknownLayout: another tensor than this.
    """
    tensors = list(outputs.values())
    if len(tensors) != 1 or tensors[0].ndim != 3 or tensors[0].shape[2] <= layout.classes:
        raise UnknownLayout(f"NanoDet-Plus has one output of scores and distances, not {shapes(tensors)}")
    both = tensors[0][0]
    return _decoded(both[:, : layout.classes], both[:, layout.classes :], layout, floor, middle=0.0)


def _decoded(scores: Array, sides: Array, layout: Layout, floor: float, *, middle: float) -> Raw:
    if sides.shape[1] % 4:
        raise UnknownLayout(f"{sides.shape[1]} numbers for the four sides of a box cannot be divided by 4")
    places, strides = grids(layout, len(scores), STRIDES)
    rows, top, numbers = best(scores, floor)
    if not rows.size:
        return NOTHING
    bins = sides[rows].reshape(rows.size, 4, -1)
    parts = np.exp(bins - bins.max(2, keepdims=True))
    mean = (parts / parts.sum(2, keepdims=True)) @ np.arange(bins.shape[2], dtype=np.float32)
    point, away = (places[rows] + middle) * strides[rows], mean * strides[rows]
    return Raw(np.concatenate((point - away[:, :2], point + away[:, 2:]), 1), top, numbers)
