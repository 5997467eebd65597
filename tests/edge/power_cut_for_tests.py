"""A disk that can lose its power: what was asked of it is written down, and replayed with losses.

The store under test runs on SQLite through `apsw`, whose virtual file system tells each write and sync;
`TracedFiles` and `Flushes` tell those of its photos. `Trace.after_power_cut` gives the files that are left
when the power goes after some operation: what was synced is there; of what was not, anything from nothing
to all, in any order, and a write may be torn at its 512-byte sectors. Names (made, renamed, deleted) that
were not synced are kept up to some moment, as journalling file systems do.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import apsw

from edge.keep.files import Files

SECTOR = 512


@dataclass(frozen=True)
class Write:
    """Bytes of one file; None: it is cut to `at` bytes."""

    file: int
    at: int
    data: bytes | None


@dataclass(frozen=True)
class Name:
    """A name begins to stand for a file, or no longer stands for anything."""

    path: Path
    file: int | None


@dataclass(frozen=True)
class Sync:
    """All of a file so far, or all names of a folder so far."""

    file: int | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class Promise:
    """From here on this holds."""

    what: Any


@dataclass
class Trace:
    """What was asked of the disk."""

    steps: list[Write | Name | Sync | Promise] = field(default_factory=list)
    names: dict[Path, int] = field(default_factory=dict)
    files: int = 0

    def made(self, path: Path) -> int:
        """A file is there under this name; its number."""
        if path not in self.names:
            self.files += 1
            self.names[path] = self.files
            self.steps.append(Name(path, self.files))
        return self.names[path]

    def gone(self, path: Path) -> None:
        """A name was deleted."""
        if self.names.pop(path, None) is not None:
            self.steps.append(Name(path, None))

    def renamed(self, old: Path, new: Path) -> None:
        """One journal entry: the file has the other name."""
        file = self.names.pop(old)
        self.names[new] = file
        self.steps += [Name(new, file), Name(old, None)]

    def promise(self, what: object) -> None:
        """Say what must be found from here on."""
        self.steps.append(Promise(what))

    def after_power_cut(self, at: int, dice: random.Random) -> tuple[dict[Path, bytes], Any]:
        """The files after `steps[:at]` and a loss of power, and the last promise given until then."""
        done = self.steps[:at]
        keep = dice.choice((0.0, 0.5, 0.5, 1.0))
        contents = self._contents(done, keep, dice)
        promises = [step.what for step in done if isinstance(step, Promise)]
        names = _names(done, dice)
        return {path: contents.get(file, b"") for path, file in names.items()}, promises[-1:]

    def _contents(
        self, done: Sequence[Write | Name | Sync | Promise], keep: float, dice: random.Random
    ) -> dict[int, bytes]:
        synced: dict[int, int] = {}
        for number, step in enumerate(done):
            if isinstance(step, Sync) and step.file is not None:
                synced[step.file] = number
        contents: dict[int, bytearray] = {}
        for number, step in enumerate(done):
            if not isinstance(step, Write):
                continue
            content = contents.setdefault(step.file, bytearray())
            safe = number < synced.get(step.file, -1)
            if step.data is None:
                if safe or dice.random() < keep:
                    del content[step.at :]
                continue
            for start in range(0, len(step.data), SECTOR):
                if safe or dice.random() < keep:
                    _put(content, step.at + start, step.data[start : start + SECTOR])
        return {file: bytes(content) for file, content in contents.items()}


def _put(content: bytearray, at: int, data: bytes) -> None:
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(data)] = data


def _names(done: Sequence[Write | Name | Sync | Promise], dice: random.Random) -> dict[Path, int]:
    synced: dict[Path, int] = {}
    for number, step in enumerate(done):
        if isinstance(step, Sync) and step.folder is not None:
            synced[step.folder] = number
    until = dice.choice((0, len(done), dice.randrange(len(done) + 1)))
    names: dict[Path, int] = {}
    for number, step in enumerate(done):
        if isinstance(step, Name) and (number < synced.get(step.path.parent, -1) or number < until):
            names.pop(step.path, None)
            if step.file is not None:
                names[step.path] = step.file
    return names


class TracedFiles(Files):
    """The real disk, watched."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def write(self, path: Path, data: bytes) -> None:
        self._trace.steps.append(Write(self._trace.made(path), 0, data))
        super().write(path, data)

    def rename(self, old: Path, new: Path) -> None:
        super().rename(old, new)
        self._trace.renamed(old, new)

    def remove(self, path: Path) -> None:
        super().remove(path)
        self._trace.gone(path)


class Flushes:
    """In place of `os.fsync`: the real one, watched, for files and folders alike."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._real = os.fsync

    def __call__(self, descriptor: int) -> None:
        self._real(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            self._trace.steps.append(Sync(folder=path))
        else:
            self._trace.steps.append(Sync(file=self._trace.made(path)))


class _File(apsw.VFSFile):
    def __init__(self, name: apsw.URIFilename | str | None, flags: list[int], trace: Trace) -> None:
        self._trace = trace
        super().__init__("", name, flags)
        told = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._path = Path(told or "")
        self._named = bool(told)
        if self._named:
            self._file = trace.made(self._path)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        if self._named:
            self._trace.steps.append(Write(self._file, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        super().xTruncate(size)
        if self._named:
            self._trace.steps.append(Write(self._file, size, None))

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        if self._named:
            self._trace.steps.append(Sync(file=self._file))
            if self._path.name.endswith("-wal"):  # SQLite syncs the folder with a new log
                self._trace.steps.append(Sync(folder=self._path.parent))


class TracedDisk(apsw.VFS):
    """SQLite's way to the disk, watched."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        super().__init__("traced", "")

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _File(name, flags, self._trace)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._trace.gone(Path(filename))
        if syncdir:
            self._trace.steps.append(Sync(folder=Path(filename).parent))


class Connection:
    """As much of `sqlite3.Connection` as the store uses, on the watched disk."""

    def __init__(self, path: Path) -> None:
        self._apsw = apsw.Connection(str(path), vfs="traced")
        # `apsw` has no shared memory for a watched file; alone on it, SQLite needs none.
        self._apsw.execute("PRAGMA locking_mode = EXCLUSIVE")

    @property
    def in_transaction(self) -> bool:
        return self._apsw.in_transaction

    def execute(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> apsw.Cursor:
        return self._apsw.execute(sql, values)

    def executemany(self, sql: str, values: Iterable[Any]) -> apsw.Cursor:
        return self._apsw.executemany(sql, values)

    def executescript(self, sql: str) -> None:
        for _ in self._apsw.execute(sql):
            pass

    def close(self) -> None:
        self._apsw.close()


def connect(path: Path, **_: object) -> sqlite3.Connection:
    """In place of `sqlite3.connect`."""
    return cast("sqlite3.Connection", Connection(path))
