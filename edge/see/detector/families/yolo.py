"""YOLO-style exports whose boxes are already in pixels of the input. Which of the three layouts it is, the
shape tells:

    v5, v7        [1, boxes, 5 + classes]   middle, size, how sure that something is there, classes
    v8, v9, v11   [1, 4 + classes, boxes]   middle, size, classes; no objectness
    v10, end2end  [1, boxes, 6]             corners, score, class number; overlaps already dropped
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge.see.detector.families.raw import Array, Layout, Raw, UnknownLayout, best, from_centre, shapes

FINISHED = 1000
"""A graph that drops overlaps itself keeps a few hundred boxes; grids of cells have thousands."""


def decode(outputs: Mapping[str, Array], layout: Layout, floor: float) -> Raw:
    """See above.

    Raises:
        UnknownLayout: none of them.
    """
    tensors = list(outputs.values())
    if not tensors or tensors[0].ndim != 3:
        raise UnknownLayout(f"a YOLO-style export has one output of three axes, not {shapes(tensors)}")
    table = tensors[0][0]
    if table.shape[1] == 6 and len(table) <= FINISHED:
        rows = np.flatnonzero(table[:, 4] >= floor)
        return Raw(table[rows, :4], table[rows, 4], np.round(table[rows, 5]).astype(np.int64))
    if table.shape[1] == 5 + layout.classes:
        scores = table[:, 5:] * table[:, 4:5]
    elif table.shape[0] == 4 + layout.classes:
        table = table.T
        scores = table[:, 4:]
    else:
        raise UnknownLayout(
            f"{shapes(tensors)} is no YOLO-style output for {layout.classes} classes; are the labels in the "
            "model's description right?"
        )
    rows, top, numbers = best(scores, floor)
    return Raw(from_centre(table[rows, :2], table[rows, 2:4]), top, numbers)
