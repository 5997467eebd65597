"""The statements on the outbox's rows; each runs inside a transaction of its caller."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pydantic import ValidationError

from devices.losses import MAX_SEQ
from devices.messages import (
    Body,
    Condition,
    ConditionState,
    Event,
    Evidence,
    Gap,
    Series,
    SeriesReport,
    Severity,
)

GAP, LOW, LOW_OVER = "gap", "low", "low_over"
"""Kinds of rows that eviction asks for (`quota`); of evidence, the kind is its `EvidenceKind`."""
MOST_RANGES = 200
"""Of those that wait, in one report: beyond it the last ones are told as one."""
SAMPLES = 1000
"""Refused messages that are kept to be looked at; the counts know of all."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the outbox without its message."""

    series: Series
    seq: int
    at: datetime
    photo: str | None
    kind: str
    condition: str | None
    readings: int


OLDER_IN_BETWEEN = 500
"""Numbers rise with time, but for photos of an empty place and clocks that are set: so many rows that are
older than wanted are passed over before all below are taken to be older, too."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Which of the rows that wait are wanted; None: no matter."""

    since: datetime | None = None
    """Not older than this; those come newest first."""
    before: datetime | None = None
    """Older than this."""
    clips: bool | None = None
    """Of evidence: clips, or what is none."""


ANY = Pick()


def stamp(time: datetime) -> str:
    """A time as UTC text that sorts as the times do."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def next_seq(sql: sqlite3.Connection, series: Series) -> int:
    """Give the next number of `series`."""
    row = sql.execute(
        "UPDATE series SET next = next + 1 WHERE name = ? RETURNING next - 1", (series,)
    ).fetchone()
    return int(row[0])


def append(sql: sqlite3.Connection, event: Event, body: Body, text: str) -> None:
    """Put `event`, whose JSON is `text`, at the end."""
    photo = body.sha256 if isinstance(body, Evidence) else None
    condition = str(body.condition_id) if isinstance(body, Condition | Evidence) else None
    sql.execute(
        "INSERT INTO outbox (series, seq, event_id, at, photo, event, kind, condition) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.series,
            event.seq,
            str(event.id),
            stamp(event.time),
            photo,
            text,
            _kind(body),
            condition,
        ),
    )


def _kind(body: Body) -> str:
    match body:
        case Gap():
            return GAP
        case Evidence():
            return body.kind
        case Condition(severity=Severity.LOW):
            return LOW_OVER if body.state is ConditionState.CLEARED else LOW
        case _:
            return ""


def first_waiting(
    sql: sqlite3.Connection, series: Series, after: int, limit: int, limit_bytes: int, pick: Pick = ANY
) -> tuple[list[Event], list[int]]:
    """The first events beyond number `after`, and the numbers of those that cannot be read any more.

    In the order of `pick`: upwards, or downwards where 0 is "from the top".
    """
    events: list[Event] = []
    unreadable: list[int] = []
    size = 0
    before = stamp(pick.before) if pick.before else None
    since = stamp(pick.since) if pick.since else ""
    rows = sql.execute(
        _DOWNWARDS if pick.since else _UPWARDS,
        (series, after or MAX_SEQ if pick.since else after, before, pick.clips, since),
    )
    older = 0
    for seq, at, text in rows:
        if at < since:
            older += 1
            if older > OLDER_IN_BETWEEN:
                break
            continue
        size += len(text.encode()) + 1
        if events and (size > limit_bytes or len(events) >= limit):
            break
        try:
            events.append(Event.model_validate_json(text))
        except ValidationError:
            unreadable.append(seq)
    rows.close()
    return events, unreadable


_UPWARDS = (
    "SELECT seq, at, iif(at >= ?5, event, NULL) FROM outbox WHERE series = ?1 AND seq > ?2 "
    "AND (?3 IS NULL OR at < ?3) AND (?4 IS NULL OR (kind = 'clip') = ?4) ORDER BY seq"
)
_DOWNWARDS = (
    "SELECT seq, at, iif(at >= ?5, event, NULL) FROM outbox WHERE series = ?1 AND seq < ?2 "
    "AND (?3 IS NULL OR at < ?3) AND (?4 IS NULL OR (kind = 'clip') = ?4) ORDER BY seq DESC"
)
"""Of what is older than wanted the message is not read: telemetry's has up to 192 KiB."""


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


def keep_sample(
    sql: sqlite3.Connection, series: Series, seq: int, *, at: datetime, code: str, reason: str
) -> list[str]:
    """Copy a row that will be set aside to the samples; returns the photos of samples that made room."""
    sql.execute(
        "INSERT INTO refused SELECT series, seq, event_id, at, photo, event, ?, ?, ? FROM outbox "
        "WHERE series = ? AND seq = ?",
        (stamp(at), code[:100], reason[:500], series, seq),
    )
    return drop_samples(sql, keep=SAMPLES)


