"""Photos on disk, each under the name of its SHA-256: written once, never changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from uuid import uuid4

from cloud.errors import Problem

JPEG_START = b"\xff\xd8\xff"


class MediaStore:
    """The directory of photos. Its calls block on the disk: call them off the event loop."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the photo lies, if it is here."""
        return self.directory / sha256[:2] / f"{sha256}.jpg"

    def missing(self, hashes: set[str]) -> set[str]:
        """Those that are not here."""
        return {sha256 for sha256 in hashes if not self.path(sha256).is_file()}

    def put(self, sha256: str, body: bytes) -> bool:
        """Keep a photo so that it survives a power cut; False when it was here already.

        Raises:
            Problem: `invalid`, the bytes are no JPEG or not those of the name.
        """
        if not body.startswith(JPEG_START):
            raise Problem("invalid", "the body is not a JPEG picture", errors=_fault("not a JPEG"))
        if hashlib.sha256(body).hexdigest() != sha256:
            raise Problem(
                "invalid", "the body's SHA-256 is not the one in the address", errors=_fault("hash")
            )
        target = self.path(sha256)
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


def _fault(detail: str) -> list[dict[str, str]]:
    return [{"pointer": "/body", "detail": detail}]


def _sync(directory: Path) -> None:
    """Make the directory's entries durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
