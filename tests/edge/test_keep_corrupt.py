"""Whatever stands in the place of a store's files: it is set aside and told, and the node starts."""

from __future__ import annotations

import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.ids import uuid7
from devices.messages import Gap, Series
from edge.doctor import examine
from edge.errors import StoreDamaged
from edge.keep import NodeStore
from edge.keep.schema import NODE, TELEMETRY, Shape
from edge.keep.wal import FRAME_HEADER, HEADER, lost_commits
from tests.edge.messages_for_tests import NOON, a_condition, a_health
from tests.edge.test_keep_telemetry import readings


def opened(directory: Path) -> NodeStore:
    return NodeStore.open(directory, "n1", now=lambda: NOON, new_id=uuid7)


def filled(directory: Path) -> NodeStore:
    store = opened(directory)
    for _ in range(5):
        with store.transaction() as tx:
            for _ in range(20):
                tx.queue(a_health("x" * 400), NOON)
        store.keep_readings(readings(*range(20), boot=str(uuid7())))
    return store


def left_as_if_killed(directory: Path) -> Path:
    """A copy of a store with its log, as a process leaves it that is killed."""
    store = filled(directory / "alive")
    shutil.copytree(directory / "alive", directory / "killed")
    store.close()
    return directory / "killed"


def header(path: Path) -> None:
    overwrite(path, 0, b"\xa5" * 100)


def middle(path: Path) -> None:
    overwrite(path, path.stat().st_size // 2, b"\xa5" * 8192)


def no_length(path: Path) -> None:
    path.write_bytes(b"")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def a_folder(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


def a_link_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere/at/all")


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


@pytest.mark.parametrize("harm", [header, middle, no_length, cut_short, a_folder, a_link_to_nowhere])
@pytest.mark.parametrize(
    "shapes", [(NODE,), (TELEMETRY,), (NODE, TELEMETRY)], ids=["node.db", "telemetry.db", "both"]
)
def test_a_broken_database_is_set_aside_and_the_loss_named(
    tmp_path: Path, harm: Callable[[Path], None], shapes: tuple[Shape, ...]
) -> None:
    store = filled(tmp_path)
    former = {series: store.epoch_of(series) for series in Series}
    store.close()
    for shape in shapes:
        harm(tmp_path / shape.file)
    store = opened(tmp_path)
    assert [path.name.rpartition("-")[2] for path in store.damaged] == [shape.file for shape in shapes]
    for series in Series:
        lost = any(series in shape.series for shape in shapes)
        gaps = [body for event in store.batch(series) if isinstance(body := event.body(), Gap)]
        assert [gap.epoch for gap in gaps] == ([former[series]] if lost else [])
        assert (store.epoch_of(series) != former[series]) == lost
    with store.transaction() as tx:
        tx.queue(a_condition(), NOON)
    assert store.keep_readings(readings(1, boot="new")) == 1
    store.close()
    assert examine(tmp_path).faults == ()
    again = opened(tmp_path)
    assert again.damaged == ()
    again.close()


@pytest.mark.parametrize(
    ("name", "is_file"),
    [("evidence", True), ("damaged", True), ("ballast", False), ("node.lock", False), ("epochs.json", False)],
)
def test_what_is_no_file_where_one_belongs_is_put_out_of_the_way(
    tmp_path: Path, name: str, is_file: bool
) -> None:
    filled(tmp_path).close()
    path = tmp_path / name
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if is_file:
        path.write_bytes(b"not a folder")
    else:
        (path / "inside").mkdir(parents=True)
    store = opened(tmp_path)
    _, photo = store.save_photo(b"photo")
    assert photo.is_file()
    assert store.figures().series[Series.HEALTH].queued == 100
    store.close()


def test_a_rotten_list_of_epochs_harms_nothing(tmp_path: Path) -> None:
    filled(tmp_path).close()
    for text in ("", "[1, 2]", '{"node.db": 7}', "\x00"):
        (tmp_path / "epochs.json").write_text(text)
        store = opened(tmp_path)
        assert store.figures().series[Series.HEALTH].queued == 100
        store.close()


def test_a_log_that_rotted_in_the_middle_is_found_though_sqlite_says_nothing(tmp_path: Path) -> None:
    directory = left_as_if_killed(tmp_path)
    log = directory / "node.db-wal"
    assert not lost_commits(log.read_bytes())
    overwrite(log, log.stat().st_size // 2, b"\xa5" * 16)
    store = opened(directory)
    assert [path.name.rpartition("-")[2] for path in store.damaged] == ["node.db"]
    store.close()


def test_a_log_whose_header_rotted_is_found(tmp_path: Path) -> None:
    directory = left_as_if_killed(tmp_path)
    overwrite(directory / "telemetry.db-wal", 4, b"\xa5" * 8)
    store = opened(directory)
    assert [path.name.rpartition("-")[2] for path in store.damaged] == ["telemetry.db"]
    assert store.figures().series[Series.HEALTH].queued == 100
    store.close()


def test_a_commit_that_was_cut_off_by_a_loss_of_power_is_no_damage(tmp_path: Path) -> None:
    """The last transaction was not synced: any of its pages may be missing, and nobody was promised it."""
    directory = left_as_if_killed(tmp_path)
    log = (directory / "node.db-wal").read_bytes()
    page = struct.unpack_from(">I", log, 8)[0]
    frames = range(HEADER, len(log), FRAME_HEADER + page)
    commits = [start for start in frames if log[start + 4 : start + 8] != bytes(4)]
    first = commits[-2] + FRAME_HEADER + page
    dice = random.Random(5)
    for _ in range(20):
        torn = bytearray(log)
        at = dice.randrange(first, len(log) - 512)
        torn[at : at + 512] = bytes(512)
        assert not lost_commits(bytes(torn))
        assert not lost_commits(bytes(log[: dice.randrange(first, len(log))]))
    for start in frames[: len(frames) // 2 : 5]:
        torn = bytearray(log)
        torn[start + FRAME_HEADER] ^= 1
        assert lost_commits(bytes(torn))


def test_a_database_that_breaks_while_the_node_runs_is_set_aside_at_the_next_start(tmp_path: Path) -> None:
    store = filled(tmp_path)
    sql = store._book.connection
    sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    path = tmp_path / "node.db"
    kept = path.read_bytes()
    overwrite(path, 100, b"\xa5" * (len(kept) - 100))
    sql.execute("PRAGMA shrink_memory")
    with pytest.raises(StoreDamaged), store.transaction() as tx:
        tx.queue(a_condition(), NOON)
    assert store.broken
    store.close()
    path.write_bytes(kept)  # a bad sector that can be read again now: the file is not to be believed anyway
    for name in ("node.db-wal", "node.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    again = opened(tmp_path)
    assert len(again.damaged) == 1
    again.close()
    last = opened(tmp_path)
    assert last.damaged == ()
    last.close()
