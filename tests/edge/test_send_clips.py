"""Clips travel after the photos, and what is one is told in the message."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from devices.ids import uuid7
from devices.messages import Event, Evidence, Series
from edge.errors import CloudUnreachable
from edge.keep import NodeStore
from edge.send.client import Reply
from edge.send.courier import Courier
from tests.edge.fake_cloud import Book
from tests.edge.messages_for_tests import NOON, a_clip, an_evidence

MP4 = b"\0\0\0\x20ftypisom clip "


class Thin:
    """A line that carries what is small, and breaks under clips while `broken`."""

    def __init__(self) -> None:
        self.book, self.broken, self.seen = Book(), False, []

    def put_media(self, sha256: str, content: bytes, media_type: str) -> Reply:
        self.seen.append(media_type)
        if self.broken and media_type == "video/mp4":
            raise CloudUnreachable("the line broke")
        return Reply(self.book.put(sha256, content), "", b"")

    def ingest(self, events: Sequence[Event]) -> Reply:
        self.seen.append(f"{len(events)} told")
        return Reply(200, "application/json", self.book.ingest(events).model_dump_json().encode())


@pytest.fixture
def store(tmp_path):
    opened = NodeStore.open(tmp_path, "n1", now=lambda: NOON, new_id=uuid7)
    yield opened
    opened.close()


def queue(store, *kinds: str) -> None:
    for number, kind in enumerate(kinds):
        content = (MP4 if kind == "clip" else b"photo ") + str(number).encode()
        sha256, path = store.save_photo(content)
        assert path.suffix == (".mp4" if kind == "clip" else ".jpg")
        made = a_clip if kind == "clip" else an_evidence
        with store.transaction() as tx:
            tx.queue(made(sha256, len(content)), NOON)


def test_photos_are_told_before_the_first_clip_leaves(store):
    queue(store, "photo", "clip", "photo", "clip")
    line = Thin()
    assert Courier(store, line, lambda: NOON).carry(Series.EVIDENCE)
    assert line.seen == ["image/jpeg", "image/jpeg", "2 told", "video/mp4", "video/mp4", "2 told"]
    assert store.batch(Series.EVIDENCE) == []
    assert store.figures().evidence_bytes == 0


def test_a_clip_that_does_not_get_through_keeps_no_photo_back(store):
    queue(store, "clip", "photo")
    line = Thin()
    line.broken = True
    courier = Courier(store, line, lambda: NOON)
    with pytest.raises(CloudUnreachable):
        courier.carry(Series.EVIDENCE)
    (left,) = store.batch(Series.EVIDENCE)
    assert left.data["kind"] == "clip"
    line.broken = False
    assert courier.carry(Series.EVIDENCE)
    assert store.batch(Series.EVIDENCE) == []


def test_a_clip_that_nobody_queued_goes_at_the_next_start(tmp_path):
    first = NodeStore.open(tmp_path, "n1", now=lambda: NOON, new_id=uuid7)
    _, path = first.save_photo(MP4)
    first.close()
    NodeStore.open(tmp_path, "n1", now=lambda: NOON, new_id=uuid7).close()
    assert not path.exists()


@pytest.mark.parametrize(
    "wrong", [{"codec": None}, {"seconds": None}, {"media_type": "image/jpeg"}, {"kind": "present"}]
)
def test_a_message_that_is_half_a_clip_is_none(wrong):
    clip = a_clip("0" * 64, 9).model_dump()
    with pytest.raises(ValidationError, match=r"codec|media_type"):
        Evidence.model_validate(clip | wrong)
