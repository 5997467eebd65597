"""An eye that has just opened: what was there is told from what came a moment later."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest

from simulators.scenes import Library, load_assets
from simulators.scenes.encode import GROUP, groups

ROOT = Path(__file__).parents[2]
CAMERA = 0
STANDS, GONE = 3.2, 1.4
"""Seconds into the segments `arrival` and `removal`."""


@pytest.fixture(scope="module")
def segments():
    names = ("empty", "arrival", "present", "removal")
    library = Library(load_assets())
    library.prepare([(CAMERA, name) for name in names])
    return {name: groups(library.path(CAMERA, "main", name)) for name in names}


def clip(path, played):
    """What a camera of the street sent: groups of pictures, one after the other."""
    raw = path.with_suffix(".h264")
    raw.write_bytes(b"".join(b"".join(group) for group in played))
    rate = len(played[0]) / GROUP
    with av.open(str(raw), format="h264") as source, av.open(str(path), "w", format="mpegts") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        packets = (packet for packet in source.demux(video=0) if packet.size)
        for number, packet in enumerate(packets):
            packet.pts = packet.dts = number
            packet.time_base = Fraction(1, round(rate))
            packet.stream = stream
            out.mux(packet)
    return path


@pytest.mark.parametrize("before", [1, 2, 3])
def test_a_bicycle_left_soon_after_the_eye_opened_is_dated_from_then_and_seen_gone(
    segments, tmp_path, before
):
    played = segments["empty"][:before] + segments["arrival"] + segments["present"] * 5
    stands, gone = before * GROUP + STANDS, len(played) * GROUP + GONE
    played += segments["removal"] + segments["empty"] * 4
    shown = clip(tmp_path / "soon.ts", played)
    command = [sys.executable, "-m", "gridwatch", "replay", str(shown), "--dwell", "20", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    opened, cleared = (json.loads(line) for line in done.stdout.splitlines())
    assert (opened["event"], opened["class"], opened["at_least"]) == ("opened", "bicycle", False)
    assert opened["since"] == pytest.approx(stands, abs=2.0)
    assert (cleared["event"], cleared["id"]) == ("cleared", opened["id"])
    assert gone < cleared["t"] < gone + 12
