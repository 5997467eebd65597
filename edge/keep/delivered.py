"""What the cloud took, kept some days: a cloud that is restored from a backup does not know of it any more.

Which ledger an answer comes from is in the answer (`IngestAnswer.ledger`); a restored cloud names another
one. Then all that is kept goes back into the outbox under its own numbers, and a gap names what is not there
any more. The cloud passes over what it does have, so nothing is doubled.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from uuid import UUID

from devices.losses import Range, joined
from devices.messages import Series
from edge.keep import outbox

KEEP = timedelta(days=7)
"""A cloud is backed up daily, and a weekend may pass before it is restored."""
AT_ONCE = 100
"""Rows that are dropped for their age, or for room, in one transaction."""
_COLUMNS = "series, seq, event_id, at, photo, event, kind, condition"


def keep(sql: sqlite3.Connection, series: Series, seq: int, at: datetime) -> None:
    """Copy a row of the outbox that the cloud committed at `at`."""
    sql.execute(
        f"INSERT INTO delivered ({_COLUMNS}, delivered_at) "  # noqa: S608 (constants above)
        f"SELECT {_COLUMNS}, ? FROM outbox WHERE series = ? AND seq = ?",
        (outbox.stamp(at), series, seq),
    )


def drop(sql: sqlite3.Connection, before: datetime | None = None) -> tuple[int, list[str]]:
    """Forget the oldest, those taken before `before` or any; how many, and the photos they named."""
    rows = sql.execute(
        "DELETE FROM delivered WHERE rowid IN (SELECT rowid FROM delivered "
        "WHERE ?1 IS NULL OR delivered_at < ?1 ORDER BY delivered_at LIMIT ?2) RETURNING photo",
        (outbox.stamp(before) if before else None, AT_ONCE),
    ).fetchall()
    return len(rows), [photo for (photo,) in rows if photo]


def bring_back(sql: sqlite3.Connection) -> int:
    """Have all that is kept sent again; how many."""
    sql.execute(
        "UPDATE series SET accepted = accepted - (SELECT count(*) FROM delivered WHERE series = series.name)"
    )
    sql.execute(f"INSERT INTO outbox ({_COLUMNS}) SELECT {_COLUMNS} FROM delivered")  # noqa: S608 (as above)
    return sql.execute("DELETE FROM delivered").rowcount


def not_kept(sql: sqlite3.Connection, series: Series) -> tuple[Range, ...]:
    """The numbers of `series` that were given and of which there is no message any more."""
    following = int(sql.execute("SELECT next FROM series WHERE name = ?", (series,)).fetchone()[0])
    found: list[Range] = []
    begin = 1
    for (seq,) in sql.execute("SELECT seq FROM outbox WHERE series = ? ORDER BY seq", (series,)):
        if seq > begin:
            found.append((begin, seq - 1))
        begin = seq + 1
    if following > begin:
        found.append((begin, following - 1))
    return joined(found)


def ledger(sql: sqlite3.Connection) -> UUID | None:
    """The cloud's ledger that answered last; None: none has yet."""
    row = sql.execute("SELECT value FROM meta WHERE key = 'ledger'").fetchone()
    return UUID(row[0]) if row else None


def set_ledger(sql: sqlite3.Connection, name: UUID) -> None:
    """Remember which ledger answers."""
    sql.execute("INSERT OR REPLACE INTO meta VALUES ('ledger', ?)", (str(name),))
