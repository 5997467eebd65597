"""Was something left here, or was something taken away?

Both look the same to a background: a region that differs and holds still. The outline tells them
apart: a thing has edges around it in the picture where it stands. Edges in the present picture: it
was left. Edges in the old background: it was taken away, and the background is what is wrong.
"""

from __future__ import annotations

import cv2
import numpy as np

from edge.see.background import Luma, Mask, Reals


def outline_edges(look: Luma, mask: Mask) -> float:
    """Mean strength of the edges of `look` along the outline of `mask`, across the outline.

    Only the part of the gradient that points across the outline counts; a floor pattern that runs
    through both sides gives little.
    """
    soft = cv2.GaussianBlur(look, (3, 3), 0)
    gx = cv2.Sobel(soft, cv2.CV_32F, 1, 0)
    gy = cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    shape = cv2.GaussianBlur(mask.astype(np.float32), (7, 7), 0)
    nx = cv2.Sobel(shape, cv2.CV_32F, 1, 0)
    ny = cv2.Sobel(shape, cv2.CV_32F, 0, 1)
    length = cv2.magnitude(nx, ny)
    weight = float(length.sum())
    if weight <= 0.0:
        return 0.0
    return float(np.abs(gx * nx + gy * ny).sum()) / weight


def ring_difference(look: Luma, mask: Mask) -> float:
    """How far the grey values under `mask` are from those around it: 0 (alike) to 1."""
    near = cv2.dilate(mask.view(np.uint8), np.ones((15, 15), np.uint8)) > 0
    ring = near & ~mask
    if np.count_nonzero(ring) < 30:
        return 0.0
    within = cv2.calcHist([look], [0], mask.view(np.uint8), [24], [0, 256])
    around = cv2.calcHist([look], [0], ring.view(np.uint8), [24], [0, 256])
    cv2.normalize(within, within, 1.0, 0.0, cv2.NORM_L1)
    cv2.normalize(around, around, 1.0, 0.0, cv2.NORM_L1)
    return float(cv2.compareHist(within, around, cv2.HISTCMP_BHATTACHARYYA))


def strangeness(look: Luma, mask: Mask) -> float:
    """How much the texture under `mask` differs in strength from that around it: 0 (alike) and up."""
    near = cv2.dilate(mask.view(np.uint8), np.ones((15, 15), np.uint8)) > 0
    core = cv2.erode(mask.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    ring = near & ~(cv2.dilate(mask.view(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    if np.count_nonzero(core) < 30 or np.count_nonzero(ring) < 30:
        return 0.0
    soft = cv2.GaussianBlur(look, (3, 3), 0)
    steep = cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    return float(abs(np.log((steep[core].mean() + 4.0) / (steep[ring].mean() + 4.0))))


def left_behind(now: Luma, usual: Reals, mask: Mask) -> float:
    """Below 0 when the region under `mask` shows what was *behind* a thing that has left; above 0 when a
    thing stands there. The farther from 0, the surer; between -1 and 1 it is sometimes wrong.
    """
    before: Luma = cv2.convertScaleAbs(usual)
    edges_now, edges_then = outline_edges(now, mask), outline_edges(before, mask)
    apart_now, apart_then = ring_difference(now, mask), ring_difference(before, mask)
    edges = np.log((edges_now + 4.0) / (edges_then + 4.0))
    apart = np.log((apart_now + 0.1) / (apart_then + 0.1))
    strange = strangeness(now, mask) - strangeness(before, mask)
    return float(edges + apart + strange)
