"""Verdicts of many scenes, summed up per condition. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulators.quality.match import Fault, Verdict

SHOWN_FROM = 300
"""Issues under which a condition's figures are not shown: an interval at 0.97 is then wider than +-0.02."""
Z = 1.959964
"""Standard normal quantile of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One condition, or all of them."""

    scenes: int
    hours: float
    empty_hours: float
    """Of scenes in which nothing was owed."""
    assets: int
    issues: int
    found: int
    told: int
    right: int
    named: int
    doubles: int
    false_clears: int
    clears_owed: int
    clears_missing: int
    alarm_delays: tuple[float, ...]
    """Seconds after the dwell, sorted."""
    clear_delays: tuple[float, ...]
    """Seconds after the place was empty, sorted."""
    count_offs: tuple[float, ...] = ()
    """By how much counts of rows and heaps were off, as parts of the true ones."""
    counts_within: int = 0
    """Of them, those within the error that was stated."""
    share_offs: tuple[float, ...] = ()
    """By how much covered shares were off, parts of the zone."""

    @property
    def shown(self) -> bool:
        """Enough issues to speak of."""
        return self.issues >= SHOWN_FROM

    @property
    def precision(self) -> float | None:
        """Right conditions of all told; None where none was told."""
        return self.right / self.told if self.told else None

    @property
    def recall(self) -> float | None:
        """Issues found of all; None where there was none."""
        return self.found / self.issues if self.issues else None

    @property
    def incidents_per_issue(self) -> float | None:
        """Conditions told for one found issue: 1.0 is without doubles."""
        return (self.found + self.doubles) / self.found if self.found else None

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints for one condition."""
        return {
            "precision": _rounded(self.precision),
            "precision_95": interval(self.right, self.told),
            "recall": _rounded(self.recall),
            "recall_95": interval(self.found, self.issues),
            "incidents_per_issue": _rounded(self.incidents_per_issue),
            "false_clears": self.false_clears,
            "false_clears_95_at_most": _rounded(_at_most(self.false_clears, self.found)),
            "alarm_delay_s": _rounded(quantile(self.alarm_delays, 0.5)),
            "alarm_delay_p95_s": _rounded(quantile(self.alarm_delays, 0.95)),
            "clear_delay_s": _rounded(quantile(self.clear_delays, 0.5)),
            "clear_delay_p95_s": _rounded(quantile(self.clear_delays, 0.95)),
            "clears_owed": self.clears_owed,
            "clears_missing": self.clears_missing,
            "named_right": _rounded(self.named / self.found if self.found else None),
            "issues": self.issues,
            "told": self.told,
            "false_alarms": self.told - self.right,
            "scenes": self.scenes,
            "hours": _rounded(self.hours),
            "empty_hours": _rounded(self.empty_hours),
            "assets": self.assets,
            "shown": self.shown,
            "counts": len(self.count_offs),
            "count_error": _rounded(_mean_size(self.count_offs)),
            "count_bias": _rounded(_mean(self.count_offs)),
            "counts_within_error": _rounded(_part(self.counts_within, len(self.count_offs))),
            "share_error": _rounded(_mean_size(self.share_offs)),
            "share_bias": _rounded(_mean(self.share_offs)),
        }


def figures(verdicts: Sequence[Verdict]) -> Figures:
    """Sum up."""
    counts = [count for one in verdicts for count in one.reckonings]
    return Figures(
        scenes=len(verdicts),
        hours=sum(one.seconds for one in verdicts) / 3600,
        empty_hours=sum(one.seconds for one in verdicts if not one.owed) / 3600,
        assets=len({name for one in verdicts for name in one.assets}),
        issues=sum(one.owed for one in verdicts),
        found=sum(one.found for one in verdicts),
        told=sum(one.told for one in verdicts),
        right=sum(one.right for one in verdicts),
        named=sum(one.named for one in verdicts),
        doubles=sum(miss.fault is Fault.DOUBLE for one in verdicts for miss in one.misses),
        false_clears=sum(one.false_clears for one in verdicts),
        clears_owed=sum(one.clears_owed for one in verdicts),
        clears_missing=sum(one.clears_missing for one in verdicts),
        alarm_delays=tuple(sorted(delay for one in verdicts for delay in one.alarm_delays)),
        clear_delays=tuple(sorted(delay for one in verdicts for delay in one.clear_delays)),
        count_offs=tuple(one.off for one in counts),
        counts_within=sum(one.within for one in counts),
        share_offs=tuple(one.share_off for one in counts),
    )


def by_condition(verdicts: Iterable[Verdict]) -> dict[str, Figures]:
    """One for each condition that occurs, in the order of their names' first appearance."""
    groups: dict[str, list[Verdict]] = {}
    for one in verdicts:
        groups.setdefault(one.condition, []).append(one)
    return {condition: figures(group) for condition, group in groups.items()}


def interval(hits: int, of: int) -> tuple[float, float] | None:
    """95 % interval of a share (Wilson 1927); None where nothing was counted."""
    if of == 0:
        return None
    share, z2 = hits / of, Z * Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def quantile(values: Sequence[float], part: float) -> float | None:
    """Of sorted `values`, the one that `part` of them do not exceed; None of none."""
    if not values:
        return None
    return values[min(len(values) - 1, max(0, math.ceil(part * len(values)) - 1))]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _mean_size(values: Sequence[float]) -> float | None:
    return _mean([abs(value) for value in values])


def _part(hits: int, of: int) -> float | None:
    return hits / of if of else None


def _at_most(hits: int, of: int) -> float | None:
    """Upper end of the 95 % interval of a share."""
    found = interval(hits, of)
    return None if found is None else found[1]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
