"""Sums of marks: shares, means, scores, grades. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cloud.reports.definitions import How
from cloud.reports.facts import Mark

GRADES = ((90, "A"), (75, "B"), (60, "C"), (40, "D"))
"""From which score on which grade; below is E. The bands are those of the city platforms."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Of one index."""

    numerator: int = 0
    denominator: int = 0
    seconds: int = 0
    """Of durations: all together."""

    def __add__(self, other: Sum) -> Sum:
        return Sum(
            self.numerator + other.numerator,
            self.denominator + other.denominator,
            self.seconds + other.seconds,
        )

    @property
    def share(self) -> float | None:
        """None: nothing counts."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def mean(self) -> float | None:
        """Seconds."""
        return self.seconds / self.denominator if self.denominator else None


def total(marks: Iterable[Mark]) -> dict[str, Sum]:
    """By code."""
    found: dict[str, Sum] = defaultdict(Sum)
    for one in marks:
        found[one.code] += Sum(int(one.hit), 1, one.value or 0)
    return dict(found)


def score(how: How, one: Sum) -> float | None:
    """0 to 100; None: nothing counts, or it is none that is scored."""
    if one.share is None or how not in ("higher", "lower"):
        return None
    return 100 * (one.share if how == "higher" else 1 - one.share)


def weighted(weights: Mapping[str, float], scores: Mapping[str, float | None]) -> float | None:
    """The mean of what counts, by weight; what nothing counts for weighs nothing. None: nothing at all."""
    there = [(weights[code], got) for code in weights if (got := scores.get(code)) is not None]
    weight = sum(one for one, _ in there)
    return sum(one * got for one, got in there) / weight if weight else None


def grade(points: float) -> str:
    """The band of a score."""
    return next((name for least, name in GRADES if points >= least), "E")