def drop_samples(sql: sqlite3.Connection, *, keep: int) -> list[str]:
    """Delete all but the latest samples; returns the photos they named."""
    rows = sql.execute(
        "DELETE FROM refused WHERE rowid IN "
        "(SELECT rowid FROM refused ORDER BY refused_at DESC, seq DESC LIMIT -1 OFFSET ?) RETURNING photo",
        (keep,),
    ).fetchall()
    return [photo for (photo,) in rows if photo]


def refused(
    sql: sqlite3.Connection, series: Series, seq: int, *, at: datetime, code: str, reason: str
) -> list[str] | None:
    """Move one row that the cloud refused to the samples and count it; None when it is not there any more.

    Returns the photos that samples of earlier days named.
    """
    photos = keep_sample(sql, series, seq, at=at, code=code, reason=reason)
    gone = sql.execute(
        "DELETE FROM outbox WHERE series = ? AND seq = ? RETURNING seq", (series, seq)
    ).fetchone()
    if gone is None:
        return None
    sql.execute("UPDATE series SET refused = refused + 1 WHERE name = ?", (series,))
    return photos


def take_out(sql: sqlite3.Connection, series: Series, seqs: Iterable[int]) -> list[Row]:
    """Delete rows that will never be sent and count them as evicted; those that are there, by number."""
    found = []
    for seq in sorted(seqs):
        row = sql.execute(
            "DELETE FROM outbox WHERE series = ? AND seq = ? RETURNING at, photo, kind, condition, "
            "iif(json_valid(event), coalesce(json_array_length(event, '$.data.readings'), 0) "
            "+ coalesce(json_array_length(event, '$.data.samples'), 0), 0)",
            (series, seq),
        ).fetchone()
        if row is not None:
            at, photo, kind, condition, readings = row
            found.append(Row(series, seq, datetime.fromisoformat(at), photo, kind, condition, readings))
    sql.execute("UPDATE series SET evicted = evicted + ? WHERE name = ?", (len(found), series))
    return found


def is_gap(sql: sqlite3.Connection, series: Series, seq: int) -> bool:
    """Whether this number waits and is a gap."""
    row = sql.execute("SELECT kind FROM outbox WHERE series = ? AND seq = ?", (series, seq)).fetchone()
    return row is not None and row[0] == GAP


def last_gap(sql: sqlite3.Connection, series: Series) -> tuple[int, str] | None:
    """The latest gap of `series` that waits: its number and its message."""
    row = sql.execute(
        "SELECT seq, event FROM outbox WHERE series = ? AND kind = ? ORDER BY seq DESC LIMIT 1", (series, GAP)
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def standing(sql: sqlite3.Connection, series: Series, epoch: UUID) -> SeriesReport:
    """How `series` stands: its next number, and those that wait."""
    following = sql.execute("SELECT next FROM series WHERE name = ?", (series,)).fetchone()[0]
    rows = sql.execute(
        "SELECT min(seq), max(seq) FROM "
        "(SELECT seq, seq - row_number() OVER (ORDER BY seq) AS island FROM outbox WHERE series = ?) "
        "GROUP BY island ORDER BY 1",
        (series,),
    ).fetchall()
    ranges = [(int(first), int(last)) for first, last in rows]
    if len(ranges) > MOST_RANGES:
        ranges[MOST_RANGES - 1 :] = [(ranges[MOST_RANGES - 1][0], ranges[-1][1])]
    return SeriesReport(series=series, epoch=epoch, next=following, waiting=tuple(ranges))


def set_aside_counts(sql: sqlite3.Connection) -> tuple[int, int]:
    """Over all series of a file: how many messages were refused, and how many given up."""
    row = sql.execute("SELECT sum(refused), sum(evicted) FROM series").fetchone()
    return int(row[0]), int(row[1])


def all_photos(sql: sqlite3.Connection) -> set[str]:
    """The hashes of all photos that some row of `node.db` names."""
    rows = sql.execute(
        "SELECT photo FROM outbox WHERE photo IS NOT NULL "
        "UNION SELECT photo FROM refused WHERE photo IS NOT NULL "
        "UNION SELECT photo FROM delivered WHERE photo IS NOT NULL"
    )
    return {photo for (photo,) in rows}


def has_photo(sql: sqlite3.Connection, sha256: str) -> bool:
    """Whether some row of `node.db` names this photo."""
    row = sql.execute(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE photo = ?1) "
        "OR EXISTS (SELECT 1 FROM refused WHERE photo = ?1) "
        "OR EXISTS (SELECT 1 FROM delivered WHERE photo = ?1)",
        (sha256,),
    ).fetchone()
    return bool(row[0])
