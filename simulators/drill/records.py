"""What nodes and cloud kept, read straight from their databases: own SQL, nothing of the product's code."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

FILES = ("node.db", "telemetry.db")


@dataclass(frozen=True, slots=True)
class Line:
    """One series in a node's present store file."""

    node: str
    epoch: str
    series: str
    next: int
    accepted: int
    refused: int
    evicted: int
    waiting: frozenset[int]


@dataclass(frozen=True, slots=True)
class Booked:
    """The same line at the cloud."""

    node: str
    epoch: str
    series: str
    committed: frozenset[int]
    refused: frozenset[int]
    evicted: frozenset[int]
    received: int
    """Messages kept by id."""
    numbers: int
    """Different numbers among them."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One condition at the cloud. Unix time by the node's clock."""

    id: str
    incident: str
    node: str
    point: str
    event_class: str
    place: str
    since: float
    cleared: float | None


@dataclass(frozen=True, slots=True)
class Incident:
    """One case at the cloud."""

    id: str
    point: str
    event_class: str
    place: str
    open: bool


@dataclass(frozen=True, slots=True)
class CloudRecords:
    """What the cloud's PostgreSQL holds."""

    alarms: tuple[Alarm, ...]
    incidents: tuple[Incident, ...]
    lines: tuple[Booked, ...]
    readings: int
    """Different readings, by sensor, quantity and moment."""


_OVER = ("closed", "evaluated", "rejected", "void", "false_alarm")


def node_lines(node: str, store: Path) -> list[Line]:
    """The ledger of a node, out of its two files. May be asked while the node runs.

    Raises:
        sqlite3.Error: a file cannot be read.
    """
    lines = []
    for name in FILES:
        with closing(sqlite3.connect(f"file:{store / name}?mode=ro", uri=True, timeout=10)) as sql:
            sql.execute("BEGIN")
            (epoch,) = sql.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
            for series, following, accepted, refused, evicted in sql.execute(
                "SELECT name, next, accepted, refused, evicted FROM series"
            ).fetchall():
                waiting = sql.execute("SELECT seq FROM outbox WHERE series = ?", (series,)).fetchall()
                seqs = frozenset(seq for (seq,) in waiting)
                lines.append(Line(node, epoch, series, following, accepted, refused, evicted, seqs))
    return lines


_READINGS = """
    SELECT count(*) FROM sample JOIN trace ON trace.id = sample.trace JOIN device ON device.id = trace.device
    WHERE device.kind = 'sensor' AND trace.quantity NOT IN ('battery', 'signal')
"""


def cloud_records(socket: Path) -> CloudRecords:
    """All that counts in the cloud's database behind that Unix socket.

    Raises:
        asyncpg.PostgresError, OSError: it does not answer.
    """
    return asyncio.run(_cloud_records(socket))


async def _cloud_records(socket: Path) -> CloudRecords:
    database = await asyncpg.connect(host=str(socket), user="gridwatch", database="postgres", timeout=20)
    try:
        async with database.transaction(isolation="repeatable_read", readonly=True):
            return CloudRecords(
                tuple(_alarm(row) for row in await database.fetch("SELECT * FROM alarm")),
                tuple(_incident(row) for row in await database.fetch("SELECT * FROM incident")),
                tuple([await _booked(database, row) for row in await database.fetch("SELECT * FROM ledger")]),
                await database.fetchval(_READINGS),
            )
    finally:
        await database.close()


def _alarm(row: Mapping[str, Any]) -> Alarm:
    cleared: datetime | None = row["cleared_at"]
    return Alarm(
        str(row["id"]), str(row["incident_id"]), row["node"], row["point"], row["event_class"], row["place"],
        row["since"].timestamp(), None if cleared is None else cleared.timestamp(),
    )  # fmt: skip


def _incident(row: Mapping[str, Any]) -> Incident:
    return Incident(str(row["id"]), row["point"], row["event_class"], row["place"], row["state"] not in _OVER)


async def _booked(database: Any, row: Mapping[str, Any]) -> Booked:
    received, numbers = await database.fetchrow(
        "SELECT count(*), count(DISTINCT seq) FROM received WHERE node = $1 AND epoch = $2 AND series = $3",
        row["node"], row["epoch"], row["series"],
    )  # fmt: skip
    return Booked(
        row["node"], str(row["epoch"]), row["series"], _numbers(row["committed"]), _numbers(row["refused"]),
        _numbers(row["evicted"]), received, numbers,
    )  # fmt: skip


def _numbers(ranges: Iterable[Any]) -> frozenset[int]:
    """The numbers in a multirange; one without end stands for what nobody can count and is left out."""
    return frozenset(
        number
        for one in ranges
        if one.upper is not None and one.upper < 2**40
        for number in range(one.lower, one.upper)
    )
