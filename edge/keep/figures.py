"""Numbers of the store, for the node's health message and for `gridwatch doctor`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from devices.messages import Series
from edge.keep.photos import PhotoFolder
from edge.keep.schema import DATABASE, read_meta


@dataclass(frozen=True, slots=True)
class SeriesFigures:
    """One series. Always `next_seq - 1 == accepted + refused + queued`."""

    next_seq: int
    queued: int
    accepted: int
    """Committed by the cloud."""
    refused: int
    """Set aside: the cloud will never take them."""
    oldest: datetime | None
    """Time of the first that still waits."""

    def oldest_age_s(self, now: datetime) -> float:
        """Seconds the first has waited; 0 when nothing waits."""
        return 0.0 if self.oldest is None else max(0.0, (now - self.oldest).total_seconds())


@dataclass(frozen=True, slots=True)
class Figures:
    """The whole store at one moment."""

    node: str
    epoch: UUID
    series: dict[Series, SeriesFigures]
    database_bytes: int
    evidence_bytes: int


def read_figures(connection: sqlite3.Connection, directory: Path) -> Figures:
    """Count; the caller holds a transaction where the counts must agree with each other."""
    rows = connection.execute("SELECT name, next, accepted FROM series").fetchall()
    return Figures(
        node=read_meta(connection, "node"),
        epoch=UUID(read_meta(connection, "epoch")),
        series={Series(row[0]): _series(connection, row) for row in rows},
        database_bytes=sum(
            path.stat().st_size
            for path in (directory / DATABASE, directory / f"{DATABASE}-wal")
            if path.is_file()
        ),
        evidence_bytes=PhotoFolder(directory).bytes(),
    )


def _series(connection: sqlite3.Connection, row: tuple[str, int, int]) -> SeriesFigures:
    name, next_seq, accepted = row
    queued = connection.execute("SELECT count(*) FROM outbox WHERE series = ?", (name,)).fetchone()[0]
    refused = connection.execute("SELECT count(*) FROM refused WHERE series = ?", (name,)).fetchone()[0]
    first = connection.execute(
        "SELECT at FROM outbox WHERE series = ? ORDER BY seq LIMIT 1", (name,)
    ).fetchone()
    return SeriesFigures(
        next_seq=next_seq,
        queued=queued,
        accepted=accepted,
        refused=refused,
        oldest=datetime.fromisoformat(first[0]) if first else None,
    )
