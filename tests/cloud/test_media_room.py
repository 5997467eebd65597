"""A disk that is full: photos wait at the nodes, alarms are taken all the same."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from cloud.errors import Problem
from cloud.media import store as stores
from cloud.media.room import Room
from cloud.media.store import MediaStore
from tests.cloud.conftest import bearer
from tests.cloud.sender_for_tests import JPEG

pytestmark = pytest.mark.anyio

CLIP = b"\0\0\0\x20ftypisom" + bytes(range(256)) * 20
NAME = hashlib.sha256(CLIP).hexdigest()
PICTURE = hashlib.sha256(JPEG).hexdigest()


@pytest.fixture
def full_disk(monkeypatch, tmp_path):
    """Every new file of a store lies on the kernel's full device: writing it fails as on a full disk."""

    def fill(directory: Path, *names: str) -> None:
        monkeypatch.setattr(stores, "uuid4", lambda: SimpleNamespace(hex="fresh"))
        for name in names:
            folder = directory / name[:2]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f".{name}.fresh").symlink_to("/dev/full")

    return fill


def test_writing_to_a_full_disk_is_storage_full_and_leaves_nothing(full_disk, tmp_path, caplog) -> None:
    store = MediaStore(tmp_path / "media")
    full_disk(store.directory, NAME)
    with pytest.raises(Problem) as caught:
        store.put(NAME, CLIP)
    assert caught.value.code == "storage_full"
    assert store.find(NAME) is None
    assert [path for path in store.directory.rglob("*") if path.is_file() or path.is_symlink()] == []
    assert store.room.used == 0
    assert store.put(NAME, CLIP), "there is room again"
    assert store.room.used == len(CLIP)


def test_other_faults_of_the_disk_are_not_called_full(tmp_path) -> None:
    room = Room(tmp_path)
    with pytest.raises(PermissionError), room.full_is_said():
        raise OSError(errno.EACCES, "no")


def test_a_quota_and_a_reserve_are_said_once_when_they_are_gone_and_once_when_back(tmp_path, caplog) -> None:
    room = Room(tmp_path, quota=100)
    room.took(60)
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            with pytest.raises(Problem, match="keep it and send it again"):
                room.check(41)
        room.check(40)
        room.reserve = room.free() * 2
        with pytest.raises(Problem):
            room.check(1)
    told = [record.getMessage() for record in caplog.records]
    assert [line.partition(":")[0] for line in told] == [
        "no room for photos and clips",
        "photos and clips have room again",
        "no room for photos and clips",
    ]
    assert "quota" in told[0]
    assert "reserve" in told[2]


def test_a_deleted_photo_goes_with_its_copies_and_frees_what_it_took(tmp_path) -> None:
    store = MediaStore(tmp_path / "media")
    store.put(PICTURE, JPEG)
    copy = store.copy(f"{PICTURE}-1", lambda: b"coarse")
    assert store.copy(f"{PICTURE}-1", lambda: b"never made again").read_bytes() == b"coarse"
    assert {name for name, _ in store.files()} == {PICTURE, f"copies/{PICTURE}-1"}
    assert store.room.used == len(JPEG) + len(b"coarse")
    assert store.delete(PICTURE) == len(JPEG)
    assert not copy.exists()
    assert list(store.files()) == []
    assert store.room.used == 0
    assert store.delete(PICTURE) == 0


async def test_alarms_are_taken_while_the_disk_is_full_and_their_photos_when_there_is_room(
    street, sender, seen, full_disk
) -> None:
    async with street() as s:
        media = s.app.state.context.media
        full_disk(media.directory, PICTURE)
        bike = seen(sender)
        photo = await s.http.put(f"/api/v1/media/{PICTURE}", content=JPEG, headers=bearer("n1"))
        assert (photo.status_code, photo.json()["code"]) == (507, "storage_full")
        assert photo.headers["retry-after"] == "60"
        answer = await s.send(
            bike.now("opened"), sender.photo(bike.id, PICTURE), bike.now("updated", count=9)
        )
        assert [one["code"] for one in answer["refused"]] == ["media_missing"]
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert incident["count"] == 9
        assert incident["evidence_due"], "the photo is still awaited"
        assert (
            await s.http.put(f"/api/v1/media/{PICTURE}", content=JPEG, headers=bearer("n1"))
        ).status_code == 201
        assert (await s.send(sender.photo(bike.id, PICTURE)))["refused"] == []
        assert (await leader.the_incident())["thumbnail_url"] is not None


async def test_a_piece_that_finds_the_disk_full_can_be_sent_again(street) -> None:
    async with street() as s:
        part = s.app.state.context.media.directory / "parts" / "n1" / NAME
        part.parent.mkdir(parents=True)
        part.symlink_to("/dev/full")
        more = bearer("n1") | {"Upload-Offset": "0", "Upload-Length": str(len(CLIP))}
        answer = await s.http.patch(f"/api/v1/media/{NAME}", content=CLIP, headers=more)
        assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
        part.unlink()
        answer = await s.http.patch(f"/api/v1/media/{NAME}", content=CLIP, headers=more)
        assert answer.json()["complete"] is True


async def test_beyond_the_quota_photos_wait_and_alarms_do_not(street, sender, seen) -> None:
    async with street() as s:
        s.app.state.context.media.room.quota = len(JPEG) - 1
        photo = await s.http.put(f"/api/v1/media/{PICTURE}", content=JPEG, headers=bearer("n1"))
        assert photo.status_code == 507
        more = bearer("n1") | {"Upload-Offset": "0", "Upload-Length": str(len(CLIP))}
        piece = await s.http.patch(f"/api/v1/media/{NAME}", content=CLIP, headers=more)
        assert piece.status_code == 507
        assert (await s.send(seen(sender).now("opened")))["refused"] == []


def test_the_kernels_full_device_is_full() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        os.write(os.open("/dev/full", os.O_WRONLY), b"x")
    assert caught.value.errno == errno.ENOSPC
