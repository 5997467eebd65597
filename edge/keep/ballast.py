"""Room kept back on the disk, so that a full one can still be emptied.

To delete a row SQLite first writes to its log; on a disk without a free byte nothing could be
delivered or evicted any more, and that is what frees the disk. Only settling answers and making
room may use this room.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from edge.keep.files import Files

FILE = "ballast"
SIZE = 4 * 1024 * 1024
"""Bytes: twice what SQLite's log grows to before it is folded in (`wal_autocheckpoint` of 500 pages)."""


class Ballast:
    """One file that holds nothing but room."""

    def __init__(self, directory: Path, files: Files) -> None:
        self._path = directory / FILE
        self._files = files
        self.held = SIZE if self._path.exists() else 0
        """Bytes kept back just now."""

    def take(self) -> None:
        """Keep the room back, if it is not kept yet and the disk has it."""
        if self.held:
            return
        try:
            self._files.reserve(self._path, SIZE)
            self.held = SIZE
        except OSError:  # no room just now; the next settled answer tries again
            with suppress(OSError):
                self._files.remove(self._path)

    def drop(self) -> bool:
        """Give the room back; False when there is none to give."""
        if not self.held:
            return False
        try:
            self._files.remove(self._path)
        except OSError:
            return False
        self.held = 0
        return True
