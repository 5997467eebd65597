"""Which readings were already had, in the table `heard`; runs inside a transaction of its caller."""

from __future__ import annotations

import sqlite3

from devices.messages import Reading
from devices.sensors.identity import AGAIN, ARRIVED, TAKEN, digest_of
from edge.keep.window import Window

LATELY = 128
"""Numbers kept of messages that are no counter's; a broker sends at most 100 again."""
BOOTS = 4
"""Runs of one sensor that are remembered: the present one and stragglers of those before."""


def key(reading: Reading) -> str:
    """What counts on its own: one quantity of one sensor."""
    return f"{reading.sensor}.{reading.quantity}"


def mark(sql: sqlite3.Connection, sensor: str, boot: str, seq: int) -> bool:
    """Remember that a reading came; False when it came before (a redelivered message).

    `boot` must change whenever the sensor's counter begins anew. What is remembered is bounded:
    a window of the last numbers, of the last `BOOTS` runs of each sensor. Of messages that carry no counter
    (`devices.sensors.identity`) it is the last `LATELY` numbers themselves.
    """
    if boot in (TAKEN, ARRIVED, AGAIN):
        return _mark_lately(sql, sensor, boot, seq)
    row = sql.execute("SELECT top, seen FROM heard WHERE sensor = ? AND boot = ?", (sensor, boot)).fetchone()
    before = Window(row[0], int.from_bytes(row[1], "big")) if row else None
    if before is not None and before.heard(seq):
        return False
    after = before.with_(seq) if before is not None else Window(seq)
    seen = after.seen.to_bytes((after.seen.bit_length() + 7) // 8, "big")
    sql.execute(
        "INSERT INTO heard VALUES (?1, ?2, ?3, ?4, "
        "(SELECT coalesce(max(turn), 0) + 1 FROM heard WHERE sensor = ?1)) "
        "ON CONFLICT DO UPDATE SET top = excluded.top, seen = excluded.seen",
        (sensor, boot, after.top, seen),
    )
    if before is None:
        sql.execute(
            "DELETE FROM heard WHERE sensor = ?1 AND turn <= "
            "(SELECT max(turn) FROM heard WHERE sensor = ?1) - ?2",
            (sensor, BOOTS),
        )
    return True


def _mark_lately(sql: sqlite3.Connection, sensor: str, boot: str, seq: int) -> bool:
    """The same for a number that is a second and a digest: it was had when it is among the last ones.

    Of one that the broker sends again and that has no time, the second is another each time.
    """
    kept = ARRIVED if boot == AGAIN else boot
    row = sql.execute("SELECT seen FROM heard WHERE sensor = ? AND boot = ?", (sensor, kept)).fetchone()
    seen = row[0] if row else b""
    last = [int.from_bytes(seen[at : at + 8], "big") for at in range(0, len(seen), 8)]
    if seq in last or (boot == AGAIN and digest_of(seq) in map(digest_of, last)):
        return False
    after = seen[-8 * (LATELY - 1) :] + seq.to_bytes(8, "big")
    sql.execute(
        "INSERT INTO heard VALUES (?1, ?2, ?3, ?4, "
        "(SELECT coalesce(max(turn), 0) + 1 FROM heard WHERE sensor = ?1)) "
        "ON CONFLICT DO UPDATE SET top = excluded.top, seen = excluded.seen",
        (sensor, kept, seq, after),
    )
    return True
