"""A disk without a free byte: the node goes on, the store stays sound, and what can give way does."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.ids import uuid7
from devices.messages import Series
from edge.doctor import examine
from edge.errors import StoreError, StoreFull
from edge.keep import NodeStore
from edge.keep.files import Files
from tests.edge.full_disk_for_tests import SCENES
from tests.edge.messages_for_tests import NOON, a_condition, an_evidence
from tests.edge.test_keep_telemetry import readings

ROOT = Path(__file__).parents[2]
ROOM = 200
"""Pages."""


@pytest.mark.parametrize("scene", SCENES)
def test_on_a_small_disk_of_its_own(tmp_path: Path, scene: str) -> None:
    """A tmpfs in a mount namespace: as root at once, else as root of a user namespace."""
    own = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    command = [*own, sys.executable, "-m", "tests.edge.full_disk_for_tests", str(tmp_path), scene]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr


class FailingFiles(Files):
    """The real disk, on which one kind of operation fails while `failing` names it."""

    def __init__(self, error: int) -> None:
        self.failing: str | None = None
        self._error = error

    def _maybe(self, name: str) -> None:
        if name == self.failing:
            raise OSError(self._error, os.strerror(self._error))

    def write(self, path: Path, data: bytes) -> None:
        self._maybe("write")
        super().write(path, data)

    def rename(self, old: Path, new: Path) -> None:
        self._maybe("rename")
        super().rename(old, new)

    def remove(self, path: Path) -> None:
        self._maybe("remove")
        super().remove(path)

    def make_folder(self, path: Path) -> None:
        self._maybe("make_folder")
        super().make_folder(path)

    def sync_folder(self, folder: Path) -> None:
        self._maybe("sync_folder")
        super().sync_folder(folder)

    def reserve(self, path: Path, size: int) -> None:
        self._maybe("reserve")
        super().reserve(path, size)


@pytest.fixture(params=[errno.ENOSPC, errno.EDQUOT, errno.EIO], ids=["no space", "no quota", "bad disk"])
def files(request: pytest.FixtureRequest) -> FailingFiles:
    return FailingFiles(request.param)


@pytest.fixture
def store(tmp_path: Path, files: FailingFiles) -> Iterator[NodeStore]:
    store = NodeStore.open(tmp_path, "n1", now=lambda: NOON, new_id=uuid7, files=files)
    yield store
    files.failing = None
    store.close()
    assert examine(tmp_path).faults == ()


def keep_photo(store: NodeStore, jpeg: bytes) -> None:
    sha256, _ = store.save_photo(jpeg)
    with store.transaction() as tx:
        tx.queue(an_evidence(sha256, len(jpeg)), NOON)


def alarm(store: NodeStore) -> None:
    with store.transaction() as tx:
        tx.queue(a_condition(), NOON)


@pytest.mark.parametrize("operation", ["write", "rename", "make_folder", "sync_folder"])
def test_a_photo_that_cannot_be_written_is_refused_and_alarms_go_on(
    store: NodeStore, files: FailingFiles, operation: str
) -> None:
    files.failing = operation
    with pytest.raises(StoreError) as caught:
        keep_photo(store, b"first")
    assert isinstance(caught.value, StoreFull) == (files._error != errno.EIO)
    alarm(store)
    assert store.keep_readings(readings(1)) == 1
    files.failing = None
    keep_photo(store, b"first")
    assert store.figures().series[Series.EVIDENCE].queued == 1
    assert not [path for path in store._photos.files() if path.suffix == ".part"]


def test_a_photo_that_cannot_be_deleted_stops_nobody_and_goes_at_the_next_start(
    store: NodeStore, files: FailingFiles, tmp_path: Path
) -> None:
    keep_photo(store, b"first")
    files.failing = "remove"
    store._room.squeeze()
    alarm(store)
    figures = store.figures().series[Series.EVIDENCE]
    assert (figures.evicted, figures.missing) == (1, 0)
    assert len(list(store._photos.files())) == 1
    files.failing = None
    store.close()
    again = NodeStore.open(tmp_path, "n1", now=lambda: NOON, new_id=uuid7)
    assert list(again._photos.files()) == []
    again.close()


def test_without_a_ballast_the_node_works_on(store: NodeStore, files: FailingFiles) -> None:
    files.failing = "reserve"
    store._room.squeeze()
    assert store._ballast.held == 0
    alarm(store)
    files.failing = None
    store._room.squeeze()
    assert store._ballast.held > 0


@pytest.mark.parametrize("operation", ["write", "rename", "reserve"])
def test_a_node_starts_on_a_disk_that_takes_nothing(
    tmp_path: Path, files: FailingFiles, operation: str
) -> None:
    NodeStore.open(tmp_path, "n1", now=lambda: NOON, new_id=uuid7).close()
    for name in ("epochs.json", "ballast"):
        (tmp_path / name).unlink()
    files.failing = operation
    store = NodeStore.open(tmp_path, "n1", now=lambda: NOON, new_id=uuid7, files=files)
    alarm(store)
    store.close()


def test_both_databases_keep_to_their_limit_of_pages(tmp_path: Path) -> None:
    store = NodeStore.open(tmp_path, "n1", now=lambda: NOON, new_id=uuid7)
    work: list[tuple[str, int, Callable[[int], object]]] = [
        ("node.db", 1500, lambda number: alarm(store)),
        ("telemetry.db", 20, lambda number: store.keep_readings(readings(*range(500), boot=str(number)))),
    ]
    for name, times, one in work:
        book = store._book if name == "node.db" else store._readings.book
        pages = book.connection.execute("PRAGMA page_count").fetchone()[0]
        book.connection.execute(f"PRAGMA max_page_count = {pages + ROOM}")
        refused = 0
        for number in range(times):
            try:
                one(number)
            except StoreFull:
                refused += 1
        used = book.connection.execute("PRAGMA page_count").fetchone()[0]
        assert used <= pages + ROOM
        assert (refused > 0) == (name == "node.db"), "old telemetry gives way to new, alarms to nothing"
    assert all(part.missing == 0 for part in store.figures().series.values())
    store.close()
    assert examine(tmp_path).faults == ()
