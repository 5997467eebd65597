"""Photos and clips on disk, each under the name of its SHA-256: written once, never changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from uuid import uuid4

from cloud.errors import Problem
from cloud.media.parts import Parts

JPEG_START = b"\xff\xd8\xff"
MP4_MARK = b"ftyp"
"""At the fifth byte of every MP4 file (ISO/IEC 14496-12, 4.3)."""
LARGEST_JPEG = 8 * 1024 * 1024
"""Bytes. What a clip may be, the outermost layer says for every body."""
MEDIA_TYPES = {".jpg": "image/jpeg", ".mp4": "video/mp4"}


class MediaStore:
    """The directory of photos and clips. Its calls block on the disk: call them off the event loop."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.parts = Parts(directory / "parts")
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
                name; `too_large`, a photo that no camera takes.
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
        target.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = target.with_name(f".{sha256}.{uuid4().hex}")
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
        return True

    def _path(self, sha256: str, suffix: str) -> Path:
        return self.directory / sha256[:2] / f"{sha256}{suffix}"


def _sync(directory: Path) -> None:
    """Make the directory's entries durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
