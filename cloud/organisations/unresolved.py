"""What the matrix leaves open: classes and grids without exactly one lead that there is. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cloud.areas.registry import Registry
from cloud.organisations.matrix import Ambiguity, resolve
from cloud.organisations.model import Matrix, Organisations

Why = Literal["nobody", "ambiguous", "no_such_organisation"]
_SAID: dict[Why, str] = {
    "nobody": "no entry says who leads",
    "ambiguous": "entries {} and {} do not yield to each other",
    "no_such_organisation": "entry {} names an organisation that there is not",
}


@dataclass(frozen=True, slots=True)
class Unresolved:
    """One class in some grids."""

    event_class: str
    grids: tuple[str, ...]
    """In the tree's order."""
    everywhere: bool
    """These are all grids."""
    why: Why
    entries: tuple[int, ...]
    """Places in the matrix, from 0: the two of an ambiguity, the one with the unknown organisation."""

    def __str__(self) -> str:
        where = "everywhere" if self.everywhere else f"in {', '.join(self.grids)}"
        return f"{self.event_class} {where}: {_SAID[self.why].format(*self.entries)}"


def unresolved(
    matrix: Matrix, organisations: Organisations | None, registry: Registry
) -> Iterator[Unresolved]:
    """Of the site's present classes and grids, in its order."""
    known = {one.id for one in organisations.organisations} if organisations else set()
    grids = [
        area.id
        for area in registry.areas.values()
        if area.level == "grid" and ("area", area.id) in registry.active
    ]
    for code in registry.classes:
        if ("event_class", code) not in registry.active:
            continue
        found: dict[tuple[Why, tuple[int, ...]], list[str]] = defaultdict(list)
        for grid in grids:
            answer = resolve(matrix, registry.areas, code, grid)
            if answer is None:
                found["nobody", ()].append(grid)
            elif isinstance(answer, Ambiguity):
                found["ambiguous", answer.entries].append(grid)
            elif answer.lead not in known:
                found["no_such_organisation", (answer.entry,)].append(grid)
        for (why, entries), those in found.items():
            yield Unresolved(code, tuple(those), len(those) == len(grids), why, entries)
