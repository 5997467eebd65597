"""SSD (Liu et al. 2016): offsets to anchors and class logits, or what the graph itself made of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge.see.detector.families.raw import NOTHING, Array, Layout, Raw, UnknownLayout, best, shapes

CENTRE, SIZE = 10.0, 5.0
"""One over the variances 0.1 and 0.2 of section 2.2, which every known export uses."""


def decode(outputs: Mapping[str, Array], layout: Layout, floor: float) -> Raw:
    """Offsets [1, n, 4] (y, x, h, w) and logits [1, n, classes], the first class being the background; or
    the four outputs of TensorFlow's own post-processing: boxes, classes, scores and their count.

    Raises:
        UnknownLayout: neither.
    """
    tensors = list(outputs.values())
    if len(tensors) == 2 and all(one.ndim == 3 for one in tensors):
        offsets, logits = (one[0] for one in tensors)
        if layout.anchors is None or not len(offsets) == len(logits) == len(layout.anchors):
            raise UnknownLayout(f"SSD of {shapes(tensors)} needs a file of {len(offsets)} anchors")
        return _from_anchors(offsets, logits, layout, layout.anchors, floor)
    if len(tensors) in (3, 4):
        return _finished(outputs, layout, floor)
    raise UnknownLayout(f"an SSD has offsets and logits, or boxes, classes and scores; not {shapes(tensors)}")


def _from_anchors(offsets: Array, logits: Array, layout: Layout, anchors: Array, floor: float) -> Raw:
    # A logistic is monotonic: its logit is compared, and only what reaches it is computed.
    rows, top, numbers = best(logits[:, 1:], _logit(floor))
    if not rows.size:
        return NOTHING
    offsets, anchors = offsets[rows], anchors[rows]
    low, high = anchors[:, :2], anchors[:, 2:]
    centre = offsets[:, :2] / CENTRE * (high - low) + (low + high) / 2
    half = np.exp(np.minimum(offsets[:, 2:] / SIZE, 20.0)) * (high - low) / 2
    corners = np.concatenate((centre - half, centre + half), 1)[:, [1, 0, 3, 2]]
    size = np.array([layout.width, layout.height] * 2, np.float32)
    scores = (1.0 / (1.0 + np.exp(-top))).astype(np.float32)
    return Raw(corners * size, scores, numbers + 1)


def _logit(score: float) -> float:
    """The inverse of the logistic function; beyond its range, beyond every number."""
    if score <= 0.0:
        return -np.inf
    return np.inf if score >= 1.0 else float(np.log(score / (1.0 - score)))


def _finished(outputs: Mapping[str, Array], layout: Layout, floor: float) -> Raw:
    named = {kind: one[0] for name, one in outputs.items() for kind in KINDS if kind in name.lower()}
    if set(named) != KINDS or named["box"].shape != (len(named["class"]), 4):
        raise UnknownLayout(
            f"outputs {', '.join(outputs)} ({shapes(list(outputs.values()))}) have no box, class and score"
        )
    rows = np.flatnonzero(named["score"] >= floor)
    size = np.array([layout.width, layout.height] * 2, np.float32)
    boxes = named["box"][rows][:, [1, 0, 3, 2]] * size
    return Raw(boxes, named["score"][rows], np.round(named["class"][rows]).astype(np.int64))


KINDS = {"box", "class", "score"}
"""What the outputs of TensorFlow's post-processing are called, among other words."""
