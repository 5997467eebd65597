"""The store's invariants, checked one by one on a read-only connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from devices.errors import MessageError
from devices.messages import Event, Evidence
from edge.keep.opening import read_meta
from edge.keep.photos import PhotoFolder, digest
from edge.keep.schema import Shape


@dataclass(frozen=True, slots=True)
class Refused:
    """One message that was set aside."""

    series: str
    seq: int
    refused_at: str
    code: str
    reason: str


def audit(connection: sqlite3.Connection, shape: Shape, directory: Path) -> list[str]:
    """Every broken invariant of one database as a sentence; the node may be writing meanwhile."""
    faults: list[str] = []
    photos: list[str] = []
    try:
        connection.execute("BEGIN")  # one moment of the store, whatever the node does
        try:
            faults += _file(connection, shape)
            if not faults:
                faults += _numbers(connection)
                faults += _messages(connection)
                photos = _waiting_photos(connection)
        finally:
            connection.execute("ROLLBACK")
        for sha256 in photos:
            fault = _photo(directory, sha256)
            # the running node may have delivered and deleted it while we looked
            if fault is not None and sha256 in _waiting_photos(connection):
                faults.append(fault)
    except sqlite3.Error as error:
        faults.append(f"the database cannot be read: {error}")
    return [f"{shape.file}: {fault}" for fault in faults]


def read_refused(connection: sqlite3.Connection, limit: int) -> list[Refused]:
    """The latest messages that were set aside."""
    rows = connection.execute(
        "SELECT series, seq, refused_at, code, reason FROM refused "
        "ORDER BY refused_at DESC, series, seq DESC LIMIT ?",
        (limit,),
    )
    return [Refused(*row) for row in rows]


def _file(connection: sqlite3.Connection, shape: Shape) -> Iterator[str]:
    for (line,) in connection.execute("PRAGMA quick_check(5)"):
        if line != "ok":
            yield f"the database is damaged: {line}"
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != len(shape.migrations):
        yield f"schema {version}, this gridwatch knows {len(shape.migrations)}"


def _numbers(connection: sqlite3.Connection) -> Iterator[str]:
    """Every number ever given is in exactly one place."""
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"{table} row {row} names a {parent} that is not there"
    rows = connection.execute(
        "SELECT name, next, accepted, refused, evicted, "
        "(SELECT count(*) FROM outbox WHERE series = name), "
        "(SELECT count(*) FROM refused WHERE series = name), "
        "(SELECT coalesce(max(seq), 0) FROM (SELECT seq FROM outbox WHERE series = name UNION ALL "
        "SELECT seq FROM refused WHERE series = name)), "
        "(SELECT count(*) FROM outbox JOIN refused USING (series, seq) WHERE series = name) FROM series"
    )
    for name, following, accepted, refused, evicted, queued, samples, highest, double in rows:
        if following - 1 != accepted + refused + evicted + queued:
            yield (
                f"{name}: {following - 1} were numbered, but {accepted} accepted, {refused} refused, "
                f"{evicted} evicted and {queued} waiting make {accepted + refused + evicted + queued}"
            )
        if highest >= following:
            yield f"{name}: number {highest} is in use, but {following} is to be given next"
        if double:
            yield f"{name}: {double} numbers are both waiting and refused"
        if samples > refused + evicted:
            yield f"{name}: {samples} messages were set aside, but only {refused + evicted} are counted"


def _messages(connection: sqlite3.Connection) -> Iterator[str]:
    """Every waiting message is readable and is what its row says."""
    node, epoch = read_meta(connection, "node"), read_meta(connection, "epoch")
    for series, seq, event_id, photo, text in connection.execute(
        "SELECT series, seq, event_id, photo, event FROM outbox ORDER BY series, seq"
    ):
        try:
            event = Event.model_validate_json(text)
            body = event.body()
        except (ValidationError, MessageError):
            yield f"{series} {seq}: the message cannot be read"
            continue
        said = (event.series, event.seq, str(event.id), event.node, str(event.epoch))
        if said != (series, seq, event_id, node, epoch):
            yield f"{series} {seq}: the message says it is {said}"
        if photo != (body.sha256 if isinstance(body, Evidence) else None):
            yield f"{series} {seq}: the row names another photo than its message"


def _waiting_photos(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT DISTINCT photo FROM outbox WHERE photo IS NOT NULL")]


def _photo(directory: Path, sha256: str) -> str | None:
    """What is wrong with the file of a photo."""
    try:
        if digest(PhotoFolder(directory).path(sha256).read_bytes()) == sha256:
            return None
    except OSError as error:
        return f"photo {sha256}: cannot be read: {error.strerror}"
    return f"photo {sha256}: the file is not what its name says"
