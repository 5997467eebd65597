"""YOLOX (Ge et al. 2021): one box per cell, [1, cells, 5 + classes]."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge.see.detector.families.raw import (
    Array,
    Layout,
    Raw,
    UnknownLayout,
    best,
    from_centre,
    grids,
    shapes,
)

STRIDES = (8, 16, 32, 64)
"""The fourth only in the P6 models."""


def decode(outputs: Mapping[str, Array], layout: Layout, floor: float) -> Raw:
    """Each row: middle as offset from the cell in strides, logarithm of the size in strides, how sure it is
    that something is there, and how sure of each class; all but the first four through a logistic.

    Raises:
        UnknownLayout: another tensor than this.
    """
    tensors = list(outputs.values())
    if len(tensors) != 1 or tensors[0].ndim != 3 or tensors[0].shape[2] != 5 + layout.classes:
        raise UnknownLayout(f"YOLOX has one output of 5 + {layout.classes} columns, not {shapes(tensors)}")
    table = tensors[0][0]
    places, strides = grids(layout, len(table), STRIDES)
    rows, top, numbers = best(table[:, 5:] * table[:, 4:5], floor)
    table, places, strides = table[rows], places[rows], strides[rows]
    size = np.exp(np.minimum(table[:, 2:4], 20.0)) * strides
    return Raw(from_centre((table[:, :2] + places) * strides, size), top, numbers)
