"""One small picture of each camera each ten seconds, out of what is looked at anyway."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.stream.fake import frame_of
from edge.keep.stills import Stills
from edge.node.stills import StillRing
from edge.see.slots import BRIDGE
from tests.edge.link_for_tests import command
from tests.edge.pictures_for_tests import TAKEN
from tests.edge.points_for_tests import NOON

PATIENCE = 30.0


class Bench:
    """A ring whose clock is the frames' own."""

    def __init__(self, folder: Path) -> None:
        self.at = 0.0
        self.stills = Stills(folder, 1 << 30)
        self.kept = threading.Semaphore(0)
        put = self.stills.put

        def counted(*given) -> None:
            put(*given)
            self.kept.release()

        self.stills.put = counted  # type: ignore[method-assign]
        self.ring = StillRing(self.stills, lambda: NOON + timedelta(seconds=self.at), lambda: self.at)
        self.ring.know(["P01-C1"])

    def look(self, every: float, until: float, picture=TAKEN, camera: str = "P01-C1") -> None:
        while self.at < until:
            taken_at = NOON + timedelta(seconds=self.at)
            self.ring.seen(camera, replace(frame_of(picture), taken_at=taken_at))
            self.at += every

    @contextmanager
    def running(self) -> Iterator[None]:
        stopping = threading.Event()
        thread = threading.Thread(target=self.ring.run, args=(stopping,))
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def seconds(self, count: int) -> list[float]:
        for _ in range(count):
            assert self.kept.acquire(timeout=PATIENCE)
        return [(at - NOON).total_seconds() for at in self.stills.times("P01-C1")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_of_one_look_a_second_each_tenth_is_kept(bench: Bench) -> None:
    bench.look(1.0, 45.0)
    with bench.running():
        assert bench.seconds(5) == [0.0, 10.0, 20.0, 30.0, 40.0]


def test_of_a_look_each_four_seconds_no_gap_is_longer_than_a_clock_goes_on_over(bench: Bench) -> None:
    bench.look(4.0, 50.0)
    with bench.running():
        kept = bench.seconds(5)
    assert max(two - one for one, two in pairwise(kept)) <= BRIDGE


def test_a_large_picture_is_kept_small_in_its_own_shape(bench: Bench) -> None:
    upright = np.ascontiguousarray(cv2.resize(TAKEN, (1080, 1920)))
    bench.look(10.0, 5.0, upright)
    with bench.running():
        bench.seconds(1)
    jpeg = bench.stills.read("P01-C1", NOON)
    assert jpeg is not None
    height, width = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape[:2]
    assert (width, height) == (202, 359)


def test_a_camera_that_is_none_of_the_nodes_leaves_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.look(10.0, 25.0, camera="P09-C9")
    bench.look(10.0, 40.0)
    with bench.running():
        bench.seconds(1)
    assert [path.name for path in (tmp_path / "stills").iterdir()] == ["P01-C1"]


def test_what_is_over_an_hour_old_goes_while_the_node_runs(bench: Bench) -> None:
    bench.stills.put("P01-C1", NOON - timedelta(minutes=61), b"\xff\xd8 old")
    bench.look(1.0, 1.0)
    with bench.running():
        bench.seconds(2)
    assert bench.stills.times("P01-C1") == [NOON]


def test_a_disk_that_fails_costs_stills_only(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    good, failed = bench.stills.put, threading.Event()

    def full(*_: object) -> None:
        failed.set()
        bench.stills.put = good  # type: ignore[method-assign]
        raise OSError(28, "no space left")

    bench.stills.put = full  # type: ignore[method-assign]
    bench.look(10.0, 15.0)
    with bench.running():
        assert failed.wait(PATIENCE)
        assert bench.seconds(1) == [10.0]


def test_the_picture_nearest_to_a_time_is_answered_or_why_there_is_none(bench: Bench) -> None:
    bench.look(10.0, 35.0)
    with bench.running():
        bench.seconds(4)
    done = bench.ring.still(command("still", camera="P01-C1", at=(NOON + timedelta(seconds=18)).isoformat()))
    assert done.result["taken_at"] == (NOON + timedelta(seconds=20)).isoformat()
    assert done.pictures[0].jpeg.startswith(b"\xff\xd8")
    newest = bench.ring.still(command("still", camera="P01-C1"))
    assert newest.pictures[0].taken_at == NOON + timedelta(seconds=30)
    assert "no camera" in str(bench.ring.still(command("still", camera="P09-C9")).reason)
    bench.stills.sweep(NOON + timedelta(hours=2), ["P01-C1"])
    assert "no picture" in str(bench.ring.still(command("still", camera="P01-C1")).reason)
