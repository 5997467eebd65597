"""How often alarms are right, per camera, class and hour, and what to do where they are not. Pure.

Precision is true / (true + false + other class); `unsure` is counted beside it. A share of few is told with
its Wilson score interval (E. B. Wilson, 1927; 95 %), so that three of four is not called 75 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Literal

Z = 1.959964
"""The two-sided 95 % point of the normal distribution."""
TARGET = 0.7
"""Below this precision advice is given: what deployed systems of this kind run at."""
FEWEST = 20
"""Judged alarms of a camera and class before anything is advised."""
FEWEST_IN_HOURS = 8
"""Judged alarms in some hours before those are called bad."""
BUCKETS = 20
"""Of scores 0 to 1, each 0.05 wide."""
TRUE_KEPT = 0.95
"""Of the true alarms, how many a higher threshold has to keep."""
FALSE_GONE = 0.5
"""Of the false ones, how many it has to take away to be worth it; also the share of falses that a cause has
to have to be called the cause."""
OF_THE_ZONE = ("zone", "fixed_thing", "passing")
"""Reasons for false alarms that a better zone takes away."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A share with its bounds; None: nothing was judged."""

    share: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Count:
    """Judged alarms by what was said of them."""

    true: int = 0
    false: int = 0
    other_class: int = 0
    unsure: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.true + other.true,
            self.false + other.false,
            self.other_class + other.other_class,
            self.unsure + other.unsure,
        )

    @property
    def wrong(self) -> int:
        """False, or of another class."""
        return self.false + self.other_class

    @property
    def decided(self) -> int:
        """All but unsure ones."""
        return self.true + self.wrong

    @property
    def precision(self) -> Interval:
        """With 95 % bounds."""
        return wilson(self.true, self.decided)


@dataclass(frozen=True, slots=True)
class Cell:
    """One camera and class."""

    device: str
    event_class: str
    hours: Mapping[int, Count] = field(default_factory=dict)
    """Hour of the site's day -> what was judged of the alarms that began in it."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why false ones were false."""
    true_scores: Sequence[int] = (0,) * BUCKETS
    wrong_scores: Sequence[int] = (0,) * BUCKETS
    """How many of each bucket of scores."""

    @property
    def total(self) -> Count:
        """All hours together."""
        return sum(self.hours.values(), Count())


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about a camera and class, and the evidence for it."""

    kind: Literal["raise_threshold", "mend_zone", "shelve_hours"]
    device: str
    event_class: str
    judged: int
    """Alarms that it is drawn from."""
    wrong_avoided: int
    """So many of the wrong ones would not have come."""
    true_lost: int
    """So many of the true ones would not have come either."""
    precision: Interval
    """As it is now."""
    threshold: float | None = None
    """The score below which nothing should open."""
    hours: tuple[int, ...] = ()
    """Hours of the day."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """What people said of the wrong ones."""


def wilson(successes: int, trials: int) -> Interval:
    """The Wilson score interval of a share."""
    if trials == 0:
        return Interval(None, 0.0, 1.0)
    share, z2 = successes / trials, Z * Z
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z / (1 + z2 / trials) * sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return Interval(share, low, 1.0 if successes == trials else min(1.0, middle + half))


def advise(cells: Iterable[Cell]) -> list[Advice]:
    """For each camera and class that is surely below the target, what would help; what avoids most first."""
    found: list[Advice] = []
    for cell in cells:
        total = cell.total
        bad_hours = _bad_hours(cell)
        if total.decided >= FEWEST and total.precision.high < TARGET:
            found += filter(None, (_threshold(cell), _zone(cell)))
        if bad_hours and total.decided >= FEWEST:
            found.append(_shelve(cell, bad_hours))
    return sorted(found, key=lambda one: (-one.wrong_avoided, one.device, one.event_class, one.kind))


def _threshold(cell: Cell) -> Advice | None:
    """The lowest threshold that takes enough wrong ones away and keeps nearly all true ones."""
    total, wrong, true = cell.total, sum(cell.wrong_scores), sum(cell.true_scores)
    for bucket in range(1, BUCKETS):
        gone, lost = sum(cell.wrong_scores[:bucket]), sum(cell.true_scores[:bucket])
        if lost > (1 - TRUE_KEPT) * true:
            return None
        if gone and gone >= FALSE_GONE * wrong:
            return Advice(
                "raise_threshold", cell.device, cell.event_class, total.decided, gone, lost, total.precision,
                threshold=bucket / BUCKETS,
            )  # fmt: skip
    return None


def _zone(cell: Cell) -> Advice | None:
    named = {reason: count for reason, count in cell.reasons.items() if reason in OF_THE_ZONE}
    of_zone, total = sum(named.values()), cell.total
    if not of_zone or of_zone < FALSE_GONE * total.wrong:
        return None
    return Advice(
        "mend_zone", cell.device, cell.event_class, total.decided, of_zone, 0, total.precision, reasons=named
    )


def _shelve(cell: Cell, hours: tuple[int, ...]) -> Advice:
    there = sum((cell.hours[hour] for hour in hours), Count())
    return Advice(
        "shelve_hours", cell.device, cell.event_class, there.decided, there.wrong, there.true,
        there.precision, hours=hours,
    )  # fmt: skip


def _bad_hours(cell: Cell) -> tuple[int, ...]:
    """Hours that are surely bad, while all others together are surely better: else the camera is at fault."""
    poor = tuple(
        hour
        for hour, count in sorted(cell.hours.items())
        if count.decided >= FEWEST_IN_HOURS and count.precision.high < FALSE_GONE
    )
    there = sum((cell.hours[hour] for hour in poor), Count())
    rest = sum((count for hour, count in cell.hours.items() if hour not in poor), Count())
    better = rest.decided >= FEWEST_IN_HOURS and rest.precision.low > there.precision.high
    return poor if better else ()


def cells_of(
    by_hour: Iterable[tuple[str, str, int, str, int]],
    by_score: Iterable[tuple[str, str, str, str | None, int, int]],
) -> list[Cell]:
    """Cells from counts, each by device and class: (hour, verdict, n), (verdict, reason, bucket, n)."""
    hours: dict[tuple[str, str], dict[int, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for device, event_class, hour, verdict, count in by_hour:
        hours[device, event_class][hour][verdict] = count
    reasons: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    scores: dict[tuple[str, str, bool], list[int]] = defaultdict(lambda: [0] * BUCKETS)
    for device, event_class, verdict, reason, bucket, count in by_score:
        if verdict == "unsure":
            continue
        scores[device, event_class, verdict == "true"][min(max(bucket, 0), BUCKETS - 1)] += count
        if verdict == "false" and reason is not None:
            reasons[device, event_class][reason] += count
    return [
        Cell(
            *key,
            {hour: Count(**counts) for hour, counts in sorted(of_hours.items())},
            dict(reasons[key]),
            tuple(scores[*key, True]),
            tuple(scores[*key, False]),
        )
        for key, of_hours in sorted(hours.items())
    ]
