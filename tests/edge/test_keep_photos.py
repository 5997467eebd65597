from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.ids import uuid7
from devices.messages import Committed, IngestAnswer, Refusal, Series
from edge.errors import StoreError
from edge.keep import NodeStore
from tests.edge.messages_for_tests import NOON, an_evidence

JPEG = b"\xff\xd8 a photo \xff\xd9"


def opened(directory: Path) -> NodeStore:
    return NodeStore.open(directory, "n1", now=lambda: NOON, new_id=uuid7)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeStore]:
    store = opened(tmp_path)
    yield store
    store.close()


def queue_photo(store: NodeStore, jpeg: bytes = JPEG) -> tuple[str, Path]:
    sha256, path = store.save_photo(jpeg)
    with store.transaction() as tx:
        tx.queue(an_evidence(sha256, len(jpeg)), NOON)
    return sha256, path


def commit(store: NodeStore, first: int, last: int) -> None:
    ranges = ((first, last),)
    answer = IngestAnswer(committed=(Committed(series=Series.EVIDENCE, epoch=store.epoch, ranges=ranges),))
    store.settle(store.batch(Series.EVIDENCE), answer)


def test_a_photo_is_named_by_its_content_and_read_back(store: NodeStore, tmp_path: Path) -> None:
    sha256, path = store.save_photo(JPEG)
    assert sha256 == hashlib.sha256(JPEG).hexdigest()
    assert path == tmp_path / "evidence" / sha256[:2] / f"{sha256}.jpg"
    assert store.photo(sha256) == JPEG
    assert list(path.parent.iterdir()) == [path]


def test_a_torn_file_of_that_name_is_written_again(store: NodeStore) -> None:
    sha256, path = store.save_photo(JPEG)
    path.write_bytes(JPEG[:3])
    store.save_photo(JPEG)
    assert store.photo(sha256) == JPEG


def test_evidence_without_its_photo_on_the_disk_is_not_queued(store: NodeStore) -> None:
    with pytest.raises(StoreError, match="save_photo"), store.transaction() as tx:
        tx.queue(an_evidence("a" * 64, 5), NOON)


def test_a_photo_goes_when_the_cloud_has_its_message(store: NodeStore) -> None:
    _, path = queue_photo(store)
    assert path.is_file()
    commit(store, 1, 1)
    assert not path.exists()


def test_a_photo_of_two_messages_goes_with_the_last(store: NodeStore) -> None:
    _, path = queue_photo(store)
    queue_photo(store)
    commit(store, 1, 1)
    assert path.is_file()
    commit(store, 2, 2)
    assert not path.exists()


def test_a_photo_that_waits_to_be_queued_is_not_deleted_with_an_older_message(store: NodeStore) -> None:
    sha256, path = queue_photo(store)
    store.save_photo(JPEG)
    commit(store, 1, 1)
    assert path.is_file()
    with store.transaction() as tx:
        tx.queue(an_evidence(sha256, len(JPEG)), NOON)
    commit(store, 2, 2)
    assert not path.exists()


def test_the_photo_of_a_refused_message_stays_for_people_to_look_at(store: NodeStore) -> None:
    _, path = queue_photo(store)
    refusal = Refusal(series=Series.EVIDENCE, epoch=store.epoch, seq=1, code="invalid", reason="no")
    store.settle(store.batch(Series.EVIDENCE), IngestAnswer(refused=(refusal,)))
    assert path.is_file()


def test_photos_without_a_message_and_unfinished_files_are_swept_at_the_next_start(tmp_path: Path) -> None:
    first = opened(tmp_path)
    _, wanted = queue_photo(first)
    _, orphan = first.save_photo(b"never queued")
    unfinished = orphan.parent / "0123.part"
    unfinished.write_bytes(b"half")
    first.close()
    again = opened(tmp_path)
    assert wanted.is_file()
    assert not orphan.exists()
    assert not unfinished.exists()
    assert again.figures().evidence_bytes == len(JPEG)
    again.close()


def test_a_disk_that_cannot_be_written_is_said_in_words(store: NodeStore, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(JPEG).hexdigest()
    (tmp_path / "evidence" / sha256[:2]).write_text("a file where a folder should be")
    with pytest.raises(StoreError, match="could not be saved"):
        store.save_photo(JPEG)
