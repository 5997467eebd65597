"""The responsibility matrix: who leads in a class of events in a grid. Pure.

An entry covers the classes of its group and the grids of its area. Of two that cover a case the more specific
one holds: that whose class and whose area both are at least as narrow. Where one has the narrower class and
the other the narrower area neither is, and a third entry has to say it for the class and area they share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from cloud.areas.registry import Registry
from cloud.deadlines.limits import Limit
from cloud.organisations.model import Entry, Matrix
from devices.site.model import Area


@dataclass(frozen=True, slots=True)
class Responsibility:
    """Who is in charge of a case."""

    lead: str
    helpers: tuple[str, ...]
    limit: Limit | None
    entry: int
    """Its place in the matrix, from 0."""


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """Two entries of which neither is the more specific one, and what they share."""

    entries: tuple[int, int]
    event_class: str | None
    area: str | None


Tree = Mapping[str, Area]


def lead(matrix: Matrix, registry: Registry, event_class: str, grid: str | None) -> Responsibility | None:
    """Who leads in a class in a grid; None: nobody, or two entries that do not yield to each other.

    `grid` None: the case lies in no grid, and only entries for everywhere cover it.
    """
    found = resolve(matrix, registry.areas, event_class, grid)
    return found if isinstance(found, Responsibility) else None


def resolve(
    matrix: Matrix, tree: Tree, event_class: str | None, area: str | None
) -> Responsibility | Ambiguity | None:
    """What the matrix says of a class (or group of classes) in an area."""
    areas = list(enumerate(around(tree, area)))
    best: list[int] = []
    nearest = len(areas)
    for group in groups(event_class):  # ever wider: only a narrower area than before does not yield
        for far, where in areas[:nearest]:
            at = matrix.places.get((group, where))
            if at is not None:
                best.append(at)
                nearest = far
                break
    if not best:
        return None
    if len(best) > 1:
        return Ambiguity((best[0], best[1]), event_class, area)
    entry = matrix.responsibilities[best[0]]
    return Responsibility(entry.lead, entry.helpers, entry.limit, best[0])


def ambiguities(matrix: Matrix, tree: Tree) -> Iterator[Ambiguity]:
    """All pairs for which a third entry is missing. None: each class has one answer at most in each area."""
    of_class: dict[str | None, list[tuple[int, Entry]]] = defaultdict(list)
    for at, entry in enumerate(matrix.responsibilities):
        of_class[entry.event_class].append((at, entry))
    within = {
        area: frozenset(around(tree, area)) for area in {entry.area for entry in matrix.responsibilities}
    }
    for one, other in combinations(of_class, 2):
        if one in groups(other):
            wide, narrow = one, other
        elif other in groups(one):
            wide, narrow = other, one
        else:
            continue
        for at, local in of_class[wide]:
            for before, general in of_class[narrow]:
                nested = local.area != general.area and general.area in within[local.area]
                if nested and (narrow, local.area) not in matrix.places:
                    first, second = sorted((at, before))
                    yield Ambiguity((first, second), narrow, local.area)


def groups(event_class: str | None) -> Iterator[str | None]:
    """A class and the groups it belongs to, the narrowest first; the last, None, is all classes."""
    while event_class:
        yield event_class
        event_class = event_class.rpartition("-")[0]
    yield None


def around(tree: Tree, area: str | None) -> Iterator[str | None]:
    """An area and those it lies in, the narrowest first; the last, None, is everywhere."""
    seen: set[str] = set()
    while area is not None and area not in seen:
        seen.add(area)
        yield area
        known = tree.get(area)
        area = known.parent if known else None
    yield None
