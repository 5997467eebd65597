"""What a store of telemetry takes and gives. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STEPS = (10, 60, 300, 1800, 3600, 10_800, 86_400)
"""Seconds of one bucket that charts may ask for. Each divides the next but one table's grain: 60 and 3600."""
FINE = 400
"""Buckets that a chart shows at most unless it asks for more: one for each two to four pixels."""


@dataclass(frozen=True, slots=True, order=True)
class Trace:
    """One quantity of one device over time; another unit is another trace."""

    node: str
    point: str
    """Empty: the node's own."""
    device: str
    zone: str
    """Empty: of the whole device."""
    quantity: str
    unit: str


@dataclass(frozen=True, slots=True)
class Value:
    """One value at one moment, UTC; known by trace and moment."""

    trace: Trace
    at: datetime
    value: float
    sound: bool = True
    """False: a self-test or a fault; it is kept, and no chart shows it."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The sound values of `[at, at + step)`; buckets without any are left out."""

    at: datetime
    count: int
    low: float
    mean: float
    high: float
    last: float


def down_sampled(values: Iterable[Value], step: timedelta) -> list[Bucket]:
    """Buckets of the sound ones, in order; they begin at whole steps since 1970 UTC."""
    sound = sorted((one for one in values if one.sound), key=lambda one: one.at)
    found = []
    for at, group in groupby(sound, key=lambda one: begin_of(one.at, step)):
        numbers = [one.value for one in group]
        mean = sum(numbers) / len(numbers)
        found.append(Bucket(at, len(numbers), min(numbers), mean, max(numbers), numbers[-1]))
    return found


def begin_of(at: datetime, step: timedelta) -> datetime:
    """The beginning of the bucket that `at` falls in."""
    return at - (at - EPOCH) % step


def step_for(since: datetime, until: datetime) -> int:
    """The finest of `STEPS` by which a chart of that time has at most `FINE` buckets."""
    seconds = (until - since).total_seconds()
    return next((step for step in STEPS if seconds / step <= FINE), STEPS[-1])


def latest(values: Sequence[Value]) -> dict[Trace, Value]:
    """The last sound value of each trace, in the traces' order."""
    found: dict[Trace, Value] = {}
    for one in values:
        if one.sound and (one.trace not in found or one.at > found[one.trace].at):
            found[one.trace] = one
    return {trace: found[trace] for trace in sorted(found)}


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - EPOCH) // timedelta(microseconds=1)


def of_micros(count: int) -> datetime:
    """The moment so many microseconds since 1970 UTC."""
    return EPOCH + timedelta(microseconds=count)
