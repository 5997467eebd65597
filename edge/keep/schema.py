"""The node's database file: its tables, how it is opened, and what becomes of a damaged one."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

from devices.messages import Series
from edge.errors import StoreError, StoreForeign, StoreFull
from edge.keep.photos import FOLDER as PHOTO_FOLDER
from edge.keep.photos import sync_folder

log = logging.getLogger(__name__)

DATABASE = "node.db"

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE series (
        name TEXT PRIMARY KEY,
        next INTEGER NOT NULL DEFAULT 1 CHECK (next >= 1),
        accepted INTEGER NOT NULL DEFAULT 0 CHECK (accepted >= 0)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE outbox (
        series TEXT NOT NULL REFERENCES series (name),
        seq INTEGER NOT NULL CHECK (seq >= 1),
        event_id TEXT NOT NULL UNIQUE,
        at TEXT NOT NULL,
        photo TEXT,
        event TEXT NOT NULL,
        PRIMARY KEY (series, seq)
    ) STRICT;
    CREATE INDEX outbox_photo ON outbox (photo) WHERE photo IS NOT NULL;

    CREATE TABLE refused (
        series TEXT NOT NULL REFERENCES series (name),
        seq INTEGER NOT NULL CHECK (seq >= 1),
        event_id TEXT NOT NULL UNIQUE,
        at TEXT NOT NULL,
        photo TEXT,
        event TEXT NOT NULL,
        refused_at TEXT NOT NULL,
        code TEXT NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (series, seq)
    ) STRICT;
    CREATE INDEX refused_photo ON refused (photo) WHERE photo IS NOT NULL;

    CREATE TABLE state (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (kind, key)
    ) STRICT;

    CREATE TABLE heard (
        sensor TEXT NOT NULL,
        boot TEXT NOT NULL,
        top INTEGER NOT NULL,
        seen BLOB NOT NULL,
        turn INTEGER NOT NULL,
        PRIMARY KEY (sensor, boot)
    ) STRICT, WITHOUT ROWID;
    """,
)
"""Each brings `user_version` up by one; one that was released is never changed."""

_DAMAGE = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}


class Damaged(StoreError):
    """The file is no sound database of ours; `open_database` sets it aside and makes a new one."""


def open_database(
    directory: Path, node: str, now: datetime, new_epoch: UUID
) -> tuple[sqlite3.Connection, Path | None]:
    """Open `directory/node.db`, made or migrated where needed; a damaged one is set aside first.

    `new_epoch` names the file if it has to be made. Returns the connection and, where a damaged
    file was found, the folder it was moved to.

    Raises:
        StoreForeign: the file is another node's or newer than this program.
        StoreError: it cannot be opened for another reason (rights, disk).

    """
    path = directory / DATABASE
    try:
        return _open(path, node, now, new_epoch), None
    except Damaged as damage:
        aside = _set_aside(directory, now)
        log.error("%s is damaged (%s); it was moved to %s and a new one is begun", path, damage, aside)
    try:
        return _open(path, node, now, new_epoch), aside
    except Damaged as damage:
        raise StoreError(f"{path}: a newly made database is damaged ({damage}); check the disk") from damage


def _open(path: Path, node: str, now: datetime, new_epoch: UUID) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        _configure(connection)
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise Damaged(found)
        _migrate(connection, path, node, now, new_epoch)
        sync_folder(path.parent)
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        if is_damage(error):
            raise Damaged(str(error)) from error
        raise StoreError(f"{path}: cannot be opened: {error}") from error
    except StoreError:
        if connection is not None:
            connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection) -> None:
    """WAL with FULL: a committed transaction survives kill -9 and loss of power."""
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "busy_timeout = 5000",
        "wal_autocheckpoint = 500",  # pages of 4 KiB: the log stays near 2 MiB
        "journal_size_limit = 4194304",
    ):
        connection.execute(f"PRAGMA {pragma}")
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if mode != "wal":
        raise StoreError(f"the file system does not allow SQLite's write-ahead log (mode is {mode})")


def _migrate(connection: sqlite3.Connection, path: Path, node: str, now: datetime, new_epoch: UUID) -> None:
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StoreForeign(
            f"{path}: made by a newer gridwatch (schema {version}, this one knows {len(MIGRATIONS)}); "
            "install that version or name another state directory"
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in script.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    if version == 0:
        facts = {"node": node, "epoch": str(new_epoch), "made_at": now.isoformat()}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
    connection.executemany("INSERT OR IGNORE INTO series (name) VALUES (?)", [(name,) for name in Series])
    connection.execute("COMMIT")
    read_meta(connection, "epoch")
    owner = read_meta(connection, "node")
    if owner != node:
        raise StoreForeign(f"{path}: belongs to node {owner!r}, not to {node!r}; name another directory")


def read_meta(connection: sqlite3.Connection, key: str) -> str:
    """One fact about the file: `node`, `epoch` or `made_at`."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise Damaged(f"meta has no {key}")
    return str(row[0])


def _set_aside(directory: Path, now: datetime) -> Path:
    """Move the damaged store away, the database last: a crash in between is found again at the next start."""
    aside = directory / "damaged" / now.strftime("%Y%m%dT%H%M%S.%fZ")
    aside.mkdir(parents=True)
    for name in (PHOTO_FOLDER, f"{DATABASE}-shm", f"{DATABASE}-wal", DATABASE):
        if (directory / name).exists():
            (directory / name).rename(aside / name)
            sync_folder(directory)
    return aside


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, not the disk full or the access denied."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return name in _DAMAGE or name.startswith("SQLITE_CORRUPT_")


def explained(error: sqlite3.Error) -> StoreError:
    """SQLite's error as ours."""
    if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
        return StoreFull("the disk of the state directory is full; free some space")
    if is_damage(error):
        return StoreError(f"the store is damaged ({error}); a restart sets it aside and begins a new one")
    return StoreError(f"the store did not do as asked: {error}")


@contextmanager
def explaining() -> Iterator[None]:
    """Turn SQLite's errors inside the block into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise explained(error) from error


def open_reading(directory: Path) -> closing[sqlite3.Connection]:
    """A read-only connection to the store of a node that may be running.

    Raises:
        StoreError: there is no store, or it cannot be read.

    """
    path = directory / DATABASE
    if not path.is_file():
        raise StoreError(f"{path}: there is no node's store here")
    with explaining():
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        connection.execute("PRAGMA busy_timeout = 5000")
    return closing(connection)
