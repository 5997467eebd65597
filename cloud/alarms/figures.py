"""How much calls, by the measures of ISA-18.2 (table 7: alarm performance metrics). Pure.

From counts a minute, so a month is 44,640 numbers however many alarms there were. "Annunciated" alarms are
those that called; what was aside from its first moment, or came as history, is counted beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=10)
FLOOD_BEGINS = 10
"""More alarms than this in 10 minutes, for one operator, are a flood."""
FLOOD_ENDS = 5
"""It lasts until there are fewer than this in 10 minutes."""
STALE_AFTER = timedelta(hours=24)
"""Active for longer than this without a break."""
CHATTER_TIMES, CHATTER_WITHIN = 3, timedelta(minutes=1)
"""So many alarms of one place and class within so long chatter."""
TARGETS: Mapping[str, float] = {
    "per_operator_per_10_min": 1.0,
    "manageable_per_operator_per_10_min": 2.0,
    "flood_share": 0.01,
    "stale": 5,
    "chattering": 0,
    "top_share": 0.05,
}
"""What ISA-18.2 calls very likely acceptable (and, for the rate, the most that can be managed): the share of
time in floods, how many are stale or chatter, and the share that the ten busiest sources make."""


@dataclass(frozen=True, slots=True)
class Flood:
    """A time in which nobody could look at all that called."""

    begins: datetime
    ends: datetime
    alarms: int
    peak: int
    """Most in 10 minutes."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Alarms over a span of time, for one of the operators that share them."""

    per_operator_per_10_min: float
    peak_per_operator_per_10_min: float
    floods: tuple[Flood, ...]
    flood_share: float
    """Of the time."""


def rate(minutes: Mapping[datetime, int], first: datetime, last: datetime, seats: int) -> Rate:
    """From alarms a minute (keys: its beginning; none means 0) between `first` and `last`."""
    windows = max((last - first) / WINDOW, 1.0)
    floods = floods_in(minutes, last, seats)
    in_flood = sum((flood.ends - flood.begins for flood in floods), timedelta())
    return Rate(
        sum(minutes.values()) / windows / seats,
        max(_sliding(minutes).values(), default=0) / seats,
        tuple(floods),
        in_flood / (last - first),
    )


def floods_in(minutes: Mapping[datetime, int], last: datetime, seats: int) -> list[Flood]:
    """The floods in alarms a minute; one that is not over ends at `last`."""
    sliding = _sliding(minutes)
    found: list[Flood] = []
    begins: datetime | None = None
    for minute in sorted(sliding):
        if begins is None and sliding[minute] > FLOOD_BEGINS * seats:
            begins = max(minute - WINDOW + timedelta(minutes=1), min(minutes))
        elif begins is not None and sliding[minute] < FLOOD_ENDS * seats:
            found.append(_flood(minutes, sliding, begins, minute))
            begins = None
    if begins is not None:
        found.append(_flood(minutes, sliding, begins, last))
    return found


def _flood(
    minutes: Mapping[datetime, int], sliding: Mapping[datetime, int], begins: datetime, ends: datetime
) -> Flood:
    inside = [minute for minute in sliding if begins <= minute <= ends]
    return Flood(
        begins, ends, sum(minutes.get(minute, 0) for minute in inside), max(sliding[one] for one in inside)
    )


def _sliding(minutes: Mapping[datetime, int]) -> dict[datetime, int]:
    """Alarms in the 10 minutes that end with each minute; minutes long after any alarm are left out."""
    steps = int(WINDOW / timedelta(minutes=1))
    found: dict[datetime, int] = {}
    for minute, count in minutes.items():
        for step in range(steps + 1):
            at = minute + timedelta(minutes=step)
            found[at] = found.get(at, 0) + (count if step < steps else 0)
    return found


def top_share(counts: Sequence[int], total: int) -> float:
    """The share that these sources make of all alarms."""
    return sum(counts) / total if total else 0.0
