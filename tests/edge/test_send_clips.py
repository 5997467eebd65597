"""Clips travel after the photos, and what is one is told in the message."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
from pydantic import ValidationError

from devices.ids import uuid7
from devices.messages import Event, Evidence, Series
from edge.errors import CloudStalled, CloudUnreachable
from edge.keep import NodeStore
from edge.send.client import Reply
from edge.send.courier import Courier
from edge.send.lanes import LANES
from edge.send.uploads import MISMATCHES, PIECE
from edge.send.verdict import PROBLEM
from tests.edge.fake_cloud import Book
from tests.edge.messages_for_tests import NOON, a_clip, an_evidence

MP4 = b"\0\0\0\x20ftypisom clip "


class Thin:
    """A line that carries what is small, and breaks under pieces of clips while `broken`."""

    def __init__(self) -> None:
        self.book, self.broken, self.seen, self.spoils = Book(), False, [], 0

    def put_media(self, sha256: str, content: bytes, media_type: str) -> Reply:
        self.seen.append(media_type)
        return Reply(self.book.put(sha256, content), "", b"")

    def media_offset(self, sha256: str) -> Reply:
        self.seen.append("asked")
        here = len(self.book.parts.get(sha256, b""))
        return Reply(200, "", b"", None, here, sha256 in self.book.media)

    def patch_media(self, sha256: str, piece: bytes, offset: int, length: int) -> Reply:
        if self.broken:
            raise CloudUnreachable("the line broke")
        self.seen.append(f"{offset // PIECE}")
        if self.spoils and offset == 0:
            self.spoils -= 1
            piece = bytes(len(piece))
        status, here, whole = self.book.patch(sha256, piece, offset, length)
        body = b'{"code": "hash_mismatch", "detail": "not those"}' if status == 422 else b""
        return Reply(status, PROBLEM, body, None, here, whole)

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
        content = (MP4 + bytes(2 * PIECE) if kind == "clip" else b"photo ") + str(number).encode()
        sha256, path = store.save_photo(content)
        assert path.suffix == (".mp4" if kind == "clip" else ".jpg")
        made = a_clip if kind == "clip" else an_evidence
        with store.transaction() as tx:
            tx.queue(made(sha256, len(content)), NOON)


PHOTOS, CLIPS = (share for share in LANES["evidence"] if share.live)


def empty(store) -> bool:
    return store.batch(Series.EVIDENCE) == []


def test_photos_leave_before_clips_and_again_between_their_pieces(store):
    queue(store, "clip", "photo")
    line = Thin()
    courier = Courier(store, line, lambda: NOON)
    assert courier.carry(PHOTOS)
    assert not courier.carry(PHOTOS)
    assert courier.carry(CLIPS)
    queue(store, "photo")
    assert courier.carry(PHOTOS)
    while courier.carry(CLIPS):
        pass
    told = ["image/jpeg", "1 told"]
    assert line.seen == [*told, "asked", "0", *told, "1", "2", "1 told"]
    assert empty(store)
    assert store.figures().evidence_bytes == 0


def test_a_clip_goes_on_where_a_cut_and_a_restart_of_the_node_left_it(store):
    queue(store, "clip")
    line = Thin()
    courier = Courier(store, line, lambda: NOON)
    assert courier.carry(CLIPS)
    line.broken = True
    with pytest.raises(CloudUnreachable):
        courier.carry(CLIPS)
    line.broken = False
    again = Courier(store, line, lambda: NOON)
    while again.carry(CLIPS):
        pass
    assert line.seen == ["asked", "0", "asked", "1", "2", "1 told"]
    assert empty(store)


def test_a_clip_whose_part_the_cloud_has_lost_begins_anew(store):
    queue(store, "clip")
    line = Thin()
    courier = Courier(store, line, lambda: NOON)
    assert courier.carry(CLIPS)
    line.book.parts.clear()
    while courier.carry(CLIPS):
        pass
    assert line.seen == ["asked", "0", "1", "asked", "0", "1", "2", "1 told"]
    assert empty(store)


def test_a_clip_that_arrives_spoilt_is_sent_again_from_the_start(store):
    queue(store, "clip")
    line = Thin()
    line.spoils = 1
    courier = Courier(store, line, lambda: NOON)
    assert courier.carry(CLIPS)
    assert courier.carry(CLIPS)
    with pytest.raises(CloudStalled, match="spoilt"):
        courier.carry(CLIPS)
    while courier.carry(CLIPS):
        pass
    assert empty(store)
    assert len(line.book.seqs("evidence")) == 1


def test_a_clip_that_always_arrives_spoilt_is_set_aside_and_not_retried_for_ever(store):
    queue(store, "clip", "clip")
    line = Thin()
    line.spoils = MISMATCHES
    courier = Courier(store, line, lambda: NOON)
    for _ in range(30):
        with suppress(CloudStalled):
            courier.carry(CLIPS)
    figures = store.figures().series[Series.EVIDENCE]
    assert (figures.evicted, figures.accepted, figures.queued) == (1, 1, 1)
    (gap,) = store.batch(Series.EVIDENCE)
    assert gap.body().cause == "unfit"


def test_a_clip_that_rotted_on_the_disk_is_told_as_lost(store):
    queue(store, "clip")
    (event,) = store.batch(Series.EVIDENCE)
    path = store._photos.path(event.data["sha256"])
    path.write_bytes(MP4 + bytes(3 * PIECE))
    courier = Courier(store, Thin(), lambda: NOON)
    while courier.carry(CLIPS):
        pass
    (gap,) = store.batch(Series.EVIDENCE)
    assert gap.body().cause == "photo_lost"


def test_a_clip_that_does_not_get_through_keeps_no_photo_back(store):
    queue(store, "clip", "photo")
    line = Thin()
    line.broken = True
    courier = Courier(store, line, lambda: NOON)
    with pytest.raises(CloudUnreachable):
        courier.carry(CLIPS)
    assert courier.carry(PHOTOS)
    (left,) = store.batch(Series.EVIDENCE)
    assert left.data["kind"] == "clip"
    line.broken = False
    while courier.carry(CLIPS):
        pass
    assert empty(store)


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
