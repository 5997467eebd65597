"""What replaced what when the areas were cut anew: grids of the old tree against those of the new. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel

from devices.site.areas import plane_of, square_metres
from devices.site.model import Area
from devices.site.planar import slabs

SHARE = 0.02
"""Part of the smaller grid's ground from which on two count as having ground in common."""

Kind = Literal["split", "merged", "recut", "redrawn", "renamed", "described", "added", "removed"]


class Change(BaseModel):
    """Grids of the version before, and what lies on their ground now."""

    kind: Kind
    """`split` 1:n, `merged` n:1, `recut` n:m; one for one: `redrawn` (same id, other boundary), `renamed`
    (other id), `described` (same ground, another parent, code, name or number of households)."""
    before: list[str]
    after: list[str]


def succession(before: Sequence[Area], after: Sequence[Area]) -> list[Change]:
    """The changes between two trees, in the order of the ids; grids that stayed as they were are left out."""
    old = {area.id: area for area in before if area.level == "grid"}
    new = {area.id: area for area in after if area.level == "grid"}
    same = {name for name in old.keys() & new.keys() if old[name].rings == new[name].rings}
    found = [Change(kind="described", before=[name], after=[name]) for name in same if old[name] != new[name]]
    left = [old[name] for name in old if name not in same]
    right = [new[name] for name in new if name not in same]
    found += [_change(group) for group in _groups(left, right)]
    return sorted(found, key=lambda change: (change.before, change.after))


def _groups(left: Sequence[Area], right: Sequence[Area]) -> Iterator[tuple[set[str], set[str]]]:
    """Ids of old and new grids that are connected by common ground."""
    links: dict[tuple[bool, str], set[tuple[bool, str]]] = {(False, one.id): set() for one in left}
    links |= {(True, one.id): set() for one in right}
    for one, other in _common(left, right):
        links[False, one].add((True, other))
        links[True, other].add((False, one))
    while links:
        reached = {next(iter(links))}
        waiting = list(reached)
        while waiting:
            fresh = links.pop(waiting.pop()) - reached
            reached |= fresh
            waiting += fresh
        yield {name for is_new, name in reached if not is_new}, {name for is_new, name in reached if is_new}


def _common(left: Sequence[Area], right: Sequence[Area]) -> Iterator[tuple[str, str]]:
    """Pairs of an old and a new grid with ground in common."""
    if not left or not right:
        return
    every = [*left, *right]
    plane = plane_of(every)
    ground: dict[tuple[int, int], float] = defaultdict(float)
    for row in slabs([plane.metric(area) for area in every]):
        for cell in row:
            for one in cell.inside:
                for other in cell.inside:
                    if one < len(left) <= other:
                        ground[one, other] += cell.area
    for (one, other), common in ground.items():
        if common > SHARE * min(square_metres(every[one]), square_metres(every[other])):
            yield every[one].id, every[other].id


def _change(group: tuple[set[str], set[str]]) -> Change:
    before, after = (sorted(names) for names in group)
    kind: Kind
    if not after:
        kind = "removed"
    elif not before:
        kind = "added"
    elif len(before) == len(after) == 1:
        kind = "redrawn" if before == after else "renamed"
    else:
        kind = "split" if len(before) == 1 else "merged" if len(after) == 1 else "recut"
    return Change(kind=kind, before=before, after=after)
