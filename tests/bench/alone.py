"""Parts of the node by themselves: the detector's memory and looks, and an evidence clip.

`python -m tests.bench.alone detector` and `python -m tests.bench.alone clip URI`, one line of JSON each.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from devices.ids import uuid7
from devices.stream.coded import Stamped
from devices.stream.mp4 import write_mp4
from devices.stream.ring import Ring
from devices.stream.rtsp_client import AccessUnit, StreamInfo, receive
from edge.keep import NodeStore
from edge.see.detector import SsdLite
from tests.bench.cameras import names
from tests.bench.children import Child, cameras_child
from tests.bench.legs import Figures, Leg, Times
from tests.bench.proc import memory
from tests.bench.streams import STREAMS

CLIP = 15.0
"""Seconds of an evidence clip."""
TIMES = 20
CROP = (320, 320)


class Kept:
    """A `Receiver` that keeps all in a ring."""

    def __init__(self) -> None:
        self.ring = Ring(CLIP, 1 << 30)
        self.latest = 0.0

    def opened(self, info: StreamInfo) -> None:
        """Nothing to do."""

    def clock(self, at: float, utc: float) -> None:
        """Nothing to do."""

    def unit(self, unit: AccessUnit) -> None:
        """Keep it."""
        self.latest = unit.at
        self.ring.put("c", Stamped(unit.at, unit))


def clip(uri: str, size: tuple[int, int]) -> Figures:
    """CPU of evidence clips out of the ring, as the node makes, hashes and syncs them."""
    kept = Kept()

    async def listen() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLIP + 4):
                await receive(uri, None, kept)

    asyncio.run(listen())
    spent: dict[str, float] = {"clip_file_ms": 0.0, "clip_kept_ms": 0.0}
    with tempfile.TemporaryDirectory(prefix="gridwatch-bench-") as folder:
        store = NodeStore.open(Path(folder), "n1", now=lambda: datetime.now(UTC), new_id=uuid7)
        for number in range(TIMES):  # each another clip: one that is there is not written again
            end = kept.latest - number / TIMES
            before = time.process_time()
            made = write_mp4(kept.ring.cut("c", end - CLIP, end), size)
            between = time.process_time()
            store.save_photo(made)
            spent["clip_file_ms"] += between - before
            spent["clip_kept_ms"] += time.process_time() - between
        store.close()
    each = {name: round(1000 * seconds / TIMES, 2) for name, seconds in spent.items()}
    return {**each, "clip_ms": round(sum(each.values()), 2), "clip_mb": round(len(made) / 1e6, 2)}


def detector() -> Figures:
    """What a process grows by when it holds the detector and has looked, and the CPU of one look."""
    cv2.setNumThreads(1)
    before = memory(os.getpid())["rss_mib"] or 0
    one = SsdLite()
    crop = np.random.default_rng(1).integers(0, 255, (*CROP, 3), dtype=np.uint8)
    one.detect(crop, 0.5)
    begun = time.process_time()
    for _ in range(TIMES):
        one.detect(crop, 0.5)
    spent = time.process_time() - begun
    after = memory(os.getpid())["rss_mib"] or 0
    return {"detector_mib": after - before, "detector_look_ms": round(1000 * spent / TIMES, 1)}


def run(leg: Leg, times: Times, folder: Path) -> Figures:
    """The leg of one part, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.alone", leg.who]
    if leg.who == "detector":
        with Child(command, folder / "detector.log") as child:
            return child.hear()
    with cameras_child(folder, leg.stream, leg.cameras) as cameras:
        uri = f"rtsp://127.0.0.1:{cameras.hear()['port']}/{names(1)[0]}"
        form = STREAMS[leg.stream]
        with Child([*command, uri, str(form.width), str(form.height)], folder / "clip.log") as child:
            return child.hear()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["detector"]:
            print(json.dumps(detector()))
        case ["clip", uri, width, height]:
            print(json.dumps(clip(uri, (int(width), int(height)))))
