"""What can be done inside one transaction of the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from devices.messages import Body, Condition, Event, Evidence, envelope, series_of
from edge.errors import StoreError
from edge.keep import heard, outbox
from edge.keep.opening import explained
from edge.keep.photos import PhotoFolder

LARGEST_EVENT = 256 * 1024
"""Bytes of JSON; a batch may hold 1 MiB, and no honest message comes near this."""


class Relay(Protocol):
    """Hears of each condition in the transaction that queues it, whichever thread decided it."""

    def __call__(self, tx: Transaction, condition: Condition, at: datetime) -> Iterable[Condition]:
        """What is queued in its place."""


class Transaction:
    """Handed out by `NodeStore.transaction`; of no use after its block."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        node: str,
        epoch: UUID,
        new_id: Callable[[], UUID],
        photos: PhotoFolder,
        relay: Relay | None = None,
    ) -> None:
        self._relay = relay
        self._connection = connection
        self._node = node
        self._epoch = epoch
        self._new_id = new_id
        self._photos = photos
        self._open = True
        self.doomed = False
        """A statement failed: the whole transaction is rolled back even if the caller went on."""
        self.queued_photos: list[str] = []

    def close(self) -> None:
        """The block is over."""
        self._open = False

    def put_state(self, kind: str, key: str, state: bytes) -> None:
        """Keep `state` under `(kind, key)`, in place of what stood there."""
        with self._running() as sql:
            sql.execute(
                "INSERT INTO state VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (kind, key, state),
            )

    def delete_state(self, kind: str, key: str) -> None:
        """Forget `(kind, key)`; nothing happens when it is not there."""
        with self._running() as sql:
            sql.execute("DELETE FROM state WHERE kind = ? AND key = ?", (kind, key))

    def state(self, kind: str, key: str) -> bytes | None:
        """What is kept under `(kind, key)`, as this transaction sees it."""
        with self._running() as sql:
            row = sql.execute("SELECT value FROM state WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else bytes(row[0])

    def queue(self, body: Body, at: datetime, *, clock_offset: float = 0.0) -> Event | None:
        """Number `body`, wrap it and put it into the outbox; `at` becomes the event's time.

        Of a condition what the store's relay makes of it; None when that is nothing. An `Evidence` needs its
        photo on the disk first (`NodeStore.save_photo`).

        Raises:
            StoreError: the photo is not there, the message is absurdly large, or the store failed.

        """
        if self._relay is None or not isinstance(body, Condition):
            return self._append(body, at, clock_offset)
        event = None
        for one in self._relay(self, body, at):
            event = self._append(one, at, clock_offset)
        return event

    def _append(self, body: Body, at: datetime, clock_offset: float) -> Event:
        series = series_of(body)
        photo = body.sha256 if isinstance(body, Evidence) else None
        if photo is not None and not self._photos.path(photo).is_file():
            self.doomed = True
            raise StoreError(f"evidence {photo} has no photo on the disk; call save_photo before")
        with self._running() as sql:
            seq = outbox.next_seq(sql, series)
            event = envelope(
                body,
                event_id=self._new_id(),
                node=self._node,
                epoch=self._epoch,
                seq=seq,
                time=at,
                clock_offset=clock_offset,
            )
            text = event.model_dump_json()
            if len(text.encode()) > LARGEST_EVENT:
                self.doomed = True
                raise StoreError(f"{event.type} of {len(text)} characters is larger than any message may be")
            outbox.append(sql, event, body, text)
        if photo is not None:
            self.queued_photos.append(photo)
        return event

    def mark_reading(self, sensor: str, boot: str, seq: int) -> bool:
        """Remember that a reading was judged; False when it was before. See `heard.mark`."""
        with self._running() as sql:
            return heard.mark(sql, sensor, boot, seq)

    @contextmanager
    def _running(self) -> Iterator[sqlite3.Connection]:
        if not self._open:
            raise StoreError("this transaction is over; begin a new one")
        if self.doomed:
            raise StoreError("a step of this transaction failed; all of it is being undone")
        try:
            yield self._connection
        except sqlite3.Error as error:
            self.doomed = True
            raise explained(error) from error
