"""Photos and clips on disk, each under the name of its SHA-256: written once, never changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from cloud.errors import Problem
from cloud.media.parts import Parts
from cloud.media.room import Room

JPEG_START = b"\xff\xd8\xff"
MP4_MARK = b"ftyp"
"""At the fifth byte of every MP4 file (ISO/IEC 14496-12, 4.3)."""
LARGEST_JPEG = 8 * 1024 * 1024
"""Bytes. What a clip may be, the outermost layer says for every body."""
COPIES = "copies"
"""The folder of copies that show nobody."""
MEDIA_TYPES = {".jpg": "image/jpeg", ".mp4": "video/mp4"}


class MediaStore:
    """The directory of photos and clips. Its calls block on the disk: call them off the event loop."""

    def __init__(self, directory: Path, room: Room | None = None) -> None:
        self.directory = directory
        self.room = room or Room(directory)
        self.parts = Parts(directory / "parts", self.room)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def find(self, sha256: str) -> tuple[Path, str] | None:
        """Where the photo or clip lies, and its media type; None when it is not here."""
        for suffix, media_type in MEDIA_TYPES.items():
            path = self._path(sha256, suffix)
            if path.is_file():
                return path, media_type
        return None

    def missing(self, hashes: set[str]) -> set[str]:
        """Those that are not here."""
        return {sha256 for sha256 in hashes if self.find(sha256) is None}

    def put(self, sha256: str, body: bytes) -> bool:
        """Keep a photo or clip so that it survives a power cut; False when it was here already.

        Raises:
            Problem: `invalid`, the bytes are neither JPEG nor MP4; `hash_mismatch`, they are not those of the
                name; `too_large`, a photo that no camera takes; `storage_full`.
        """
        suffix = ".mp4" if body[4:8] == MP4_MARK else ".jpg"
        if suffix == ".jpg" and not body.startswith(JPEG_START):
            fault = [{"pointer": "/body", "detail": "neither a JPEG nor an MP4"}]
            raise Problem("invalid", "the body is neither a JPEG picture nor an MP4 clip", errors=fault)
        if suffix == ".jpg" and len(body) > LARGEST_JPEG:
            raise Problem("too_large", f"at most {LARGEST_JPEG} bytes for a photo")
        if hashlib.sha256(body).hexdigest() != sha256:
            raise Problem("hash_mismatch", "the SHA-256 of the bytes is not the one in the address")
        target = self._path(sha256, suffix)
        if target.is_file():
            return False
        self.room.check(len(body))
        with self.room.full_is_said():
            self._write(target, body)
        self.room.took(len(body))
        return True

    def _write(self, target: Path, body: bytes) -> None:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = target.with_name(f".{target.stem}.{uuid4().hex}")
        try:
            with fresh.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)
        finally:
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
        for directory in (target.parent, self.directory):
            _sync(directory)

    def copy(self, name: str, make: Callable[[], bytes]) -> Path:
        """The copy that is called `name`, made by `make` when it is not here.

        Raises:
            Problem: `storage_full`.
        """
        target = self.directory / COPIES / f"{name}.jpg"
        if not target.is_file():
            body = make()
            self.room.check(len(body))
            with self.room.full_is_said():
                self._write(target, body)
            self.room.took(len(body))
        return target

    def delete(self, sha256: str) -> int:
        """Let a photo or clip be gone, with its copies; the bytes that it took, 0 when it was not here."""
        found = self.find(sha256)
        paths = [*self.directory.glob(f"{COPIES}/{sha256}-*.jpg"), *([found[0]] if found else [])]
        for path in paths:
            self.room.freed(path.stat().st_size)
        size = found[0].stat().st_size if found else 0
        for path in paths:
            path.unlink(missing_ok=True)
            _sync(path.parent)
        return size

    def files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every photo, clip and copy: its name (`copies/...` of a copy) and what the disk says."""
        for folder in sorted(self.directory.iterdir()):
            if folder.name == COPIES or len(folder.name) == 2:
                prefix = f"{COPIES}/" if folder.name == COPIES else ""
                for path in sorted(folder.glob("[0-9a-f]*.*")):
                    with contextlib.suppress(FileNotFoundError):
                        yield prefix + path.stem, path.stat()

    def drop_copy(self, name: str) -> int:
        """Let a copy (`copies/...`, as `files` calls it) be gone; it is made anew when asked for."""
        path = self.directory / f"{name}.jpg"
        with contextlib.suppress(FileNotFoundError):
            size = path.stat().st_size
            path.unlink()
            self.room.freed(size)
            return size
        return 0

    def _path(self, sha256: str, suffix: str) -> Path:
        return self.directory / sha256[:2] / f"{sha256}{suffix}"


def _sync(directory: Path) -> None:
    """Make the directory's entries durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
