"""A month's stars of grid workers and grids, with all that they were worked out of. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from cloud.reports.definitions import BY_CODE
from cloud.reports.figures import Sum, grade, score, weighted
from cloud.reports.policy import StarTerms


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a case's log that counted."""

    code: str
    incident_id: UUID
    version: int
    hit: bool
    grid: str | None
    person: str | None


@dataclass(frozen=True, slots=True)
class Input:
    """One index of somebody."""

    code: str
    weight: float
    sum: Sum
    score: float | None
    events: tuple[tuple[str, int, bool], ...]
    """Case, line, hit: what it was counted from."""


@dataclass(frozen=True, slots=True)
class Star:
    """How somebody, or a grid, did."""

    who: str
    stars: int
    score: float
    grade: str
    inputs: tuple[Input, ...]


def of_workers(
    terms: StarTerms, bands: Collection[float], events: Iterable[Event], grids: Mapping[str, Collection[str]]
) -> list[Star]:
    """Stars of persons; `grids`: whose they are. What was missed counts for all who look after the grid."""
    found: dict[str, list[Event]] = {who: [] for who in grids}
    for one in events:
        if one.code == "missed":
            for who in grids:
                if one.grid in grids[who]:
                    found[who].append(one)
        elif one.person in found:
            found[one.person].append(one)
    return _stars(terms, bands, found)


def of_grids(terms: StarTerms, bands: Collection[float], events: Iterable[Event]) -> list[Star]:
    """Stars of grids."""
    found: dict[str, list[Event]] = defaultdict(list)
    for one in events:
        if one.grid is not None:
            found[one.grid].append(one)
    return _stars(terms, bands, found)


def _stars(terms: StarTerms, bands: Collection[float], found: Mapping[str, list[Event]]) -> list[Star]:
    """The best first."""
    stars = [star for who, events in found.items() if (star := _star(terms, bands, who, events))]
    return sorted(stars, key=lambda one: (-one.score, one.who))


def _star(terms: StarTerms, bands: Collection[float], who: str, events: Iterable[Event]) -> Star | None:
    mine = [one for one in events if one.code in terms.weights]
    inputs = tuple(_input(code, weight, mine) for code, weight in sorted(terms.weights.items()))
    points = weighted(terms.weights, {one.code: one.score for one in inputs})
    if points is None or len(mine) < terms.fewest:
        return None
    points = round(points, 2)
    return Star(who, 1 + sum(points >= band for band in bands), points, grade(points), inputs)


def _input(code: str, weight: float, events: Iterable[Event]) -> Input:
    mine = sorted((str(one.incident_id), one.version, one.hit) for one in events if one.code == code)
    total = Sum(sum(hit for _, _, hit in mine), len(mine))
    return Input(code, weight, total, score(BY_CODE[code].how, total), tuple(mine))
