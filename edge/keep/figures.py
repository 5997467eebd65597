"""Numbers of the store, for the node's health message and for `gridwatch doctor`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from devices.messages import Series
from edge.keep.opening import read_meta
from edge.keep.photos import PhotoFolder
from edge.keep.schema import SHAPES


@dataclass(frozen=True, slots=True)
class SeriesFigures:
    """One series. Always `numbered == accepted + refused + evicted + queued`, else some are `missing`."""

    epoch: UUID
    next_seq: int
    queued: int
    accepted: int
    """Committed by the cloud."""
    refused: int
    """Set aside: the cloud will never take them, and has booked that."""
    evicted: int
    """Given up by the node; gaps count for them."""
    oldest: datetime | None
    """Time of the first that still waits."""

    @property
    def numbered(self) -> int:
        """Numbers given in all."""
        return self.next_seq - 1

    @property
    def sent(self) -> int:
        """Answered by the cloud, one way or the other."""
        return self.accepted + self.refused

    @property
    def missing(self) -> int:
        """Numbers that nobody can account for: 0 in a sound store."""
        return self.numbered - self.sent - self.evicted - self.queued

    def oldest_age_s(self, now: datetime) -> float:
        """Seconds the first has waited; 0 when nothing waits."""
        return 0.0 if self.oldest is None else max(0.0, (now - self.oldest).total_seconds())


@dataclass(frozen=True, slots=True)
class Figures:
    """The whole store at one moment."""

    node: str
    epoch: UUID
    """Of `node.db`."""
    series: dict[Series, SeriesFigures]
    unnumbered: int
    """Readings that wait for their batch."""
    database_bytes: int
    evidence_bytes: int


def read_figures(directory: Path, connections: Iterable[sqlite3.Connection]) -> Figures:
    """Count in `node.db` and, where it can be opened, in `telemetry.db`, in this order.

    The caller holds transactions where the counts must agree with each other.
    """
    node, *others = connections
    series: dict[Series, SeriesFigures] = {}
    for connection in (node, *others):
        epoch = UUID(read_meta(connection, "epoch"))
        rows = connection.execute("SELECT name, next, accepted, refused, evicted FROM series").fetchall()
        series |= {Series(name): _series(connection, epoch, name, *counts) for name, *counts in rows}
    return Figures(
        node=read_meta(node, "node"),
        epoch=UUID(read_meta(node, "epoch")),
        series=series,
        unnumbered=sum(other.execute("SELECT count(*) FROM reading").fetchone()[0] for other in others),
        database_bytes=sum(
            path.stat().st_size
            for shape in SHAPES
            for path in (directory / shape.file, directory / f"{shape.file}-wal")
            if path.is_file()
        ),
        evidence_bytes=PhotoFolder(directory).bytes(),
    )


def _series(
    connection: sqlite3.Connection,
    epoch: UUID,
    name: str,
    next_seq: int,
    accepted: int,
    refused: int,
    evicted: int,
) -> SeriesFigures:
    queued = connection.execute("SELECT count(*) FROM outbox WHERE series = ?", (name,)).fetchone()[0]
    first = connection.execute(
        "SELECT at FROM outbox WHERE series = ? ORDER BY seq LIMIT 1", (name,)
    ).fetchone()
    return SeriesFigures(
        epoch=epoch,
        next_seq=next_seq,
        queued=queued,
        accepted=accepted,
        refused=refused,
        evicted=evicted,
        oldest=datetime.fromisoformat(first[0]) if first else None,
    )
