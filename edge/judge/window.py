"""The readings of the last while, in at most sixty cells: bounded however fast a device reports. Pure.

A cell is (begin, first, last, low, high, sum, n): `begin` is a time, `first` and `last` are seconds after it.
The window holds every reading that is not older than its length; of the oldest cell it may hold readings that
are older by up to a sixtieth of it. Where readings are as far apart as that it is exact.
"""

from __future__ import annotations

import math

CELLS = 60
WIDE = 7
"""Numbers of a cell."""
Cell = tuple[float, ...]
Cells = tuple[Cell, ...]


def put(cells: Cells, value: float, at: float, within: float) -> Cells:
    """With one more reading, taken at `at`; what is too old is dropped. It may come late."""
    if not cells:
        return ((at, 0.0, 0.0, value, value, value, 1.0),)
    width, latest = within / CELLS, cells[-1]
    after = at - latest[0]
    if 0.0 <= after < width:
        cells = (*cells[:-1], _joined(latest, value, after))
    else:
        begin = latest[0] + math.floor(after / width) * width
        one = (begin, at - begin, at - begin, value, value, value, 1.0)
        cells = (*cells, one) if after > 0.0 else _late(cells, one, width)
    oldest = newest(cells) - within
    if cells[0][0] + cells[0][2] >= oldest:
        return cells
    return tuple([cell for cell in cells if cell[0] + cell[2] >= oldest])


def newest(cells: Cells) -> float:
    """When the latest reading was taken."""
    return cells[-1][0] + cells[-1][2]


def span(cells: Cells) -> float:
    """Seconds from the earliest to the latest reading."""
    return newest(cells) - cells[0][0] - cells[0][1]


def lowest(cells: Cells) -> float:
    """The smallest value."""
    return min([cell[3] for cell in cells])


def highest(cells: Cells) -> float:
    """The largest value."""
    return max([cell[4] for cell in cells])


def total(cells: Cells) -> float:
    """Of all values."""
    return sum([cell[5] for cell in cells])


def mean(cells: Cells) -> float:
    """Over the time, by straight lines between the readings: devices report more often while much happens."""
    if span(cells) == 0.0:
        return total(cells) / sum([cell[6] for cell in cells])
    area, before = 0.0, cells[0]
    for cell in cells:
        gap = cell[0] + cell[1] - before[0] - before[2]
        here = cell[5] / cell[6]
        if cell is not before:
            area += gap * (before[5] / before[6] + here) / 2
        area += (cell[2] - cell[1]) * here
        before = cell
    return area / span(cells)


def _joined(cell: Cell, value: float, after: float) -> Cell:
    """The cell with one more reading, so long after it begins."""
    begin, first, last, low, high, sum_, n = cell
    return (
        begin,
        min(first, after),
        max(last, after),
        min(low, value),
        max(high, value),
        sum_ + value,
        n + 1.0,
    )


def _late(cells: Cells, one: Cell, width: float) -> Cells:
    """A late reading put where it belongs, into a cell that is there or into one of its own."""
    for place, cell in enumerate(cells):
        apart = one[0] - cell[0]
        if abs(apart) < width / 2:
            return (*cells[:place], _joined(cell, one[5], one[1] + apart), *cells[place + 1 :])
        if apart < 0:
            return (*cells[:place], one, *cells[place:])
    return (*cells, one)
