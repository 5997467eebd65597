"""What is measured of each picture: how bright, how many of its usual edges it has, how sharp.

Everything is measured on small copies of the picture (160x90, its edges; 320x180, its sharpness) and told
for 16x9 blocks. Nothing here decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.see.background import Luma, Reals

BLOCKS = (16, 9)
"""Columns and rows."""
SMALL = (160, 90)
FINE = (320, 180)
COARSE = (80, 45)
BURNT = 240.0
"""Mean grey level of a block from which its edges are lost in white."""
TELLING = 2.0
"""Grey levels a pixel of 160x90 above the noise, from which the loss of a block's edges tells."""
USUALLY = 0.5
"""Agreement a block must usually have: leaves in the wind and a lane full of traffic tell nothing."""
LOST = 0.25
"""Part of its usual edges that a block keeps when they are said to have vanished."""
OTHER = 0.3
"""Correlation of a block's edges with the usual ones under which they are others."""
STEP = 8.0
"""Grey levels a pixel of 80x45 from which a block has an edge whose sharpness can be told."""
QUIETEST = 7
"""Of the 144 blocks in the order of their gradients: the one whose gradient is taken for noise."""
ALIKE = 1
"""Grey levels by which pixels of two pictures differ that were made of one: the encoder's doing."""
MOVED = 12
"""Grey levels from which something has moved."""
RIM = 0.12
"""Part of the height at the top and at the bottom where a clock may be written into the picture."""

Blocks = NDArray[np.float32]
"""[9, 16]"""
Sides = tuple[float, float, float, float]
"""Top, bottom, left, right: two blocks deep each."""


@dataclass(frozen=True, slots=True)
class Parts:
    """One picture taken apart; what `Usual` averages."""

    levels: tuple[float, float, float]
    """2nd, 50th and 98th percentile."""
    edges: Reals
    """[90, 160] gradient, grey levels a pixel."""
    mean: Blocks
    """Mean grey level of each block."""
    texture: Blocks
    """Mean gradient of each block above the picture's noise."""
    sharpness: float | None
    """Steepness of edges at 320x180 by that at 80x45, median of the blocks with edges; None with too few,
    or when it was not measured."""


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """One picture held against the usual look and the picture before it."""

    low: float
    middle: float
    high: float
    """2nd, 50th and 98th percentile, grey levels."""
    burnt: float
    """Share of the blocks lost in white."""
    unlike: float | None
    """Share of the pixels that differ from the picture before, if only by noise; None for the first one."""
    moved: bool
    """Something has moved since, away from the upper and lower rim."""
    telling: int = 0
    """Blocks whose edges must be there in this light; all shares below are of them."""
    vanished: float = 0.0
    """Their edges are gone and nothing is in their stead."""
    strange: float = 0.0
    """They have edges, but others."""
    sides: Sides = (0.0, 0.0, 0.0, 0.0)
    """Vanished or strange along each side of the picture."""
    shifted: float = 0.0
    """Parts of the width by which the whole picture lies off the usual one; 0 when no shift explains it."""
    shade: float = 0.0
    """Correlation of the blocks' grey levels with the usual ones: is it the same, seen from afar?"""
    sharpness: float | None = None
    """By the usual sharpness in this light; None when it cannot be told."""


def parts_of(luma: Luma, *, sharply: bool = True) -> Parts:
    """Take one picture [360, 640] (or of any size) apart; without `sharply`, leave its sharpness out."""
    # In two steps of two: OpenCV has a short way for that, and none for a step of four.
    fine = cv2.resize(luma, FINE, interpolation=cv2.INTER_AREA)
    grey = cv2.resize(fine, SMALL, interpolation=cv2.INTER_AREA)
    small = grey.astype(np.float32)
    edges = cv2.blur(_gradient(small), (3, 3))
    mean, strength = _blocks(small), _blocks(edges)
    noise = float(np.sort(strength, axis=None)[QUIETEST])
    sharpness = _sharpness(fine.astype(np.float32), small) if sharply else None
    return Parts(_levels(grey), edges, mean, strength - noise, sharpness)


def unlike(luma: Luma, before: Luma) -> tuple[float, bool]:
    """Share of the pixels that differ from the picture before, and whether something has moved."""
    apart = cv2.absdiff(luma, before)
    rim = round(RIM * luma.shape[0])
    share = cv2.countNonZero(cv2.compare(apart, ALIKE, cv2.CMP_GT)) / luma.size
    return share, bool(apart[rim:-rim].max() >= MOVED)


def agreement(edges: Reals, usual_edges: Reals) -> Blocks:
    """Correlation of each block's edges with the usual ones, -1..1; 0 where either has none."""
    mean, usual_mean = _blocks(edges), _blocks(usual_edges)
    spread = _blocks(edges * edges) - mean * mean
    usual_spread = _blocks(usual_edges * usual_edges) - usual_mean * usual_mean
    together = _blocks(edges * usual_edges) - mean * usual_mean
    return np.asarray(together / np.sqrt(np.maximum(spread * usual_spread, 1e-6)), np.float32)


def correlation(a: Blocks, b: Blocks) -> float:
    """Of two sets of blocks; 0 where one of them is flat."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > 1.0 else 0.0


def _gradient(picture: Reals) -> Reals:
    """Sobel, grey levels a pixel."""
    across = cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=0.125)
    down = cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _blocks(picture: Reals) -> Blocks:
    return np.asarray(cv2.resize(picture, BLOCKS, interpolation=cv2.INTER_AREA), np.float32)


def _levels(grey: Luma) -> tuple[float, float, float]:
    """2nd, 50th and 98th percentile."""
    below = np.cumsum(cv2.calcHist([grey], [0], None, [256], [0, 256]))
    low, middle, high = np.searchsorted(below, np.array([0.02, 0.5, 0.98]) * below[-1])
    return float(low), float(middle), float(high)


def _sharpness(large: Reals, small: Reals) -> float | None:
    """The steepest edge of each block, fine by coarse: an edge of any height has the same gradient at every
    scale until it is blurred, and the blur halves it at the finer one first.
    """
    fine = _peaks(_gradient(large))
    coarse = _peaks(_gradient(cv2.resize(small, COARSE, interpolation=cv2.INTER_AREA)))
    edged = coarse >= STEP
    if np.count_nonzero(edged) < 12:
        return None
    return float(np.median(fine[edged] / coarse[edged]))


def _peaks(gradient: Reals) -> Blocks:
    rows, columns = gradient.shape[0] // BLOCKS[1], gradient.shape[1] // BLOCKS[0]
    peaks = (
        gradient.reshape(BLOCKS[1], rows, -1).max(axis=1).reshape(BLOCKS[1], BLOCKS[0], columns).max(axis=2)
    )
    return np.asarray(peaks, np.float32)
