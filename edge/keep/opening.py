"""How a database file is opened, and what becomes of a damaged one."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

from edge.errors import StoreDamaged, StoreError, StoreForeign, StoreFull
from edge.keep.ballast import FILE as BALLAST_FILE
from edge.keep.epochs import FILE as EPOCHS_FILE
from edge.keep.files import Files
from edge.keep.lock import FILE as LOCK_FILE
from edge.keep.photos import FOLDER as PHOTO_FOLDER
from edge.keep.schema import NODE, Shape
from edge.keep.wal import lost_commits

log = logging.getLogger(__name__)

DAMAGED = "damaged"
"""The folder of what was set aside."""
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def open_database(
    directory: Path, shape: Shape, node: str, now: datetime, new_epoch: UUID, files: Files
) -> tuple[sqlite3.Connection, Path | None]:
    """Open `directory/<shape.file>`, made or migrated where needed; a damaged one is set aside first.

    `new_epoch` names the file if it has to be made. Returns the connection and, where a damaged
    file was found, the folder it was moved to.

    Raises:
        StoreForeign: the file is another node's or newer than this program.
        StoreFull: the disk is full.
        StoreError: it cannot be opened for another reason (rights, disk).

    """
    path = directory / shape.file
    try:
        _look_at(path)
        return _open(path, shape, node, now, new_epoch, files), None
    except StoreDamaged as damage:
        aside = set_aside(directory, shape, now, files)
        log.error("%s is damaged (%s); it was moved to %s and a new one is begun", path, damage, aside)
    try:
        return _open(path, shape, node, now, new_epoch, files), aside
    except StoreDamaged as damage:
        raise StoreError(f"{path}: a newly made database is damaged ({damage}); check the disk") from damage


def _look_at(path: Path) -> None:
    """What SQLite would take for a new database, or for a shorter log, without a word."""
    if _mark(path).exists():
        raise StoreDamaged("the node found it damaged while it ran")
    if not path.exists() and not path.is_symlink():
        return
    if not path.is_file():
        raise StoreDamaged("it is not a file")
    if path.stat().st_size == 0:
        raise StoreDamaged("it is empty")
    log_file = path.with_name(f"{path.name}-wal")
    if log_file.is_file() and lost_commits(log_file.read_bytes()):
        raise StoreDamaged("its log is damaged and committed work after that place is lost")


def _open(
    path: Path, shape: Shape, node: str, now: datetime, new_epoch: UUID, files: Files
) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        with explaining(path):
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            _configure(connection)
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise StoreDamaged(found)
            _migrate(connection, path, shape, node, now, new_epoch)
            _let_shrink(connection)
            files.sync_folder(path.parent)
    except BaseException:
        if connection is not None:
            connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection) -> None:
    """WAL with FULL: a committed transaction survives kill -9 and loss of power."""
    if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # evicted pages can go back to the disk
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


def _migrate(
    connection: sqlite3.Connection, path: Path, shape: Shape, node: str, now: datetime, new_epoch: UUID
) -> None:
    known = len(shape.migrations)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > known:
        raise StoreForeign(
            f"{path}: made by a newer gridwatch (schema {version}, this one knows {known}); "
            "install that version or name another state directory"
        )
    if version < known:
        connection.execute("BEGIN IMMEDIATE")
        for script in shape.migrations[version:]:
            for statement in script.split(";"):
                connection.execute(statement)
        if version == 0:
            facts = {"node": node, "epoch": str(new_epoch), "made_at": now.isoformat()}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
        names = [(name,) for name in shape.series]
        connection.executemany("INSERT OR IGNORE INTO series (name) VALUES (?)", names)
        connection.execute(f"PRAGMA user_version = {known}")
        connection.execute("COMMIT")
    read_meta(connection, "epoch")
    owner = read_meta(connection, "node")
    if owner != node:
        raise StoreForeign(f"{path}: belongs to node {owner!r}, not to {node!r}; name another directory")


def _let_shrink(connection: sqlite3.Connection) -> None:
    """A file of an earlier version cannot give pages back; it is made anew, once."""
    if connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")


def read_meta(connection: sqlite3.Connection, key: str) -> str:
    """One fact about the file: `node`, `epoch` or `made_at`."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise StoreDamaged(f"meta has no {key}")
    return str(row[0])


def set_aside(directory: Path, shape: Shape, now: datetime, files: Files) -> Path:
    """Move a damaged file away, and the photos with the database that names them.

    The database goes last and its mark after it: a crash in between is found again at the next start.
    """
    aside = directory / DAMAGED / f"{now.strftime('%Y%m%dT%H%M%S.%fZ')}-{shape.file}"
    files.make_folder(aside)
    names = [f"{shape.file}-shm", f"{shape.file}-wal", shape.file, _mark(Path(shape.file)).name]
    for name in ([PHOTO_FOLDER] if shape is NODE else []) + names:
        if (directory / name).exists() or (directory / name).is_symlink():
            files.rename(directory / name, aside / name)
            files.sync_folder(directory)
    return aside


def clear_the_way(directory: Path, now: datetime, files: Files) -> None:
    """Move aside what is no file where a file belongs, or no folder where a folder does."""
    for name, right in (
        (DAMAGED, Path.is_dir),
        (PHOTO_FOLDER, Path.is_dir),
        (LOCK_FILE, Path.is_file),
        (BALLAST_FILE, Path.is_file),
        (EPOCHS_FILE, Path.is_file),
    ):
        path = directory / name
        if path.exists() and not right(path):
            aside = directory / f"{name}.{now.strftime('%Y%m%dT%H%M%S.%fZ')}"
            files.rename(path, aside)
            log.error("%s is not what it should be; it was renamed to %s", path, aside.name)


def mark_damaged(path: Path, files: Files) -> None:
    """Remember over a restart that a running node found this database damaged."""
    try:
        files.write(_mark(path), b"")
        files.sync_folder(path.parent)
    except OSError as error:  # it is there already, or the disk is full; the next start looks for itself
        log.warning("%s: cannot be made: %s", _mark(path), error.strerror)


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.damaged")


def explained(error: sqlite3.Error) -> StoreError:
    """SQLite's error as ours."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name == "SQLITE_FULL":
        return StoreFull("the disk of the state directory, or the node's share of it, is full")
    if name.startswith(_DAMAGE):
        return StoreDamaged(f"the store is damaged ({error}); a restart sets it aside and begins a new one")
    return StoreError(f"the store did not do as asked: {error}")


@contextmanager
def explaining(path: Path | None = None) -> Iterator[None]:
    """Turn SQLite's errors inside the block into ours."""
    try:
        yield
    except sqlite3.Error as error:
        told = explained(error)
        raise type(told)(f"{path}: {error}" if path else str(told)) from error


def open_reading(directory: Path, shape: Shape) -> closing[sqlite3.Connection]:
    """A read-only connection to the store of a node that may be running.

    Raises:
        StoreError: there is no store, or it cannot be read.

    """
    path = directory / shape.file
    if not path.is_file():
        raise StoreError(f"{path}: there is no node's store here")
    with explaining():
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        connection.execute("PRAGMA busy_timeout = 5000")
    return closing(connection)
