from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from devices.ids import uuid7
from devices.losses import MAX_SEQ, Gap
from devices.messages import IngestAnswer, Refusal, Series
from edge.errors import StoreError, StoreForeign, StoreFull
from edge.keep import NodeStore
from edge.keep.ballast import SIZE
from edge.keep.schema import NODE
from tests.edge.messages_for_tests import NOON, a_condition, a_health


def opened(directory: Path) -> NodeStore:
    return NodeStore.open(directory, "n1", now=lambda: NOON, new_id=uuid7)


def filled(directory: Path) -> NodeStore:
    store = opened(directory)
    with store.transaction() as tx:
        for _ in range(200):
            tx.queue(a_health("x" * 300), NOON)
    store.close()
    return store


@pytest.mark.parametrize("where", ["header", "middle"])
def test_a_damaged_file_is_set_aside_and_a_new_epoch_begun(tmp_path: Path, where: str) -> None:
    epoch = filled(tmp_path).epoch
    path = tmp_path / "node.db"
    damaged = bytearray(path.read_bytes())
    start = 0 if where == "header" else 4096
    damaged[start : start + 8192] = b"\xa5" * 8192
    path.write_bytes(damaged)

    store = opened(tmp_path)
    assert store.epoch != epoch
    (aside,) = store.damaged
    assert (aside / "node.db").read_bytes() == damaged
    gap = store.batch(Series.ALARM)[0].body()
    assert isinstance(gap, Gap)
    assert (gap.epoch, gap.ranges, gap.cause) == (epoch, ((1, MAX_SEQ),), "store_damaged")
    with store.transaction() as tx:
        assert tx.queue(a_condition(), NOON).seq == 2
    store.close()

    again = opened(tmp_path)
    assert again.damaged == ()
    assert again.epoch == store.epoch
    again.close()


def test_photos_of_a_damaged_store_are_kept_beside_it(tmp_path: Path) -> None:
    first = opened(tmp_path)
    sha256, _ = first.save_photo(b"photo")
    first.close()
    (tmp_path / "node.db").write_bytes(b"rubbish" * 1000)
    store = opened(tmp_path)
    (aside,) = store.damaged
    assert (aside / "evidence" / sha256[:2] / f"{sha256}.jpg").read_bytes() == b"photo"
    store.close()


def test_a_truncated_file_is_set_aside(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / "node.db"
    path.write_bytes(path.read_bytes()[:10_000])
    store = opened(tmp_path)
    assert len(store.damaged) == 1
    store.close()


def test_a_store_of_a_newer_gridwatch_is_left_alone(tmp_path: Path) -> None:
    filled(tmp_path)
    connection = sqlite3.connect(tmp_path / "node.db")
    connection.execute(f"PRAGMA user_version = {len(NODE.migrations) + 1}")
    connection.close()
    with pytest.raises(StoreForeign, match="newer gridwatch"):
        opened(tmp_path)
    assert not (tmp_path / "damaged").exists()


def test_a_full_disk_undoes_the_transaction_and_the_store_works_on_when_there_is_room(tmp_path: Path) -> None:
    store = opened(tmp_path)
    pages = store._book.connection.execute("PRAGMA page_count").fetchone()[0]
    store._book.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreFull, match="full"), store.transaction() as tx:
        for _ in range(200):
            tx.queue(a_health("x" * 400), NOON)
    assert store.batch(Series.HEALTH) == []
    store._book.connection.execute("PRAGMA max_page_count = 100000")
    with store.transaction() as tx:
        assert tx.queue(a_health(), NOON).seq == 1
    store.close()


def test_a_full_disk_swallowed_by_the_caller_still_leaves_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path)
    pages = store._book.connection.execute("PRAGMA page_count").fetchone()[0]
    store._book.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="undone"), store.transaction() as tx:
        with pytest.raises(StoreFull):
            for _ in range(200):
                tx.queue(a_health("x" * 400), NOON)
        with pytest.raises(StoreError, match="undone"):
            tx.put_state("slot", "a", b"1")
    assert store.states("slot") == {}
    assert store.figures().series[Series.HEALTH].next_seq == 1
    store.close()


class Room:
    """A ballast that gives back pages of the database instead of bytes of the disk."""

    def __init__(self, store: NodeStore) -> None:
        self.connection = store._book.connection
        self.dropped = 0

    def take(self) -> None:
        self.connection.execute(f"PRAGMA max_page_count = {self.pages() + 1}")

    def drop(self) -> bool:
        self.dropped += 1
        self.connection.execute(f"PRAGMA max_page_count = {self.pages() + 100}")
        return self.dropped == 1

    def pages(self) -> int:
        return int(self.connection.execute("PRAGMA page_count").fetchone()[0])


def test_on_a_full_disk_answers_are_settled_with_the_room_kept_back(tmp_path: Path) -> None:
    store = opened(tmp_path)
    with store.transaction() as tx:
        for _ in range(200):
            tx.queue(a_health("x" * 400), NOON)
    sent = store.batch(Series.HEALTH)
    room = Room(store)
    store._book._ballast = room  # type: ignore[assignment]
    room.take()
    refusals = tuple(
        Refusal(series=Series.HEALTH, epoch=store.epoch, seq=event.seq, code="invalid", reason="x" * 500)
        for event in sent
    )
    assert store.settle(sent, IngestAnswer(refused=refusals)).refused == 200
    assert room.dropped == 1
    store.close()


def test_the_room_is_kept_back_from_the_start_and_again_after_it_was_needed(tmp_path: Path) -> None:
    store = opened(tmp_path)
    assert (tmp_path / "ballast").stat().st_blocks * 512 >= SIZE
    assert store._ballast.drop()
    assert not store._ballast.drop()
    store.settle([], IngestAnswer())
    assert (tmp_path / "ballast").is_file()
    store.close()


def test_committed_means_flushed_to_the_disk(tmp_path: Path) -> None:
    store = opened(tmp_path)
    asked = {
        name: store._book.connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("synchronous", "journal_mode", "foreign_keys")
    }
    assert asked == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}
    store.close()
