"""Which open cases a report may be a duplicate of. Pure: it only offers; merging is a person's act."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from cloud.sources.place import metres
from cloud.sources.policy import SourcesPolicy, belongs

MOST = 10
"""Candidates that are offered, nearest first."""


@dataclass(frozen=True, slots=True)
class Spot:
    """What is looked for: a class, a place and a time."""

    event_class: str
    at: datetime
    position: tuple[float, float] | None
    """Longitude, latitude; None: only the grid is known."""
    grid: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """An open case."""

    id: UUID
    number: str
    event_class: str
    position: tuple[float, float] | None
    grid: str | None
    opened_at: datetime
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that may be the same, and why."""

    case: Known
    reason: Literal["near", "same_grid"]
    metres: float | None
    """None: one of the two has no position."""
    minutes: float
    """Between the report and the time in which the case was heard of; 0: within it."""
    same_class: bool


def candidates(spot: Spot, cases: Iterable[Known], policy: SourcesPolicy) -> list[Candidate]:
    """The cases of the spot's family that are near enough in place and time, nearest first."""
    family, near = policy.family(spot.event_class), policy.nearness(spot.event_class)
    found = []
    for case in cases:
        if not any(belongs(case.event_class, code) for code in family.classes):
            continue
        gap = max(case.opened_at - spot.at, spot.at - case.heard_at, timedelta())
        if gap > timedelta(seconds=near.within):
            continue
        same_class, minutes = case.event_class == spot.event_class, gap / timedelta(minutes=1)
        if spot.position is not None and case.position is not None:
            distance = metres(spot.position, case.position)
            if distance <= near.metres:
                found.append(Candidate(case, "near", distance, minutes, same_class))
        elif spot.grid is not None and spot.grid == case.grid:
            found.append(Candidate(case, "same_grid", None, minutes, same_class))
    return sorted(found, key=_order)[:MOST]


def _order(one: Candidate) -> tuple[bool, float, bool, float, UUID]:
    return one.metres is None, one.metres or 0.0, not one.same_class, one.minutes, one.case.id
