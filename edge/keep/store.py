"""The node's store: the judge's state, the numbered outbox and the photos, in one directory.

One connection, one lock, short transactions: the judging thread writes, the sending threads read
batches and settle answers. A transaction that returned is on the disk (`synchronous=FULL`);
one that did not left nothing, not even a number.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from devices.messages import Event, IngestAnswer, Series
from edge.errors import StoreBusy, StoreError, StoreFull
from edge.keep import outbox
from edge.keep.ballast import Ballast
from edge.keep.figures import Figures, read_figures
from edge.keep.ledger import judge
from edge.keep.photos import PhotoFolder, digest
from edge.keep.schema import explaining, open_database, read_meta
from edge.keep.transaction import Transaction

LOCK = "node.lock"
Moved = TypeVar("Moved")


@dataclass(frozen=True, slots=True)
class Settled:
    """What an answer moved: rows deleted, set aside, and still to be sent."""

    committed: int
    refused: int
    waiting: int


class NodeStore:
    """See the module; made by `open`, safe to use from several threads."""

    def __init__(
        self,
        directory: Path,
        connection: sqlite3.Connection,
        lock_file: TextIOWrapper,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
        damaged: Path | None,
    ) -> None:
        self._directory = directory
        self._connection = connection
        self._lock_file = lock_file
        self._now = now
        self._new_id = new_id
        self._lock = threading.RLock()
        self._photos = PhotoFolder(directory)
        self._ballast = Ballast(directory)
        self._unqueued: Counter[str] = Counter()
        """Photos saved and not yet queued; nobody may delete them."""
        self.node = read_meta(connection, "node")
        self.epoch = UUID(read_meta(connection, "epoch"))
        self.damaged = damaged
        """Where a damaged store was moved when this one was opened; the node reports it."""

    @classmethod
    def open(
        cls, directory: Path, node: str, *, now: Callable[[], datetime], new_id: Callable[[], UUID]
    ) -> NodeStore:
        """Open the store of `node` in `directory`, made where it is not there yet.

        `now` gives UTC; `new_id` makes event ids and the epoch of a new file (UUIDv7).

        Raises:
            StoreBusy: another process has it open.
            StoreForeign: it belongs to another node or a newer gridwatch.
            StoreError: it cannot be opened or written.

        """
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock_file = _take(directory)
            try:
                connection, damaged = open_database(directory, node, now(), new_id())
                store = cls(directory, connection, lock_file, now=now, new_id=new_id, damaged=damaged)
                store._sweep()
            except BaseException:
                lock_file.close()
                raise
        except OSError as error:
            raise StoreError(f"{directory}: cannot be used as state directory: {error.strerror}") from error
        return store

    def close(self) -> None:
        """Close the file and let others have the directory."""
        with self._lock:
            self._connection.close()
            self._lock_file.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Everything in the block is kept together, or nothing of it.

        Keep the block short and free of slow work: senders wait for it. Save photos before it.

        Raises:
            StoreFull: the disk is full.
            StoreError: the store failed, or this thread is already inside a transaction.

        """
        with self._writing() as connection:
            tx = Transaction(
                connection, node=self.node, epoch=self.epoch, new_id=self._new_id, photos=self._photos
            )
            try:
                yield tx
            finally:
                tx.close()
            if tx.doomed:
                raise StoreError("a step of the transaction failed; all of it was undone")
            queued = tx.queued_photos
        with self._lock:
            self._unqueued -= Counter(queued)

    def states(self, kind: str) -> dict[str, bytes]:
        """All that is kept under `kind`, by key."""
        with self._lock, explaining():
            return dict(self._connection.execute("SELECT key, value FROM state WHERE kind = ?", (kind,)))

    def save_photo(self, jpeg: bytes) -> tuple[str, Path]:
        """Put a photo on the disk for good; returns its SHA-256 and its path.

        Call it before the transaction that queues its `Evidence`, once for each; a photo that is
        never queued is deleted at the next start.

        Raises:
            StoreError: the disk is full or cannot be written.

        """
        sha256 = digest(jpeg)
        with self._lock:
            self._unqueued[sha256] += 1
        try:
            return sha256, self._photos.write(sha256, jpeg)
        except OSError as error:
            kind = StoreFull if error.errno == errno.ENOSPC else StoreError
            raise kind(f"a photo of {len(jpeg)} bytes could not be saved: {error.strerror}") from error

    def discard_photo(self, sha256: str) -> None:
        """Give up a saved photo whose transaction failed, unless another message needs it.

        Raises:
            StoreError: the store cannot be asked; the photo goes at the next start.

        """
        with self._lock, explaining():
            self._unqueued -= Counter([sha256])
            if self._unqueued[sha256] == 0 and not outbox.has_photo(self._connection, sha256):
                self._photos.remove(sha256)

    def photo(self, sha256: str) -> bytes:
        """The bytes of a photo.

        Raises:
            OSError: it is not there or cannot be read.

        """
        return self._photos.path(sha256).read_bytes()

    def batch(
        self, series: Series, *, after: int = 0, limit: int = 200, limit_bytes: int = 900_000
    ) -> list[Event]:
        """The first events of `series` that wait, numbered above `after`, at least one if any waits.

        A row that cannot be read any more (written by another version) is set aside, never in the way.
        """
        with self._lock, explaining():
            events, unreadable = outbox.first_waiting(self._connection, series, after, limit, limit_bytes)
        for seq in unreadable:
            self._set_aside(series, seq, "unreadable", "this version cannot read it")
        return events

    def settle(self, sent: Sequence[Event], answer: IngestAnswer) -> Settled:
        """Act on the cloud's answer to what was `sent`: delete what it committed, set aside what it refused.

        Nothing that was not sent moves, whatever the answer names. A photo goes with the last message
        that refers to it.
        """
        verdict = judge((event for event in sent if event.epoch == self.epoch), answer)

        def move(sql: sqlite3.Connection) -> tuple[int, int, list[str]]:
            committed, photos = outbox.delivered(sql, verdict.committed)
            refused = sum(
                outbox.set_aside(
                    sql, event.series, event.seq, at=self._now(), code=refusal.code, reason=refusal.reason
                )
                for event, refusal in verdict.refused
            )
            return committed, refused, photos

        with self._lock, explaining():
            committed, refused, photos = self._emptying(move)
            for photo in photos:
                if self._unqueued[photo] == 0 and not outbox.has_photo(self._connection, photo):
                    self._photos.remove(photo)
            self._ballast.take()
        return Settled(committed, refused, len(verdict.waiting))

    def refuse(self, event: Event, code: str, reason: str) -> None:
        """Set one event aside that can never be delivered, with the reason; its neighbours go on."""
        self._set_aside(event.series, event.seq, code, reason)

    def figures(self) -> Figures:
        """Count what waits, what went and what was refused."""
        with self._lock, explaining():
            return read_figures(self._connection, self._directory)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """`BEGIN IMMEDIATE` to `COMMIT`, undone on any exception."""
        with self._lock:
            connection = self._connection
            with explaining():
                if _busy(connection):
                    raise StoreError("this thread is already inside a transaction of the store")
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                finally:
                    if _busy(connection):
                        connection.execute("ROLLBACK")

    def _emptying(self, move: Callable[[sqlite3.Connection], Moved]) -> Moved:
        """Run `move` in a transaction; on a full disk once more, with the room kept back for this."""
        try:
            with self._writing() as connection:
                return move(connection)
        except StoreFull:
            if not self._ballast.drop():
                raise
        with self._writing() as connection:
            return move(connection)

    def _set_aside(self, series: Series, seq: int, code: str, reason: str) -> None:
        self._emptying(
            lambda sql: outbox.set_aside(sql, series, seq, at=self._now(), code=code, reason=reason)
        )

    def _sweep(self) -> None:
        """Delete the photos of transactions that never came to be."""
        with explaining():
            self._photos.prepare()
            self._photos.sweep(outbox.all_photos(self._connection))
        self._ballast.take()


def _busy(connection: sqlite3.Connection) -> bool:
    return connection.in_transaction


def _take(directory: Path) -> TextIOWrapper:
    """Hold the directory; the kernel lets go of it when the process ends, however it ends."""
    file = (directory / LOCK).open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise StoreBusy(
            f"{directory}: another process (pid {holder}) works with this state directory; end it first"
        ) from None
    file.seek(0)
    file.truncate()
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
