"""Uploads that are not finished: pieces of a photo or clip, kept until the last one is here.

A part is a file `parts/<node>/<sha256>` that grows; how long it is says where the node goes on, after a cut,
a restart of the node or one of the cloud. What a loss of power does to it shows in the whole's SHA-256.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from cloud.errors import Problem
from cloud.media.room import Room

LARGEST = 16 * 1024 * 1024
"""Bytes of a whole upload."""
PARTS = 16
"""Of one node; the one longest untouched makes room for another."""
KEPT = timedelta(days=1)
"""An upload that did not go on for so long begins anew."""


class Parts:
    """The directory of unfinished uploads. Its calls block on the disk: call them off the event loop."""

    def __init__(self, directory: Path, room: Room | None = None) -> None:
        self._directory = directory
        self._room = room or Room(directory)

    def offset(self, node: str, sha256: str) -> int:
        """How many bytes of the upload are here."""
        try:
            return self._path(node, sha256).stat().st_size
        except FileNotFoundError:
            return 0

    def begin(self, node: str, sha256: str, offset: int, length: int) -> int:
        """Open the part to go on at `offset` of `length` bytes; the caller closes the descriptor.

        Raises:
            Problem: `too_large`; `offset_differs`, with the offset to go on from; `storage_full`.
        """
        if length > LARGEST:
            raise Problem("too_large", f"Upload-Length: at most {LARGEST} bytes")
        here = self.offset(node, sha256)
        if offset != here:
            headers = {"Upload-Offset": str(here)}
            raise Problem("offset_differs", f"Upload-Offset: go on at {here}", headers=headers)
        self._room.check(length - offset)
        path = self._path(node, sha256)
        with self._room.full_is_said():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if offset == 0:
                self._make_room(path.parent)
            return os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)

    def take(self, node: str, sha256: str) -> bytes:
        """The whole upload; the part is gone with it, whatever becomes of the bytes."""
        path = self._path(node, sha256)
        try:
            return path.read_bytes()
        finally:
            path.unlink(missing_ok=True)

    def sweep(self, now: datetime) -> int:
        """Delete what did not go on for a day; returns how many."""
        before = (now - KEPT).timestamp()
        stale = [path for path in self._directory.glob("*/*") if path.stat().st_mtime < before]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def _make_room(self, folder: Path) -> None:
        others = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in others[: max(0, len(others) - PARTS + 1)]:
            path.unlink(missing_ok=True)

    def _path(self, node: str, sha256: str) -> Path:
        return self._directory / node / sha256
