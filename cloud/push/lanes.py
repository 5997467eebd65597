"""How what waits for one address becomes messages, within what that address takes in a minute. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
SHARE = 4
"""At most this part of what is left of the minute goes out at once one by one; the next alarm needs some."""


def batches(waiting: Sequence[T], left: int, free: int, *, fold: bool) -> list[list[T]]:
    """Messages to send now, each of one or more of `waiting` (worst first); what is in none of them waits.

    `left`: how many messages the address still takes in this minute; `free`: how many may be under way
    beside those that are. `fold`: several may go as one, so that nothing waits.
    """
    most = min(left, free)
    if most <= 0 or not waiting:
        return []
    alone = min(most, max(1, left // SHARE)) if fold else most
    if len(waiting) <= alone or not fold:
        return [[one] for one in waiting[:alone]]
    singles = min(alone, most - 1)
    return [*([one] for one in waiting[:singles]), list(waiting[singles:])]
