"""How what waits for one address becomes messages, within what that address takes in a minute. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
SHARE = 4
"""At most this part of what is left of the minute goes out at once one by one; the next alarm needs some."""


def batches(waiting: Sequence[T], left: int, *, fold: bool) -> list[list[T]]:
    """Messages to send now, each of one or more of `waiting` (worst first); what is in none of them waits.

    `left`: how many messages the address still takes in this minute. `fold`: several may go as one.
    """
    if left <= 0 or not waiting:
        return []
    if not fold:
        return [[one] for one in waiting[:left]]
    alone = max(1, left // SHARE)
    if len(waiting) <= alone:
        return [[one] for one in waiting]
    singles = min(alone, left - 1)
    return [*([one] for one in waiting[:singles]), list(waiting[singles:])]
