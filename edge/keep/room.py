"""Keeps the store within its share of the disk, and finds room where the disk is full."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from devices.messages import Series
from edge.errors import StoreError
from edge.keep import delivered, outbox
from edge.keep.ballast import Ballast
from edge.keep.book import Book
from edge.keep.opening import DAMAGED
from edge.keep.photos import PhotoFolder
from edge.keep.quota import SERIES, Step, candidates, to_free
from edge.keep.stills import Stills

log = logging.getLogger(__name__)

ROUNDS = 10
"""Batches evicted after one write at most: the writer goes on, the next write goes on evicting."""
PAGES = 5000
"""Given back after a batch at most: 20 MiB."""


class Room:
    """See the module; safe to use from several threads, outside of any transaction."""

    def __init__(
        self,
        directory: Path,
        share: int,
        book_of: Callable[[Series], Book],
        photos: PhotoFolder,
        stills: Stills,
        ballast: Ballast,
        release: Callable[[Iterable[str]], None],
    ) -> None:
        """`share` in bytes; `release` deletes photos that no row names any more."""
        self._aside = directory / DAMAGED
        self._share = share
        self._book_of = book_of
        self._photos = photos
        self._stills = stills
        self._ballast = ballast
        self._release = release
        self._working = threading.Lock()
        self._told: set[Step] = set()
        self._aside_bytes = _bytes(self._aside)

    def used(self) -> int:
        """Bytes of all that counts: databases, photos, clips, stills, damaged stores, the room kept back."""
        size = sum(book.size for book in self._books())
        return size + self._photos.used + self._stills.used + self._aside_bytes + self._ballast.held

    def recount(self) -> None:
        """A damaged file was set aside while the node runs."""
        self._aside_bytes = _bytes(self._aside)

    def tend(self) -> None:
        """Evict while more is used than the share; never raises, never waits for another who does it."""
        if to_free(self.used(), self._share) == 0 or not self._working.acquire(blocking=False):
            return
        try:
            goal = self.used() - to_free(self.used(), self._share)
            self._give_back()
            for _ in range(ROUNDS):
                before = self.used()
                if before <= goal or not self._evict_once() or self.used() >= before:
                    return
        except (StoreError, OSError) as error:
            log.warning("no room could be made: %s", error)
        finally:
            self._working.release()

    def squeeze(self) -> None:
        """The disk is full: let a batch go with the room kept back, and give its pages back; never raises."""
        with self._working:
            try:
                self._ballast.drop()
                self._evict_once()
                self._give_back()
            except (StoreError, OSError) as error:
                log.warning("the disk is full and no room could be made: %s", error)
            self._ballast.take()

    def _evict_once(self) -> bool:
        """One batch of the first step that has something to give; False when nothing may go any more."""
        for step in Step:
            if self._evict(step):
                if step not in self._told:
                    self._told.add(step)
                    log.warning("the node's share of the disk is used up; what gives way: %s", step)
                return True
        return False

    def _evict(self, step: Step) -> bool:
        if step is Step.STILLS:
            return self._stills.drop() > 0
        if step is Step.DELIVERED:
            return self._drop_delivered()
        if step is Step.ASIDE:
            return self._drop_aside()
        if step is Step.SAMPLES:
            return any(self._drop_samples(series) for series in (Series.ALARM, Series.TELEMETRY))
        book = self._book_of(SERIES[step])
        with book.reading() as sql:
            seqs = candidates(sql, step)
        count, photos = book.evict(SERIES[step], seqs) if seqs else (0, [])
        self._release(photos)
        if count:
            book.give_back(PAGES)
        return count > 0

    def _drop_delivered(self) -> bool:
        book = self._book_of(Series.ALARM)
        count, photos = book.emptying(delivered.drop)
        self._release(photos)
        if count:
            book.give_back(PAGES)
        return count > 0

    def _drop_aside(self) -> bool:
        """The oldest, folders of one moment by their names; the latest stays to be looked at."""
        found = sorted(self._aside.glob("*"))[:-1]
        if not found:
            return False
        shutil.rmtree(found[0])
        self.recount()
        return True

    def _drop_samples(self, series: Series) -> bool:
        book = self._book_of(series)
        with book.reading() as sql:
            count = sql.execute("SELECT count(*) FROM refused").fetchone()[0]
        if not count:
            return False
        self._release(book.emptying(lambda sql: outbox.drop_samples(sql, keep=0)))
        book.give_back(PAGES)
        return True

    def _give_back(self) -> None:
        for book in self._books():
            book.give_back(PAGES)

    def _books(self) -> tuple[Book, Book]:
        return self._book_of(Series.ALARM), self._book_of(Series.TELEMETRY)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
