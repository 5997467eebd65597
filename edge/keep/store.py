"""The node's store: the judge's state, the numbered outbox, readings and photos, in one directory.

The judging threads write, the sending threads read batches and settle answers. A call that returned
is on the disk; one that did not left nothing, not even a number.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from uuid import UUID

from devices.messages import Event, IngestAnswer, Reading, Sample, Series, SeriesReport
from edge.errors import StoreDamaged, StoreError, StoreFull
from edge.keep import losses, outbox
from edge.keep.ballast import Ballast
from edge.keep.book import Book
from edge.keep.figures import Figures, read_figures
from edge.keep.files import FULL, Files
from edge.keep.gaps import Cause
from edge.keep.ledger import judge
from edge.keep.lock import take
from edge.keep.opening import clear_the_way
from edge.keep.outbox import ANY, Pick
from edge.keep.photos import PhotoFolder, digest
from edge.keep.quota import GIB
from edge.keep.room import Room
from edge.keep.schema import NODE, TELEMETRY, Shape
from edge.keep.stills import Stills
from edge.keep.telemetry import TelemetryLog
from edge.keep.transaction import Relay, Transaction

log = logging.getLogger(__name__)

SHARE = 2 * GIB
"""Bytes of the disk that a store may use unless the site says otherwise."""


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
        node: str,
        lock_file: TextIOWrapper,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
        share: int,
        files: Files,
        keep_delivered: timedelta,
    ) -> None:
        """Open what is in `directory`; `open` says the rest."""
        self.node = node
        self._directory = directory
        self._lock_file = lock_file
        self._now = now
        self._new_id = new_id
        self._files = files
        self._share = share
        self._keep_delivered = keep_delivered
        self._photos = PhotoFolder(directory, files)
        self.stills = Stills(directory, share)
        """The pictures of the last hour."""
        self._ballast = Ballast(directory, files)
        self.relay: Relay | None = None
        """Set before anybody decides: hears of each condition that is queued."""
        self._unqueued: Counter[str] = Counter()
        """Photos saved and not yet queued; nobody may delete them."""
        self._ledger: UUID | None = None
        """The cloud's, as this process heard it last."""
        self._book = self._open(NODE)
        self._readings = self._telemetry()
        self.damaged = tuple(
            book.damaged for book in (self._book, self._readings.book) if book.damaged is not None
        )
        """Where damaged files were moved when this store was opened; the node reports it."""
        with self._book.reading() as sql:
            self._photos.prepare()
            self._photos.sweep(outbox.all_photos(sql))
        self._room = Room(
            directory, share, self._book_of, self._photos, self.stills, self._ballast, self._release
        )
        losses.name_losses(directory, node, (self._book, self._readings.book), files)
        self._ballast.take()
        self._room.tend()

    @classmethod
    def open(
        cls,
        directory: Path,
        node: str,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
        share: int = SHARE,
        files: Files | None = None,
        keep_delivered: timedelta = timedelta(),
    ) -> NodeStore:
        """Open the store of `node` in `directory`, made where it is not there yet.

        `now` gives UTC; `new_id` makes event ids and the epoch of a new file (UUIDv7); `share` is how
        many bytes of the disk it may use; `keep_delivered` is how long alarms and evidence stay after the
        cloud took them, to be sent again should it be restored from a backup.

        Raises:
            StoreBusy: another process has it open.
            StoreForeign: it belongs to another node or a newer gridwatch.
            StoreError: it cannot be opened or written.

        """
        disk = files or Files()

        def made(lock_file: TextIOWrapper) -> NodeStore:
            return cls(
                directory, node, lock_file, now=now, new_id=new_id, share=share, files=disk,
                keep_delivered=keep_delivered,
            )  # fmt: skip

        try:
            disk.make_folder(directory)
            directory.chmod(0o700)
            clear_the_way(directory, now(), disk)
            lock_file = take(directory)
            try:
                try:
                    return made(lock_file)
                except StoreFull:
                    if not Ballast(directory, disk).drop():
                        raise
                return made(lock_file)
            except BaseException:
                lock_file.close()
                raise
        except OSError as error:
            raise StoreError(f"{directory}: cannot be used as state directory: {error.strerror}") from error

    def close(self) -> None:
        """Close the files and let others have the directory."""
        self._readings.book.close()
        self._book.close()
        self._lock_file.close()

    @property
    def epoch(self) -> UUID:
        """Of the alarms, evidence and health; telemetry has its own (`epoch_of`)."""
        return self._book.epoch

    def epoch_of(self, series: Series) -> UUID:
        """The epoch under which `series` is numbered."""
        return self._book_of(series).epoch

    @property
    def broken(self) -> bool:
        """Alarms cannot be kept any more, the database is damaged; the node ends and is started again."""
        return self._book.broken

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Everything in the block is kept together, or nothing of it.

        Keep the block short and free of slow work: senders wait for it. Save photos before it.

        Raises:
            StoreFull: the disk is full.
            StoreError: the store failed, or this thread is already inside a transaction.

        """
        try:
            with self._book.writing() as sql:
                tx = Transaction(
                    sql,
                    node=self.node,
                    epoch=self.epoch,
                    new_id=self._new_id,
                    photos=self._photos,
                    relay=self.relay,
                )
                try:
                    yield tx
                finally:
                    tx.close()
                if tx.doomed:
                    raise StoreError("a step of the transaction failed; all of it was undone")
        except StoreFull:
            self._room.squeeze()
            raise
        with self._book.lock:
            self._unqueued -= Counter(tx.queued_photos)
        self._room.tend()

    def keep_readings(self, readings: Sequence[Reading]) -> int:
        """Keep readings for the cloud, each once by `(sensor, quantity, boot, seq)`; how many were new.

        They are numbered in batches by and by. Call it before the transaction that judges them, and
        acknowledge them after both.

        Raises:
            StoreFull: the disk is full.
            StoreError: the store failed; none was kept.

        """
        return self._kept(lambda log: log.keep(readings))

    def keep_samples(self, samples: Sequence[Sample]) -> int:
        """Keep what the node measured itself, in the same series; how many.

        Raises:
            StoreFull: the disk is full.
            StoreError: the store failed; none was kept.

        """
        return self._kept(lambda log: log.keep_samples(samples))

    def _kept(self, keep: Callable[[TelemetryLog], int]) -> int:
        try:
            count = keep(self._readings)
        except StoreFull:
            self._room.squeeze()
            count = keep(self._readings)
        except StoreDamaged:
            # Nothing of the judge's stands in this file: a new one can be begun while the node runs.
            self._readings.book.close()
            self._readings = self._telemetry()
            self._room.recount()
            losses.name_losses(self._directory, self.node, (self._book, self._readings.book), self._files)
            count = keep(self._readings)
        self._room.tend()
        return count

    def states(self, kind: str) -> dict[str, bytes]:
        """All that is kept under `kind`, by key."""
        with self._book.reading() as sql:
            return dict(sql.execute("SELECT key, value FROM state WHERE kind = ?", (kind,)))

    def save_photo(self, jpeg: bytes) -> tuple[str, Path]:
        """Put a photo on the disk for good; returns its SHA-256 and its path.

        Call it before the transaction that queues its `Evidence`, once for each; a photo that is
        never queued is deleted at the next start.

        Raises:
            StoreError: the disk is full or cannot be written.

        """
        sha256 = digest(jpeg)
        with self._book.lock:
            self._unqueued[sha256] += 1
        try:
            try:
                return sha256, self._photos.write(sha256, jpeg)
            except OSError as error:
                if error.errno not in FULL:
                    raise
                self._room.squeeze()
            return sha256, self._photos.write(sha256, jpeg)
        except OSError as error:
            with self._book.lock:
                self._unqueued -= Counter([sha256])
            kind = StoreFull if error.errno in FULL else StoreError
            raise kind(f"a photo of {len(jpeg)} bytes could not be saved: {error.strerror}") from error

    def discard_photo(self, sha256: str) -> None:
        """Give up a saved photo whose transaction failed, unless another message needs it.

        Raises:
            StoreError: the store cannot be asked; the photo goes at the next start.

        """
        with self._book.lock:
            self._unqueued -= Counter([sha256])
            self._release([sha256])

    def photo(self, sha256: str) -> bytes:
        """The bytes of a photo.

        Raises:
            OSError: it is not there or cannot be read.

        """
        return self._photos.path(sha256).read_bytes()

    def batch(
        self,
        series: Series,
        *,
        after: int = 0,
        limit: int = 200,
        limit_bytes: int = 900_000,
        pick: Pick = ANY,
    ) -> list[Event]:
        """The first events of `series` that wait beyond number `after`, at least one if any is picked.

        A row that cannot be read any more (written by another version) becomes a gap, never in the way.
        """
        if series is Series.TELEMETRY:
            self._readings.number_due()
        return self._book_of(series).batch(series, after, limit, limit_bytes, pick)

    def settle(self, sent: Sequence[Event], answer: IngestAnswer) -> Settled:
        """Act on the cloud's answer to what was `sent`: delete what it committed, set aside what it refused.

        Nothing that was not sent moves, whatever the answer names. A photo goes with the last message
        that refers to it. An answer out of another ledger than before has all that is kept sent again first.
        """
        self._know(answer.ledger)
        committed = refused = waiting = 0
        for book in (self._book, self._readings.book):
            own = [event for event in sent if event.series in book.shape.series and event.epoch == book.epoch]
            verdict = judge(own, answer)
            moved, set_aside, photos = book.settle(verdict, self._keep_delivered)
            self._release(photos)
            committed, refused, waiting = (
                committed + moved,
                refused + set_aside,
                waiting + len(verdict.waiting),
            )
        self._ballast.take()
        return Settled(committed, refused, waiting)

    def _know(self, ledger: UUID | None) -> None:
        """Notice that the cloud was restored. A death in between is noticed with the next answer."""
        if ledger is not None and ledger != self._ledger:
            for book in (self._readings.book, self._book):
                book.answered_by(ledger)
            self._ledger = ledger

    def refuse(self, event: Event, code: str, reason: str) -> None:
        """Set one event aside that can never be delivered, with the reason; its neighbours go on.

        A gap counts for it at the cloud, which has no number of it in its books.
        """
        causes: dict[str, Cause] = {"photo_lost": "photo_lost", "unreadable": "unreadable"}
        book = self._book_of(event.series)
        self._release(book.give_up(event.series, event.seq, causes.get(code, "unfit"), code, reason))

    def standing(self) -> tuple[SeriesReport, ...]:
        """How each series stands, for the node's own health report."""
        found = []
        for book in (self._book, self._readings.book):
            with book.reading() as sql:
                found += [outbox.standing(sql, series, book.epoch) for series in book.shape.series]
        return tuple(found)

    def facts(self) -> dict[str, int]:
        """What people should see beside it: messages the cloud refused, and those the node gave up."""
        with self._book.reading() as node, self._readings.book.reading() as telemetry:
            counts = [outbox.set_aside_counts(sql) for sql in (node, telemetry)]
        return {"refused": sum(one for one, _ in counts), "evicted": sum(two for _, two in counts)}

    def figures(self) -> Figures:
        """Count what waits, what went, what was refused and what was given up."""
        with self._book.reading() as node, self._readings.book.reading() as telemetry:
            return read_figures(self._directory, [node, telemetry])

    def _open(self, shape: Shape) -> Book:
        book = Book(
            self._directory,
            shape,
            self.node,
            now=self._now,
            new_id=self._new_id,
            files=self._files,
            ballast=self._ballast,
        )
        book.limit(self._share)
        return book

    def _telemetry(self) -> TelemetryLog:
        return TelemetryLog(self._open(TELEMETRY), self.node, self._new_id, self._now)

    def _book_of(self, series: Series) -> Book:
        return self._readings.book if series is Series.TELEMETRY else self._book

    def _release(self, photos: Iterable[str]) -> None:
        """Delete photos, but for those that a row names or that are about to be queued."""
        with self._book.reading() as sql:
            for sha256 in photos:
                if self._unqueued[sha256] == 0 and not outbox.has_photo(sql, sha256):
                    self._photos.remove(sha256)
