"""The ledger: which numbers of each series of each node's store are safe here, refused, or given up.

One row a line `(node, epoch, series)`; what its numbers come to is said by `cloud.ingest.balance`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import ledger
from cloud.ingest.balance import Entry
from devices.losses import Range, SeriesReport
from devices.messages import Series

Line = tuple[UUID, Series]

_OPEN = text("""
    INSERT INTO ledger (node, epoch, series, committed, refused, duplicates)
    VALUES (:node, :epoch, :series, '{}', '{}', 0)
    ON CONFLICT (node, epoch, series) DO UPDATE SET duplicates = ledger.duplicates
    RETURNING ARRAY(SELECT s FROM unnest(CAST(:seqs AS bigint[])) AS s WHERE ledger.committed @> s)
""")
_BOOK = text("""
    UPDATE ledger SET
        committed = committed + CAST(CAST(:committed AS text) AS int8multirange),
        refused = (refused + CAST(CAST(:refused AS text) AS int8multirange))
                  - (committed + CAST(CAST(:committed AS text) AS int8multirange)),
        duplicates = duplicates + :duplicates
    WHERE node = :node AND epoch = :epoch AND series = :series
""")
_EVICT = text("""
    UPDATE ledger SET evicted = evicted + CAST(CAST(:evicted AS text) AS int8multirange)
    WHERE node = :node AND epoch = :epoch AND series = :series
""")
_REPORT = text("""
    UPDATE ledger SET
        next = :next, waiting = CAST(CAST(:waiting AS text) AS int8multirange), reported_at = :at
    WHERE node = :node AND epoch = :epoch AND series = :series AND (reported_at IS NULL OR reported_at < :at)
""")


def ranges(seqs: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Numbers as closed ranges, merged and in order."""
    found: list[tuple[int, int]] = []
    for seq in sorted(set(seqs)):
        if found and found[-1][1] == seq - 1:
            found[-1] = (found[-1][0], seq)
        else:
            found.append((seq, seq))
    return tuple(found)


def multirange(seqs: Iterable[int]) -> str:
    """Numbers as PostgreSQL writes an `int8multirange`."""
    return closed(ranges(seqs))


def closed(found: Iterable[Range]) -> str:
    """Closed ranges as PostgreSQL writes an `int8multirange`."""
    return "{" + ",".join(f"[{low},{high}]" for low, high in found) + "}"


async def open_lines(
    connection: AsyncConnection, node: str, lines: Mapping[Line, Sequence[int]]
) -> dict[Line, set[int]]:
    """Make the node's lines, keep its other batches off them until the end; answers the numbers taken."""
    found: dict[Line, set[int]] = {}
    for line in sorted(lines):
        values = {"node": node, "epoch": line[0], "series": line[1], "seqs": list(lines[line])}
        found[line] = set((await connection.execute(_OPEN, values)).scalar_one())
    return found


async def book(
    connection: AsyncConnection,
    node: str,
    line: Line,
    *,
    committed: Sequence[int] = (),
    refused: Sequence[int] = (),
    duplicates: int = 0,
) -> None:
    """Enter numbers into an open line; a number committed later is no longer refused."""
    values = {
        "node": node, "epoch": line[0], "series": line[1], "duplicates": duplicates,
        "committed": multirange(committed), "refused": multirange(refused),
    }  # fmt: skip
    await connection.execute(_BOOK, values)


async def evict(connection: AsyncConnection, node: str, line: Line, found: Iterable[Range]) -> None:
    """Nothing will ever arrive under these numbers of an open line; one that did arrive stays accepted."""
    values = {"node": node, "epoch": line[0], "series": line[1], "evicted": closed(found)}
    await connection.execute(_EVICT, values)


async def report(connection: AsyncConnection, node: str, told: SeriesReport, at: datetime) -> None:
    """What a node said at `at` (its own clock) of an open line; an older word than the last is dropped."""
    values = {
        "node": node, "epoch": told.epoch, "series": told.series, "next": told.next,
        "waiting": closed(told.waiting), "at": at,
    }  # fmt: skip
    await connection.execute(_REPORT, values)


async def read(connection: AsyncConnection, node: str | None = None) -> list[Entry]:
    """The lines of one node or all, the one that each node's series writes in now last."""
    statement = select(ledger).order_by(
        ledger.c.node, ledger.c.series, ledger.c.reported_at.asc().nulls_first(), ledger.c.epoch
    )
    if node is not None:
        statement = statement.where(ledger.c.node == node)
    return [_entry(row) for row in await connection.execute(statement)]


def _entry(row: Any) -> Entry:
    return Entry(
        node=row.node,
        epoch=row.epoch,
        series=Series(row.series),
        committed=as_ranges(row.committed),
        refused=as_ranges(row.refused),
        evicted=as_ranges(row.evicted),
        waiting=as_ranges(row.waiting),
        next=row.next,
        reported_at=row.reported_at,
        duplicates=row.duplicates,
    )


def as_ranges(found: Iterable[Any]) -> tuple[Range, ...]:
    """A multirange of the database, whose ranges do not include their ends, as closed ranges."""
    return tuple((part.lower, part.upper - 1) for part in found)
