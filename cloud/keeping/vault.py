"""A folder of backups. Media lie in one pool, each once, since they never change; so a further backup costs
the database and what is new.

    VAULT/media/ab/<sha256>.jpg
    VAULT/20261122T203000Z/database.dump, manifest.json

The manifest is written last: a backup without one was broken off and is none.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from cloud.errors import BackupError

MANIFEST, DUMP, MEDIA = "manifest.json", "database.dump", "media"
_NAME = re.compile(r"\d{8}T\d{6}Z")
_PIECE = 1024 * 1024


class Medium(BaseModel):
    """One photo or clip."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    path: str
    """In the pool, and in the install's own folder of media."""
    sha256: str
    size: int


class Manifest(BaseModel):
    """What a backup is made of."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    made_at: AwareDatetime
    revision: str
    """Of the database's tables."""
    server: str
    """PostgreSQL's version."""
    ledger: str
    dump_sha256: str
    dump_size: int
    incidents: int
    media: tuple[Medium, ...]
    absent: tuple[str, ...]
    """SHA-256 of what the database names and the install did not have: not uploaded yet, or deleted."""


class Vault:
    """The folder."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def begin(self, now: datetime) -> Path:
        """An empty folder for a new backup.

        Raises:
            BackupError: it cannot be made.
        """
        folder = self.directory / f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        try:
            (self.directory / MEDIA).mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise BackupError(f"{folder}: cannot be made: {error.strerror}") from error
        return folder

    def finish(self, folder: Path, manifest: Manifest) -> None:
        """From here on it is a backup."""
        fresh = folder / f".{MANIFEST}"
        with fresh.open("w", encoding="utf-8") as file:
            file.write(manifest.model_dump_json(indent=1))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(folder / MANIFEST)
        sync(folder)
        sync(self.directory)

    def names(self) -> list[str]:
        """The backups, oldest first."""
        found = self.directory.glob(f"*/{MANIFEST}")
        return sorted(path.parent.name for path in found if _NAME.fullmatch(path.parent.name))

    def read(self, name: str | None) -> tuple[Path, Manifest]:
        """A backup by its name; None: the newest.

        Raises:
            BackupError: there is none, or its manifest cannot be read.
        """
        names = self.names()
        if name is None and names:
            name = names[-1]
        if name not in names:
            told = f"has {', '.join(names[-5:])}" if names else "has no backup"
            raise BackupError(f"{self.directory}: {f'no backup {name}, it ' if name else ''}{told}")
        folder = self.directory / name
        try:
            return folder, Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        except (OSError, ValidationError) as error:
            raise BackupError(f"{folder / MANIFEST}: cannot be read ({type(error).__name__})") from error

    def keep(self, medium: Medium, source: Path) -> None:
        """Copy a medium into the pool, unless it is there.

        Raises:
            FileNotFoundError: it is gone from the install.
            BackupError: it is not what its name says, or the pool cannot be written.
        """
        target = self.directory / MEDIA / medium.path
        if target.exists() and target.stat().st_size == medium.size:
            return
        copy(source, target, medium)

    def prune(self, keep: int) -> list[str]:
        """Delete all but the newest `keep` backups, then what no backup names; the names that went."""
        gone = self.names()[:-keep]
        for name in gone:
            (self.directory / name / MANIFEST).unlink()
            shutil.rmtree(self.directory / name)
        if gone:
            named = {one.path for name in self.names() for one in self.read(name)[1].media}
            for path in list(self.pool()):
                if str(path.relative_to(self.directory / MEDIA)) not in named:
                    path.unlink()
        return gone

    def pool(self) -> Iterator[Path]:
        """Every medium there is."""
        return (path for path in (self.directory / MEDIA).glob("*/*") if path.is_file())


def copy(source: Path, target: Path, medium: Medium) -> None:
    """Copy a medium so that it survives a power cut, looking at its bytes on the way.

    Raises:
        FileNotFoundError: the source is not there.
        BackupError: it is not what its name says, or the target cannot be written.
    """
    digest = hashlib.sha256()
    with source.open("rb") as reading:
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = target.with_name(f".{target.name}.{uuid4().hex}")
            with fresh.open("wb") as writing:
                while piece := reading.read(_PIECE):
                    digest.update(piece)
                    writing.write(piece)
                writing.flush()
                os.fsync(writing.fileno())
            if digest.hexdigest() != medium.sha256:
                fresh.unlink()
                raise BackupError(f"{source}: is damaged, its content is not that of its name")
            fresh.rename(target)
            sync(target.parent)
        except OSError as error:
            raise BackupError(f"{target}: cannot be written: {error.strerror}") from error


def hash_of(file: Path) -> str:
    """The SHA-256 of a file."""
    with file.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()


def sync(directory: Path) -> None:
    """Make the directory's entries durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
