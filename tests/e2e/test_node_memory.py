"""A node's memory stays flat while its line to the cloud comes and goes."""

from __future__ import annotations

import itertools
import statistics
import time
from pathlib import Path

import pytest

from devices.stream.fake import write_clip
from simulators.cameras.rtsp import Looping, Segment, rtsp_in_thread
from tests.devices.onvif_peers import RIGHT
from tests.e2e.town import PATIENCE, Town, town_of
from tests.edge.points_for_tests import camera, sensor

CAMERAS = 4
UP, AWAY = 2.0, 1.5
"""Seconds for which the line holds, and is away: cut, then silent."""
EVERY = 0.5
"""Seconds between two samples."""
PARTS = 10
FLAT = 0.05


def rss(pid: int) -> float:
    """Resident memory of a process, MiB (proc(5), VmRSS)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def flap(town: Town, seconds: float) -> list[float]:
    """Let the line come and go while the sensor talks and raises alarms; the node's memory at each sample."""
    found: list[float] = []
    end, turn = time.monotonic() + seconds, 0.0
    moods = itertools.cycle([("mute", AWAY), ("good", UP)])
    with town.publishing() as publish:
        for at in itertools.count():
            if time.monotonic() >= turn:
                town.line.mood, lasts = next(moods)
                town.line.cut()
                turn = time.monotonic() + lasts
            publish(70.0 if at // 6 % 2 else 10.0)
            found.append(rss(town.node.process.pid))
            if time.monotonic() >= end:
                break
            time.sleep(EVERY)
    town.line.mood = "good"
    town.line.cut()
    return found


@pytest.mark.parametrize(
    ("warm_up", "seconds"),
    [(15.0, 18.0), pytest.param(180.0, 1800.0, marks=[pytest.mark.long, pytest.mark.timeout(3600)])],
)
def test_the_memory_of_a_node_is_flat_while_its_line_comes_and_goes(tmp_path, warm_up, seconds):
    clip = write_clip(tmp_path / "c.mp4", count=100, gop=10, rate=10)
    programmes = {f"C{n}": Looping(Segment.load(clip)) for n in range(CAMERAS)}
    with rtsp_in_thread(programmes, RIGHT) as server:
        cameras = tuple(
            camera(f"P01-C{n}", credentials="CAM", stream_uri=server.uri(f"C{n}")) for n in range(CAMERAS)
        )
        with town_of(cameras, (sensor(),)) as town:
            for n in range(CAMERAS):
                town.node.says(f"P01-C{n} up", PATIENCE)
            town.node.says("broker up", PATIENCE)
            flap(town, warm_up)
            samples = flap(town, seconds)
            assert town.line.connections > seconds / (UP + AWAY), "the line did flap"
            size = len(samples) // PARTS
            parts = [statistics.mean(samples[at * size : (at + 1) * size]) for at in range(PARTS)]
            grown = (max(parts) - parts[0]) / parts[0]
            told = " ".join(f"{part:.1f}" for part in parts)
            print(f"\nRSS of {len(samples)} samples over {seconds:g} s, MiB by tenths: {told}; {grown:+.1%}")
            assert grown <= FLAT
            ledger = town.get("/nodes/n1/ledger")["lines"]
            assert all(line["missing"] == 0 for line in ledger)
            assert "Traceback" not in town.node.text
