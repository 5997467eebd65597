"""When readings become a numbered batch. Pure."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 500
"""Readings of one batch."""
LARGEST = 192 * 1024
"""Bytes of their JSON: with its envelope a batch stays below what one message may be."""
WAIT_S = 10.0
"""No reading waits longer than this for others."""


def cut(sizes: Sequence[int], oldest_age_s: float) -> list[int]:
    """How many readings go into each batch that is due now, first ones first.

    `sizes` are the bytes of those that wait, in order; `oldest_age_s` tells how long the first has
    waited. Full batches are due at once; what is left over is when it has waited long enough, or when the
    clock was set back and nobody knows.
    """
    lengths: list[int] = []
    count = size = 0
    for one in sizes:
        if count and (count == MOST or size + one > LARGEST):
            lengths.append(count)
            count = size = 0
        count += 1
        size += one
    full = count == MOST or size >= LARGEST
    if count and (full or not 0.0 <= oldest_age_s < WAIT_S):
        lengths.append(count)
    return lengths
