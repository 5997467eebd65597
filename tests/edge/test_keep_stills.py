"""The pictures of the last hour: found by time, deleted after it, and the first to go."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from devices.ids import uuid7
from edge.keep import NodeStore
from edge.keep.ballast import SIZE as BALLAST
from edge.keep.quota import Step
from edge.keep.stills import PART, Stills
from tests.edge.points_for_tests import NOON

MIB = 1024 * 1024
PICTURE = b"\xff\xd8" + b"x" * 998


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def filled(folder: Path, *cameras: str, count: int = 5, share: int = 100 * MIB) -> Stills:
    stills = Stills(folder, share)
    for number in range(count):
        for camera in cameras:
            stills.put(camera, at(10 * number), PICTURE)
    return stills


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("asked", "found"), [(-500, 0), (4, 0), (6, 10), (20, 20), (34, 30), (9000, 40)])
def test_the_picture_nearest_to_a_time_is_found(tmp_path: Path, asked: float, found: float) -> None:
    stills = filled(tmp_path, "A")
    assert stills.nearest("A", at(asked)) == at(found)
    assert stills.read("A", at(found)) == PICTURE


def test_of_a_camera_without_pictures_there_is_none(tmp_path: Path) -> None:
    assert filled(tmp_path, "A").nearest("B", NOON) is None


def test_after_an_hour_a_picture_is_deleted_from_the_disk(tmp_path: Path) -> None:
    stills = filled(tmp_path, "A")
    stills.sweep(at(3600 + 15), {"A"})
    assert stills.times("A") == [at(20), at(30), at(40)]
    assert len(files(tmp_path)) == 3
    assert stills.used == 3 * len(PICTURE)
    stills.sweep(at(7200), {"A"})
    assert (files(tmp_path), stills.used) == ([], 0)


def test_what_an_earlier_run_left_is_there_again_and_goes_after_its_hour(tmp_path: Path) -> None:
    filled(tmp_path, "A")
    later = Stills(tmp_path, 100 * MIB)
    assert (later.times("A")[0], later.used) == (at(0), 5 * len(PICTURE))
    later.sweep(at(3600 + 35), {"A"})
    assert later.times("A") == [at(40)]


def test_pictures_that_a_wrong_clock_dated_ahead_are_deleted(tmp_path: Path) -> None:
    stills = filled(tmp_path, "A", count=2)
    stills.sweep(at(-3600), {"A"})
    assert files(tmp_path) == []


def test_pictures_of_a_camera_that_left_the_site_are_deleted(tmp_path: Path) -> None:
    stills = filled(tmp_path, "A", "B", count=1)
    (tmp_path / "stills" / "B" / "1.part").write_bytes(b"half a picture")
    stills.sweep(at(10), {"A"})
    assert files(tmp_path) == [f"stills/A/{round(NOON.timestamp() * 1000)}.jpg"]
    assert stills.used == len(PICTURE)


def test_they_take_a_quarter_of_the_share_and_the_oldest_of_all_cameras_go(tmp_path: Path) -> None:
    stills = filled(tmp_path, "A", "B", count=8, share=6 * len(PICTURE) * PART)
    assert stills.used == 6 * len(PICTURE)
    assert stills.times("A") == stills.times("B") == [at(50), at(60), at(70)]


def test_they_count_in_the_nodes_share_and_are_the_first_to_give_way(tmp_path: Path) -> None:
    share = BALLAST + 4 * MIB
    store = NodeStore.open(tmp_path, "n1", now=lambda: NOON, new_id=uuid7, share=share)
    before = store._room.used()
    for number in range(40):
        store.stills.put("A", at(number), b"\xff\xd8" + b"x" * 50_000)
    assert store._room.used() - before == store.stills.used > 0
    store.save_photo(b"\xff\xd8" + b"y" * 3 * MIB)
    with store.transaction():
        pass
    assert next(iter(Step)) is Step.STILLS
    assert store.stills.used == 0, "stills went, before anything else"
    assert len(list(tmp_path.glob("evidence/*/*.jpg"))) == 1
    store.close()
