"""What became of every number of a series: the ledger's sums. Pure.

Always `numbered = accepted + refused + evicted + waiting + missing`, each number in one of them; the first
that holds counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from devices.losses import MAX_SEQ, Range, joined
from devices.messages import Series


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: a series of one store file. Ranges are closed, rising and apart."""

    node: str
    epoch: UUID
    series: Series
    committed: tuple[Range, ...] = ()
    refused: tuple[Range, ...] = ()
    evicted: tuple[Range, ...] = ()
    """Named by gaps; may name numbers that arrived, and may have no end (`MAX_SEQ`)."""
    waiting: tuple[Range, ...] = ()
    """What the node said still waited there, when it last reported."""
    next: int | None = None
    """The number that the node would give next, when it last reported."""
    reported_at: datetime | None = None
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class Balance:
    """The sums of one line."""

    numbered: int
    accepted: int
    duplicate: int
    """Deliveries of what had been accepted before; not part of the sum."""
    refused: int
    evicted: int
    waiting: int
    """Still at the node, or numbered since it last reported."""
    missing: int
    missing_ranges: tuple[Range, ...]

    @property
    def sent(self) -> int:
        """Answered here: accepted or refused."""
        return self.accepted + self.refused


def balance(entry: Entry, *, current: bool) -> Balance:
    """The sums of `entry`; `current`: the node still writes in this store file.

    Of a file that is no longer written in nothing waits any more: what did not come is missing.
    """
    told = entry.next - 1 if entry.next is not None else 0
    evicted = _finite(entry.evicted)
    numbered = max(told, *(last for _, last in (*entry.committed, *entry.refused, *evicted)), 0)
    rest: tuple[Range, ...] = ((1, numbered),) if numbered else ()
    waiting = entry.waiting if current else ()
    if current and entry.next is not None:
        waiting = joined([*waiting, (entry.next, max(numbered, entry.next))])
    counts = []
    for part in (entry.committed, entry.refused, entry.evicted, waiting):
        left = minus(rest, part)
        counts.append(size(rest) - size(left))
        rest = left
    accepted, refused, gone, held = counts
    return Balance(numbered, accepted, entry.duplicates, refused, gone, held, size(rest), rest)


def balances(entries: Iterable[Entry]) -> list[tuple[Entry, Balance]]:
    """All sums; of each node's series the last entry is the one that it writes in."""
    found = list(entries)
    last = {(entry.node, entry.series): entry.epoch for entry in found}
    return [(entry, balance(entry, current=last[entry.node, entry.series] == entry.epoch)) for entry in found]


def size(ranges: Iterable[Range]) -> int:
    """How many numbers they hold."""
    return sum(last - first + 1 for first, last in ranges)


def minus(ranges: Sequence[Range], others: Sequence[Range]) -> tuple[Range, ...]:
    """What is in `ranges` and not in `others`."""
    found = []
    taken = joined(others)
    walls = [(0, 0), *taken, (MAX_SEQ + 1, MAX_SEQ + 1)]
    free = [(left[1] + 1, right[0] - 1) for left, right in pairwise(walls)]
    at = 0
    for first, last in joined(ranges):
        while at < len(free) and free[at][1] < first:
            at += 1
        here = at
        while here < len(free) and free[here][0] <= last:
            low, high = max(first, free[here][0]), min(last, free[here][1])
            if low <= high:
                found.append((low, high))
            here += 1
    return tuple(found)


def _finite(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Without an open end, of which only the beginning is known to have been numbered or about to be."""
    return tuple((first, first - 1 if last == MAX_SEQ else last) for first, last in ranges)
