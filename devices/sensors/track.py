"""What was lost or came twice on the way from one device, by its `(boot, seq)`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

WINDOW = 256
"""How many numbers below the highest are remembered one by one; a broker keeps 100 in flight."""


class Arrival(StrEnum):
    """What one message was to its device's sequence."""

    FIRST = "first"
    """The first one heard of this device."""
    NEXT = "next"
    GAP = "gap"
    """It is newer, and the numbers between are missing so far."""
    LATE = "late"
    """It fills a gap; what was counted as lost was not."""
    DUPLICATE = "duplicate"
    REBOOT = "reboot"
    """The device started anew; what it sent last before that is unknown, so nothing counts as lost."""
    OLD = "old"
    """It belongs to an earlier boot, or lies too far back to be counted one by one."""


@dataclass(frozen=True, slots=True)
class Track:
    """Where one device's sequence stands; starts from `Track()`."""

    boot: str = ""
    previous_boot: str = ""
    lowest: int = 0
    """The first number heard of this boot; what lies below it was never counted as lost."""
    highest: int = -1
    seen: int = 0
    """Bit n: `highest - n` was received."""
    received: int = 0
    lost: int = 0
    duplicates: int = 0
    reboots: int = 0


def follow(track: Track, boot: str, seq: int) -> tuple[Track, Arrival]:
    """`track` after one more message, and what that message was."""
    if boot != track.boot:
        if boot == track.previous_boot:
            return replace(track, received=track.received + 1), Arrival.OLD
        first = track.highest < 0
        fresh = replace(
            track,
            boot=boot,
            previous_boot=track.boot,
            lowest=seq,
            highest=seq,
            seen=1,
            received=track.received + 1,
            reboots=track.reboots + (not first),
        )
        return fresh, Arrival.FIRST if first else Arrival.REBOOT
    ahead = seq - track.highest
    if ahead > 0:
        seen = (track.seen << min(ahead, WINDOW) | 1) & (1 << WINDOW) - 1
        moved = replace(
            track, highest=seq, seen=seen, received=track.received + 1, lost=track.lost + ahead - 1
        )
        return moved, Arrival.NEXT if ahead == 1 else Arrival.GAP
    if -ahead >= WINDOW or seq < track.lowest:
        return replace(track, received=track.received + 1), Arrival.OLD
    if track.seen >> -ahead & 1:
        return replace(track, duplicates=track.duplicates + 1), Arrival.DUPLICATE
    late = replace(track, seen=track.seen | 1 << -ahead, received=track.received + 1, lost=track.lost - 1)
    return late, Arrival.LATE
