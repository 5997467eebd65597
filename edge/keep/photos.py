"""Photos and clips on disk, named by what is in them: `evidence/ab/abcdef….jpg`, a clip `….mp4`."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from edge.keep.files import Files

log = logging.getLogger(__name__)

FOLDER = "evidence"
_UNFINISHED = ".part"
_CLIP = b"ftyp"
"""At the fifth byte of every MP4 file."""


class PhotoFolder:
    """A folder of JPEG and MP4 files, each there wholly or not at all."""

    def __init__(self, directory: Path, files: Files | None = None) -> None:
        self.root = directory / FOLDER
        self._disk = files or Files()
        self._counting = threading.Lock()
        self.used = 0
        """Bytes, kept up to date from `sweep` on."""

    def prepare(self) -> None:
        """Make the folder, and sync what an earlier run may have died before syncing.

        Raises:
            OSError: something else stands in its place, or the disk failed.

        """
        self._disk.make_folder(self.root)
        self._disk.sync_folder(self.root)

    def path(self, sha256: str) -> Path:
        """Where the photo or clip with this hash stands, or a photo would."""
        photo = self.root / sha256[:2] / f"{sha256}.jpg"
        clip = photo.with_suffix(".mp4")
        return clip if clip.is_file() else photo

    def write(self, sha256: str, jpeg: bytes) -> Path:
        """Put the photo on the disk for good; does nothing when it is there.

        Raises:
            OSError: the disk is full or cannot be written.

        """
        path = self.path(sha256).with_suffix(".mp4" if jpeg[4:8] == _CLIP else ".jpg")
        if path.is_file() and path.stat().st_size == len(jpeg):
            self._disk.sync_folder(path.parent)
            return path
        if not path.parent.is_dir():
            self._disk.make_folder(path.parent)
        unfinished = path.with_name(f"{uuid4().hex}{_UNFINISHED}")
        try:
            self._disk.write(unfinished, jpeg)
            self._disk.rename(unfinished, path)
        except BaseException:
            with suppress(OSError):
                self._disk.remove(unfinished)
            raise
        self._count(len(jpeg))
        self._disk.sync_folder(path.parent)
        return path

    def remove(self, sha256: str) -> None:
        """Delete the photo; one that is already gone is no error, one that will not go is logged."""
        path = self.path(sha256)
        try:
            size = path.stat().st_size
            self._disk.remove(path)
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("photo %s could not be deleted: %s", sha256, error.strerror)
        else:
            self._count(-size)

    def _count(self, size: int) -> None:
        with self._counting:
            self.used += size

    def files(self) -> Iterator[Path]:
        """Every file below the folder, finished or not."""
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            if folder.is_dir():
                yield from folder.iterdir()

    def bytes(self) -> int:
        """What the photos take on the disk."""
        total = 0
        for path in self.files():
            try:
                total += path.stat().st_size
            except FileNotFoundError:  # delivered and deleted while we counted
                continue
        return total

    def sweep(self, wanted: AbstractSet[str]) -> int:
        """Delete unfinished files and photos whose hash is not `wanted`; returns how many."""
        orphans = [path for path in self.files() if path.suffix == _UNFINISHED or path.stem not in wanted]
        for path in orphans:
            self._disk.remove(path)
        self.used = self.bytes()
        return len(orphans)


def digest(jpeg: bytes) -> str:
    """SHA-256 of a photo as 64 hexadecimal digits."""
    return hashlib.sha256(jpeg).hexdigest()
