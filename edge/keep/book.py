"""One database file with its numbered series: one connection, one lock, short transactions.

A transaction that returned is on the disk (`synchronous=FULL`); one that did not left nothing, not
even a number.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from devices.messages import Event, Series
from edge.errors import StoreDamaged, StoreError, StoreFull
from edge.keep import delivered, outbox
from edge.keep.ballast import Ballast
from edge.keep.files import Files
from edge.keep.gaps import Cause, Gaps
from edge.keep.ledger import Verdict
from edge.keep.opening import explaining, mark_damaged, open_database, read_meta
from edge.keep.outbox import ANY, Pick
from edge.keep.schema import Shape

log = logging.getLogger(__name__)

Moved = TypeVar("Moved")


class Book:
    """See the module; safe to use from several threads."""

    def __init__(
        self,
        directory: Path,
        shape: Shape,
        node: str,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
        files: Files,
        ballast: Ballast,
    ) -> None:
        """Open the file, made where it is not there yet; a damaged one is set aside.

        Raises:
            StoreForeign: it belongs to another node or a newer gridwatch.
            StoreFull: the disk is full.
            StoreError: it cannot be opened or written.
            OSError: the directory cannot be written.

        """
        self.shape = shape
        self.lock = threading.RLock()
        self._path = directory / shape.file
        self._now = now
        self._files = files
        self._ballast = ballast
        self.connection, self.damaged = open_database(directory, shape, node, now(), new_id(), files)
        self.epoch = UUID(read_meta(self.connection, "epoch"))
        self.gaps = Gaps(node, self.epoch, new_id, now)
        self._log = f"{self._path}-wal"
        self._page = int(self.connection.execute("PRAGMA page_size").fetchone()[0])
        self.size = 0
        """Bytes of the file and its log after the last transaction."""
        self._measure()
        self.broken = False
        """It was found damaged while it was open; only another `Book` on the same directory helps."""

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self.connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for reading."""
        with self.lock, self._explained():
            yield self.connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """`BEGIN IMMEDIATE` to `COMMIT`, undone on any exception.

        Raises:
            StoreFull: the disk is full, or the file may not grow.
            StoreDamaged: the file is broken.
            StoreError: the store failed, or this thread is already inside a transaction.

        """
        with self.lock, self._explained():
            if _busy(self.connection):
                raise StoreError("this thread is already inside a transaction of the store")
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            finally:
                if _busy(self.connection):
                    self.connection.execute("ROLLBACK")
            self._measure()

    def emptying(self, move: Callable[[sqlite3.Connection], Moved]) -> Moved:
        """Run `move` in a transaction; on a full disk once more, with the room kept back for this."""
        try:
            with self.writing() as sql:
                return move(sql)
        except StoreFull:
            if not self._ballast.drop():
                raise
        with self.writing() as sql:
            return move(sql)

    def batch(
        self, series: Series, after: int, limit: int, limit_bytes: int, pick: Pick = ANY
    ) -> list[Event]:
        """The first events that wait; rows that cannot be read any more become gaps."""
        with self.reading() as sql:
            events, unreadable = outbox.first_waiting(sql, series, after, limit, limit_bytes, pick)
        for seq in unreadable:
            self.give_up(series, seq, "unreadable", "unreadable", "this version cannot read it")
        return events

    def settle(self, verdict: Verdict, keep: timedelta = timedelta()) -> tuple[int, int, list[str]]:
        """Delete what was committed, set aside what was refused; how many, and the photos they named.

        What was committed stays for `keep`, where this file has a place for it.
        """

        def move(sql: sqlite3.Connection) -> tuple[int, int, list[str]]:
            aged: list[str] = []
            if keep and self.shape.kept:
                for event in verdict.committed:
                    if event.series in self.shape.kept:
                        delivered.keep(sql, event.series, event.seq, self._now())
                _, aged = delivered.drop(sql, self._now() - keep)
            committed, photos = outbox.delivered(sql, verdict.committed)
            photos += aged
            refused = 0
            for event, refusal in verdict.refused:
                dropped = outbox.refused(
                    sql, event.series, event.seq, at=self._now(), code=refusal.code, reason=refusal.reason
                )
                refused += dropped is not None
                photos += dropped or []
            return committed, refused, photos

        return self.emptying(move)

    def answered_by(self, ledger: UUID) -> int:
        """Out of which ledger the cloud answers; another than before: what is kept waits again, gaps name
        the rest. How many wait again.
        """

        def move(sql: sqlite3.Connection) -> int:
            before, count = delivered.ledger(sql), 0
            if before is not None and before != ledger:
                count = delivered.bring_back(sql) if self.shape.kept else 0
                for series in self.shape.series:
                    self.gaps.tell_forgotten(sql, series, delivered.not_kept(sql, series))
                log.warning(
                    "%s: the cloud was restored from a backup; %d messages wait again", self._path, count
                )
            if before != ledger:
                delivered.set_ledger(sql, ledger)
            return count

        return self.emptying(move)

    def give_up(self, series: Series, seq: int, cause: Cause, code: str, reason: str) -> list[str]:
        """Set one row aside, with a gap in its place; returns photos that may go."""

        def move(sql: sqlite3.Connection) -> list[str]:
            at = self._now()
            if outbox.is_gap(sql, series, seq):  # a gap about a gap would fare no better
                return outbox.refused(sql, series, seq, at=at, code=code, reason=reason) or []
            dropped = outbox.keep_sample(sql, series, seq, at=at, code=code, reason=reason)
            self.gaps.give_up(sql, series, [seq], cause)
            return dropped

        return self.emptying(move)

    def evict(self, series: Series, seqs: Sequence[int]) -> tuple[int, list[str]]:
        """Make room: rows go, a gap counts for them. Returns how many, and the photos they named."""
        return self.emptying(lambda sql: self.gaps.give_up(sql, series, seqs, "quota"))

    def give_back(self, pages: int) -> None:
        """Hand up to `pages` unused pages back to the disk, and fold the log in."""
        with self.reading() as sql:
            # Each step frees one page and returns a row without columns: `execute` would stop after one.
            sql.executescript(f"PRAGMA incremental_vacuum({pages})")
            sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._measure()

    def limit(self, size: int) -> None:
        """Never let the file grow beyond `size` bytes; one that is larger already stays as it is."""
        with self.reading() as sql:
            sql.execute(f"PRAGMA max_page_count = {max(1, size // self._page)}").fetchone()

    def _measure(self) -> None:
        self.size = self._page * int(self.connection.execute("PRAGMA page_count").fetchone()[0])
        with suppress(OSError):  # there is no log before the first transaction
            self.size += os.stat(self._log).st_size  # noqa: PTH116 (runs at each commit)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with explaining():
                yield
        except StoreDamaged:
            if not self.broken:
                self.broken = True
                mark_damaged(self._path, self._files)
            raise


def _busy(connection: sqlite3.Connection) -> bool:
    return connection.in_transaction
