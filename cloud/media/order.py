"""What goes first when photos and clips take more of the disk than they may. Pure.

The order: copies (made anew when asked for), what belongs to no case, clips of closed cases, photos of
closed cases; within each the oldest. What has to be kept (an open case, or its least time is not over) never
goes: then new photos wait at the nodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Rank(IntEnum):
    """What goes first has the lowest."""

    COPY = 0
    UNLINKED = 1
    CLIP = 2
    PHOTO = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """One file."""

    sha256: str
    size: int
    rank: Rank
    since: datetime
    """When its case was closed; without one, when it came."""
    may_go: bool
    """Its least time is over and no open case needs it."""
    must_go: bool
    """Its longest time is over."""


def what_goes(kept: Iterable[Kept], excess: int) -> list[Kept]:
    """What has to go because its time is over, then what goes so that `excess` bytes are free, if any may."""
    everything = list(kept)
    found = [one for one in everything if one.must_go]
    freed = sum(one.size for one in found)
    rest = [one for one in everything if one.may_go and not one.must_go]
    for one in sorted(rest, key=lambda one: (one.rank, one.since, one.sha256)):
        if freed >= excess:
            break
        found.append(one)
        freed += one.size
    return found
