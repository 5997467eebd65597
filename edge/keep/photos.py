"""Photos and clips on disk, named by what is in them: `evidence/ab/abcdef….jpg`, a clip `….mp4`."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from uuid import uuid4

log = logging.getLogger(__name__)

FOLDER = "evidence"
_UNFINISHED = ".part"
_CLIP = b"ftyp"
"""At the fifth byte of every MP4 file."""


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class PhotoFolder:
    """A folder of JPEG and MP4 files, each there wholly or not at all."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / FOLDER

    def prepare(self) -> None:
        """Make the folder."""
        if not self.root.is_dir():
            self.root.mkdir(parents=True)
            sync_folder(self.root.parent)

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
            return path
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            sync_folder(self.root)
        unfinished = path.with_name(f"{uuid4().hex}{_UNFINISHED}")
        try:
            with unfinished.open("xb") as file:
                file.write(jpeg)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_folder(path.parent)
        return path

    def remove(self, sha256: str) -> None:
        """Delete the photo; one that is already gone is no error, one that will not go is logged."""
        try:
            self.path(sha256).unlink(missing_ok=True)
        except OSError as error:
            log.warning("photo %s could not be deleted: %s", sha256, error.strerror)

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
            path.unlink(missing_ok=True)
        return len(orphans)


def digest(jpeg: bytes) -> str:
    """SHA-256 of a photo as 64 hexadecimal digits."""
    return hashlib.sha256(jpeg).hexdigest()
