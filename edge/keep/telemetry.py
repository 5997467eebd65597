"""Readings and samples on their way to the cloud: kept one by one, numbered in batches."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter

from devices.messages import Reading, Sample, Series, Telemetry, envelope
from edge.errors import StoreDamaged
from edge.keep import heard, outbox
from edge.keep.batching import cut
from edge.keep.book import Book

_EITHER: TypeAdapter[Reading | Sample] = TypeAdapter(Reading | Sample)
"""A reading has a sensor, a sample a device: neither passes for the other."""


class TelemetryLog:
    """Writes readings into one database, each once, by `(sensor, quantity, boot, seq)`; and samples."""

    def __init__(
        self, book: Book, node: str, new_id: Callable[[], UUID], now: Callable[[], datetime]
    ) -> None:
        self.book = book
        self._node = node
        self._new_id = new_id
        self._now = now

    def keep(self, readings: Sequence[Reading]) -> int:
        """Keep those that were not kept before; how many. Raises `StoreError`: none of them was."""
        if self.book.broken:
            raise StoreDamaged("telemetry.db was found damaged")
        with self.book.writing() as sql:
            fresh = [one for one in readings if heard.mark(sql, heard.key(one), one.boot, one.seq)]
            self._add(sql, fresh)
            self._number(sql)
        return len(fresh)

    def keep_samples(self, samples: Sequence[Sample]) -> int:
        """Keep what the node measured; how many. Raises `StoreError`: nothing of it was."""
        if self.book.broken:
            raise StoreDamaged("telemetry.db was found damaged")
        with self.book.writing() as sql:
            self._add(sql, samples)
            self._number(sql)
        return len(samples)

    def _add(self, sql: sqlite3.Connection, found: Sequence[Reading | Sample]) -> None:
        at = outbox.stamp(self._now())
        sql.executemany(
            "INSERT INTO reading (at, reading) VALUES (?, ?)",
            [(at, one.model_dump_json(exclude_none=True)) for one in found],
        )

    def number_due(self) -> None:
        """Number what has waited long enough. Raises `StoreError`: nothing was changed."""
        with self.book.reading() as sql:
            if not cut(*self._waiting(sql)):
                return
        with self.book.writing() as sql:
            self._number(sql)

    def _waiting(self, sql: sqlite3.Connection) -> tuple[list[int], float]:
        rows = sql.execute("SELECT length(CAST(reading AS BLOB)), at FROM reading ORDER BY id").fetchall()
        if not rows:
            return [], 0.0
        age = (self._now() - datetime.fromisoformat(rows[0][1])).total_seconds()
        return [size for size, _ in rows], age

    def _number(self, sql: sqlite3.Connection) -> None:
        for count in cut(*self._waiting(sql)):
            rows = sql.execute("SELECT id, reading FROM reading ORDER BY id LIMIT ?", (count,)).fetchall()
            found = [_EITHER.validate_json(text) for _, text in rows]
            batch = Telemetry(
                node=self._node,
                readings=tuple(one for one in found if isinstance(one, Reading)),
                samples=tuple(one for one in found if isinstance(one, Sample)),
            )
            event = envelope(
                batch,
                event_id=self._new_id(),
                node=self._node,
                epoch=self.book.epoch,
                seq=outbox.next_seq(sql, Series.TELEMETRY),
                time=self._now(),
            )
            outbox.append(sql, event, batch, event.model_dump_json())
            sql.execute("DELETE FROM reading WHERE id <= ?", (rows[-1][0],))
