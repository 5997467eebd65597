"""Which readings were already had, in the table `heard`; runs inside a transaction of its caller."""

from __future__ import annotations

import sqlite3

from devices.messages import Reading
from edge.keep.window import Window

BOOTS = 4
"""Runs of one sensor that are remembered: the present one and stragglers of those before."""


def key(reading: Reading) -> str:
    """What counts on its own: one quantity of one sensor."""
    return f"{reading.sensor}.{reading.quantity}"


def mark(sql: sqlite3.Connection, sensor: str, boot: str, seq: int) -> bool:
    """Remember that a reading came; False when it came before (a redelivered message).

    `boot` must change whenever the sensor's counter begins anew. What is remembered is bounded:
    a window of the last numbers, of the last `BOOTS` runs of each sensor.
    """
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
