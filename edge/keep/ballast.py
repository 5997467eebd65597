"""Room kept back on the disk, so that a full one can still be emptied.

To delete a row SQLite first writes to its log; on a disk without a free byte nothing could be
delivered any more, and what is delivered is what frees the disk. Only the settling of answers
may use this room.
"""

from __future__ import annotations

import os
from pathlib import Path

FILE = "ballast"
SIZE = 4 * 1024 * 1024
"""Bytes: twice what SQLite's log grows to before it is folded in (`wal_autocheckpoint` of 500 pages)."""


class Ballast:
    """One file that holds nothing but room."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE

    def take(self) -> None:
        """Keep the room back, if it is not kept yet and the disk has it."""
        if self._path.exists():
            return
        try:
            with self._path.open("xb") as file:
                os.posix_fallocate(file.fileno(), 0, SIZE)
        except OSError:  # no room just now; the next settled answer tries again
            self._path.unlink(missing_ok=True)

    def drop(self) -> bool:
        """Give the room back; False when there is none to give."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True
