"""Is the thing still there? Two kept looks of one place answer it.

A place under watch keeps how it looked *empty* and how it looked *taken*. A new picture is held
against both, only under the pixels where the two differ: taken wins, the thing is present; empty
wins, it is gone; neither wins, something stands in front and the answer is "not now".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np

from edge.see.background import Luma, Mask

ALIKE = 0.9
"""Correlation with the taken look from which nobody asks whether the edges are its own, too."""
OTHER_EDGES = 0.4
"""Likeness of edges below which something else of the same grey stands there: of 12,700 looks at things that
nobody hid 11 stayed below it, and 215 of the 280 at which a plain car before them had passed for them."""
AROUND = np.ones((9, 9), np.uint8)
"""Pixels around what is as bright in which its edges must be."""
FOLLOW = 0.1
"""Share of a new look in the taken anchor; whole grey steps are lost below it."""


class Seen(StrEnum):
    """What one look at a place says."""

    PRESENT = "present"
    GONE = "gone"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Anchors:
    """The two looks of a place, same size, in usual brightness, and the pixels that tell them apart.

    `empty` is None for a thing that was there before anybody looked.
    """

    taken: Luma
    empty: Luma | None
    mask: Mask


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far a look agrees with each anchor: share of telling pixels, and correlation (-1..1)."""

    taken_share: float
    empty_share: float
    taken_corr: float
    empty_corr: float


def correlation(a: Luma, b: Luma, mask: Mask) -> float:
    """Normalised cross-correlation under the mask; 0 where one of them has no texture at all."""
    x = a[mask].astype(np.float32)
    y = b[mask].astype(np.float32)
    if x.size < 16:
        return 0.0
    x -= x.mean()
    y -= y.mean()
    scale = float(np.sqrt(np.dot(x, x) * np.dot(y, y)))
    return float(np.dot(x, y)) / scale if scale > 25.0 * x.size else 0.0


def edge_likeness(a: Luma, b: Luma, mask: Mask) -> float:
    """Correlation of the edges' strength under the mask, -1..1: what is alike in any light."""
    strengths = []
    for look in (a, b):
        soft = cv2.GaussianBlur(look, (3, 3), 0)
        gx, gy = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
        strengths.append(np.sqrt(cv2.blur(cv2.magnitude(gx, gy), (3, 3)))[mask])
    x, y = strengths
    if x.size < 16:
        return 0.0
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt(np.dot(x, x) * np.dot(y, y)))
    return float(np.dot(x, y)) / scale if scale > 0 else 0.0


def own_edges(look: Luma, anchors: Anchors, like: Likeness, threshold: float) -> bool:
    """Whether what is as bright as the thing has its edges, too: a red car before a brown chest has not.

    Not where it is as bright as the empty place: somebody who stood beside it may have left.
    """
    if like.taken_corr >= ALIKE:
        return True
    near = (cv2.absdiff(look, anchors.taken) <= threshold) & anchors.mask
    if anchors.empty is not None:
        near &= cv2.absdiff(look, anchors.taken) < cv2.absdiff(look, anchors.empty)
    around = cv2.dilate(near.view(np.uint8), AROUND) > 0
    return edge_likeness(look, anchors.taken, around & anchors.mask) >= OTHER_EDGES


def likeness(look: Luma, anchors: Anchors, threshold: float) -> Likeness:
    """Hold one look of the place against its anchors."""
    look = cv2.GaussianBlur(look, (3, 3), 0)
    taken = cv2.GaussianBlur(anchors.taken, (3, 3), 0)
    mask = anchors.mask
    total = max(1, int(np.count_nonzero(mask)))
    to_taken = cv2.absdiff(look, taken)
    if anchors.empty is None:
        share = float(np.count_nonzero((to_taken <= threshold) & mask)) / total
        return Likeness(share, 0.0, correlation(look, taken, mask), 0.0)
    empty = cv2.GaussianBlur(anchors.empty, (3, 3), 0)
    to_empty = cv2.absdiff(look, empty)
    near_taken = (to_taken <= threshold) & (to_taken < to_empty) & mask
    near_empty = (to_empty <= threshold) & (to_empty <= to_taken) & mask
    return Likeness(
        float(np.count_nonzero(near_taken)) / total,
        float(np.count_nonzero(near_empty)) / total,
        correlation(look, taken, mask),
        correlation(look, empty, mask),
    )


def decide(like: Likeness) -> Seen:
    """Present, gone, or hidden, of a place whose empty look is known.

    Shares decide when they are clear; correlation rescues a place whose brightness changed by
    itself (a lamp, a shadow): measured on a left bag, the winning anchor correlates above 0.86 and
    the losing one below 0.77 with everything but the moment of placing, when neither does.
    """
    if like.taken_share >= 0.6 and like.taken_share > like.empty_share:
        return Seen.PRESENT
    if like.empty_share >= 0.6:
        return Seen.GONE
    if like.taken_corr >= 0.85 and like.taken_corr > like.empty_corr + 0.1:
        return Seen.PRESENT
    if like.empty_corr >= 0.85 and like.empty_corr > like.taken_corr + 0.1:
        return Seen.GONE
    return Seen.HIDDEN


def decide_by_taken(like: Likeness) -> Seen:
    """The same of a place never seen empty: present, or nothing can be said.

    The box holds much ground that stays the same (a bicycle is mostly what is behind it), so only
    little may differ: with a bicycle taken away, 0.74 of the pixels and a correlation of 0.81 were left.
    """
    alike = like.taken_corr >= 0.92 or like.taken_share >= 0.9
    return Seen.PRESENT if alike else Seen.HIDDEN


def followed(anchors: Anchors, look: Luma, threshold: float) -> Anchors:
    """The anchors after a look that agreed: the taken one follows slow light, where it agrees."""
    near = cv2.absdiff(look, anchors.taken) <= threshold
    blend = cv2.addWeighted(anchors.taken, 1.0 - FOLLOW, look, FOLLOW, 0.0)
    return replace(anchors, taken=np.where(near, blend, anchors.taken))
