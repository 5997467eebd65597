"""The pictures of the last hour, some a minute of each camera: `stills/P01-C1/<milliseconds since 1970>.jpg`.

They are there to be looked at and tried upon, not to prove anything: written without a sync, the first to go
when the disk is short, and never older than an hour.
"""

from __future__ import annotations

import re
import shutil
import threading
from bisect import bisect_left, insort
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice
from pathlib import Path

FOLDER = "stills"
KEEP = timedelta(hours=1)
"""After which a picture is deleted: people are in it whom nobody had a reason to keep."""
AHEAD = timedelta(minutes=1)
"""A picture of a later time than this from now was named by a clock that was wrong."""
PART = 4
"""A quarter of the node's share of the disk is the most that they take."""
SHORT_OF = 100
"""Pictures that go at once when the disk is short."""
_NAME = re.compile(r"\d{1,15}\.jpg")


class Stills:
    """The folder, and what is in it; safe to use from several threads."""

    def __init__(self, directory: Path, share: int) -> None:
        """What an earlier run left is taken over; nothing is deleted before `sweep`.

        `share`: bytes of the disk that the node may use for all it keeps.
        """
        self._root = directory / FOLDER
        self._most = share // PART
        self._lock = threading.Lock()
        self._there: dict[str, list[int]] = {}
        """Of each camera the times, oldest first."""
        self._sizes: dict[tuple[str, int], int] = {}
        self.used = 0
        """Bytes."""
        for path in self._root.glob("*/*.jpg"):
            if _NAME.fullmatch(path.name):
                self._know(path.parent.name, int(path.stem), path.stat().st_size)

    def put(self, camera: str, at: datetime, jpeg: bytes) -> None:
        """Keep a picture; the oldest of all go when there are too many.

        Raises:
            OSError: it cannot be written.
        """
        when = _number(at)
        path = self._path(camera, when)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        try:
            unfinished.write_bytes(jpeg)
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        with self._lock:
            self._know(camera, when, len(jpeg))
        while self.used > self._most and self.drop(1):
            pass

    def times(self, camera: str) -> list[datetime]:
        """When its pictures were taken, oldest first."""
        with self._lock:
            return [_time(when) for when in self._there.get(camera, ())]

    def nearest(self, camera: str, at: datetime) -> datetime | None:
        """When the picture nearest to `at` was taken; None without any."""
        with self._lock:
            times = self._there.get(camera, [])
            place = bisect_left(times, _number(at))
            near = times[max(0, place - 1) : place + 1]
            return _time(min(near, key=lambda when: abs(when - _number(at)))) if near else None

    def read(self, camera: str, at: datetime) -> bytes | None:
        """The picture taken then; None: it is gone."""
        try:
            return self._path(camera, _number(at)).read_bytes()
        except FileNotFoundError:
            return None

    def path(self, camera: str, at: datetime) -> Path:
        """Where the picture taken then lies, or lay."""
        return self._path(camera, _number(at))

    def sweep(self, now: datetime, cameras: Collection[str]) -> None:
        """Delete what is too old, or named by a wrong clock, or of a camera that is none of `cameras`.

        Raises:
            OSError: something cannot be deleted.
        """
        oldest, latest = _number(now - KEEP), _number(now + AHEAD)
        with self._lock:
            over = [
                (camera, when)
                for camera, times in self._there.items()
                for when in times
                if camera not in cameras or not oldest <= when <= latest
            ]
        for camera, when in over:
            self._remove(camera, when)
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            if folder.name not in cameras:
                shutil.rmtree(folder)

    def drop(self, count: int = SHORT_OF) -> int:
        """The oldest of all go; how many went.

        Raises:
            OSError: one cannot be deleted.
        """
        with self._lock:
            each = ([(when, camera) for when in times[:count]] for camera, times in self._there.items())
            oldest = list(islice(merge(*each), count))
        for when, camera in oldest:
            self._remove(camera, when)
        return len(oldest)

    def _remove(self, camera: str, when: int) -> None:
        self._path(camera, when).unlink(missing_ok=True)
        with self._lock:
            size = self._sizes.pop((camera, when), None)
            if size is not None:
                self.used -= size
                self._there[camera].remove(when)

    def _know(self, camera: str, when: int, size: int) -> None:
        before = self._sizes.get((camera, when))
        if before is None:
            insort(self._there.setdefault(camera, []), when)
        self._sizes[camera, when] = size
        self.used += size - (before or 0)

    def _path(self, camera: str, when: int) -> Path:
        return self._root / camera / f"{when}.jpg"


def _number(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _time(when: int) -> datetime:
    return datetime.fromtimestamp(when / 1000, UTC)
