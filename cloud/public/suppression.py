"""Which counts of a table may be shown so that no small one follows from the others. Pure.

The table is class x area with both totals and the grand total. Seen as a circulation (Gusfield 1988, A graph
theoretic approach to statistical data security), every count is the flow of an edge: a class's total flows
from all classes to the class, a cell from class to area, an area's total from the area to all areas, the
grand total back. What is shown is fixed. A hidden count is safe when some other circulation without negative
flow gives it another value: when a cycle of the residual graph over hidden edges passes through it.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping

K = 5
"""A smaller count is not shown."""
ALL = ""
"""In place of a class or an area: all of them."""

Cell = tuple[str, str]
"""(class, area)."""


def with_totals(counts: Mapping[Cell, int]) -> dict[Cell, int]:
    """`counts` for every class and area that it names, zeros and totals included."""
    classes, areas = sorted({c for c, _ in counts}), sorted({a for _, a in counts})
    found = {(c, a): counts.get((c, a), 0) for c in classes for a in areas}
    for (c, a), count in list(found.items()):
        for total in ((c, ALL), (ALL, a), (ALL, ALL)):
            found[total] = found.get(total, 0) + count
    return found


def shown(table: Mapping[Cell, int], k: int = K) -> dict[Cell, int]:
    """What of a table with totals may be published."""
    hidden = {cell for cell, count in table.items() if count < k}
    for cell in sorted(hidden):
        hidden |= _cover(table, hidden, cell)
    return {cell: count for cell, count in table.items() if cell not in hidden}


def _cover(table: Mapping[Cell, int], hidden: set[Cell], cell: Cell) -> set[Cell]:
    """The cells to hide too so that `cell` could be one more: the least sum of counts (Dijkstra).

    A hidden edge costs nothing; walked backward an edge must have flow to give. There always is a way,
    by the totals.
    """
    goal, start = _ends(cell)
    ways = _residual(table, hidden, cell)
    queue: list[tuple[int, str, tuple[Cell, ...]]] = [(0, start, ())]
    seen: set[str] = set()
    while queue:
        cost, node, walked = heapq.heappop(queue)
        if node == goal:
            return {*walked}
        if node in seen:
            continue
        seen.add(node)
        for price, target, edge in ways[node]:
            if target not in seen:
                heapq.heappush(queue, (cost + price, target, (*walked, edge)))
    raise AssertionError("a table with totals has a way round every cell")


def _residual(
    table: Mapping[Cell, int], hidden: set[Cell], without: Cell
) -> dict[str, list[tuple[int, str, Cell]]]:
    ways: dict[str, list[tuple[int, str, Cell]]] = defaultdict(list)
    for edge, price, source, target in _arcs(table, hidden):
        if edge != without:
            ways[source].append((price, target, edge))
    return ways


def _arcs(table: Mapping[Cell, int], hidden: set[Cell]) -> Iterator[tuple[Cell, int, str, str]]:
    for edge, count in table.items():
        source, target = _ends(edge)
        price = 0 if edge in hidden else 1 + count
        yield edge, price, source, target
        if count:
            yield edge, price, target, source


def _ends(cell: Cell) -> tuple[str, str]:
    """The nodes that a count flows between."""
    event_class, area = cell
    if event_class == ALL and area == ALL:
        return "areas", "classes"
    if area == ALL:
        return "classes", f"class {event_class}"
    if event_class == ALL:
        return f"area {area}", "areas"
    return f"class {event_class}", f"area {area}"
