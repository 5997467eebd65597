"""The file operations of a store, in one place: what has to be on the disk, and in which order.

Tests put another one in its place: one that fails, or one that writes down what was asked of it.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The disk, or this user's share of it, has no room left."""


class Files:
    """The real disk. Every method may raise `OSError`."""

    def write(self, path: Path, data: bytes) -> None:
        """Make a new file whose content survives a loss of power; its name does after `sync_folder`."""
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, old: Path, new: Path) -> None:
        """Move within one file system, in place of what stood there."""
        old.replace(new)

    def remove(self, path: Path) -> None:
        """Delete a file; one that is not there is no error."""
        path.unlink(missing_ok=True)

    def make_folder(self, path: Path) -> None:
        """Make a folder whose name survives a loss of power."""
        path.mkdir(parents=True, exist_ok=True)
        self.sync_folder(path.parent)

    def sync_folder(self, folder: Path) -> None:
        """Make the names in `folder` survive a loss of power."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def reserve(self, path: Path, size: int) -> None:
        """Make a file of `size` bytes for which the disk has set room aside."""
        with path.open("xb") as file:
            os.posix_fallocate(file.fileno(), 0, size)

    def replace_text(self, path: Path, text: str) -> None:
        """Put `text` in place of a small file's content, wholly or not at all."""
        unfinished = path.with_name(f"{path.name}.part")
        self.remove(unfinished)
        self.write(unfinished, text.encode())
        self.rename(unfinished, path)
        self.sync_folder(path.parent)
