"""The statements on the outbox's rows; each runs inside a transaction of its caller."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import ValidationError

from devices.messages import Event, Series


def stamp(time: datetime) -> str:
    """A time as UTC text that sorts as the times do."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def next_seq(sql: sqlite3.Connection, series: Series) -> int:
    """Give the next number of `series`."""
    row = sql.execute(
        "UPDATE series SET next = next + 1 WHERE name = ? RETURNING next - 1", (series,)
    ).fetchone()
    return int(row[0])


def append(sql: sqlite3.Connection, event: Event, text: str, photo: str | None) -> None:
    """Put `event`, whose JSON is `text`, at the end; `photo` is the hash of the photo it names."""
    sql.execute(
        "INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?)",
        (event.series, event.seq, str(event.id), stamp(event.time), photo, text),
    )


def first_waiting(
    sql: sqlite3.Connection, series: Series, after: int, limit: int, limit_bytes: int
) -> tuple[list[Event], list[int]]:
    """The first events numbered above `after`, and the numbers of those that cannot be read any more."""
    events: list[Event] = []
    unreadable: list[int] = []
    size = 0
    rows = sql.execute(
        "SELECT seq, event FROM outbox WHERE series = ? AND seq > ? ORDER BY seq", (series, after)
    )
    for seq, text in rows:
        size += len(text.encode()) + 1
        if events and (size > limit_bytes or len(events) >= limit):
            break
        try:
            events.append(Event.model_validate_json(text))
        except ValidationError:
            unreadable.append(seq)
    rows.close()
    return events, unreadable


def delivered(sql: sqlite3.Connection, events: Iterable[Event]) -> tuple[int, list[str]]:
    """Delete what the cloud committed; returns how many were still there, and the photos they named."""
    count = 0
    photos: list[str] = []
    for event in events:
        row = sql.execute(
            "DELETE FROM outbox WHERE series = ? AND seq = ? RETURNING photo", (event.series, event.seq)
        ).fetchone()
        if row is not None:
            count += 1
            photos += [row[0]] if row[0] else []
            sql.execute("UPDATE series SET accepted = accepted + 1 WHERE name = ?", (event.series,))
    return count, photos


def set_aside(
    sql: sqlite3.Connection, series: Series, seq: int, *, at: datetime, code: str, reason: str
) -> bool:
    """Move one row to `refused`; False when it is not there any more."""
    row = sql.execute(
        "DELETE FROM outbox WHERE series = ? AND seq = ? RETURNING event_id, at, photo, event", (series, seq)
    ).fetchone()
    if row is None:
        return False
    sql.execute(
        "INSERT INTO refused VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (series, seq, *row, stamp(at), code[:100], reason[:500]),
    )
    return True


def all_photos(sql: sqlite3.Connection) -> set[str]:
    """The hashes of all photos that some row names."""
    rows = sql.execute(
        "SELECT photo FROM outbox WHERE photo IS NOT NULL "
        "UNION SELECT photo FROM refused WHERE photo IS NOT NULL"
    )
    return {photo for (photo,) in rows}


def has_photo(sql: sqlite3.Connection, sha256: str) -> bool:
    """Whether some row names this photo."""
    row = sql.execute(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE photo = ?1) "
        "OR EXISTS (SELECT 1 FROM refused WHERE photo = ?1)",
        (sha256,),
    ).fetchone()
    return bool(row[0])
