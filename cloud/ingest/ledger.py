"""The ledger: which numbers of each series of each node's store are safe here, refused, or missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

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
_SUMMARY = text("""
    SELECT node, series, sum(duplicates) AS duplicate, sum(safe) AS accepted, sum(bad) AS refused,
           sum(coalesce(upper(committed + refused) - 1, 0) - safe - bad) AS missing
    FROM (SELECT *, (SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM unnest(committed) AS r) AS safe,
                    (SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM unnest(refused) AS r) AS bad
          FROM ledger) AS counted
    GROUP BY node, series
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
    return "{" + ",".join(f"[{low},{high}]" for low, high in ranges(seqs)) + "}"


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


async def summary(connection: AsyncConnection) -> dict[str, dict[str, dict[str, int]]]:
    """Node -> series -> accepted, refused, duplicate, missing (numbers below the highest that never came)."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in (await connection.execute(_SUMMARY)).mappings():
        values: dict[str, Any] = dict(row)
        node, series = values.pop("node"), values.pop("series")
        found.setdefault(node, {})[series] = {name: int(value) for name, value in values.items()}
    return found
