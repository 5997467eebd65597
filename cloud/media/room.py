"""How much room photos and clips have: a quota, and a reserve of the disk that is the database's."""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cloud.errors import Problem

log = logging.getLogger(__name__)

FULL = (errno.ENOSPC, errno.EDQUOT)
AGAIN = {"Retry-After": "60"}


class Room:
    """Of one directory. Whoever finds none is answered `storage_full`: nodes keep it and send it again."""

    def __init__(self, directory: Path, quota: int | None = None, reserve: int = 0) -> None:
        """`quota`, `reserve`: bytes; None: no quota."""
        self._directory = directory
        self.quota, self.reserve = quota, reserve
        self.used = 0
        """Bytes, as last counted, and what came and went since."""
        self._told = False

    def check(self, size: int) -> None:
        """See that `size` bytes more have room.

        Raises:
            Problem: `storage_full`.
        """
        over = self.quota is not None and self.used + size > self.quota
        if over or self.free() - size < self.reserve:
            self._refuse("quota" if over else "reserve")
        if self._told:
            log.info("photos and clips have room again")
            self._told = False

    def free(self) -> int:
        """Bytes that are free on the disk."""
        return shutil.disk_usage(self._directory).free

    def took(self, size: int) -> None:
        """So many bytes more are used."""
        self.used += size

    def freed(self, size: int) -> None:
        """So many bytes are used no longer."""
        self.used = max(0, self.used - size)

    @contextmanager
    def full_is_said(self) -> Iterator[None]:
        """Turn the disk's "no space" into `storage_full`.

        Raises:
            Problem: `storage_full`.
        """
        try:
            yield
        except OSError as error:
            if error.errno not in FULL:
                raise
            self._refuse("disk")

    def _refuse(self, what: str) -> None:
        if not self._told:
            log.error("no room for photos and clips: the %s is used up; they wait at the nodes", what)
            self._told = True
        raise Problem("storage_full", "keep it and send it again", headers=AGAIN) from None
