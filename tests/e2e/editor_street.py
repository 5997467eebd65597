"""A real cloud, node and camera for the tests of the site editor; they switch what the camera shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from devices.site.model import Camera
from edge.keep.stills import Stills
from simulators.cameras.rtsp import Segment, rtsp_in_thread
from tests.devices.onvif_peers import RIGHT
from tests.e2e.town import Town, town_of
from tests.edge.pictures_for_tests import BOX, EMPTY, NOISE, SIZE, TAKEN
from tests.edge.points_for_tests import camera

CAMERA = "P01-C0"
RATE, LOOP = 5, 20
"""Frames a second, and of the loop."""
HOUR, COME, GONE = 90, 20, 75
"""Pictures in the ring before the node starts, and the part of them with the thing."""
THING = tuple(edge / size for edge, size in zip(BOX, (*SIZE, *SIZE), strict=True))
"""Where it stands, in parts of the picture."""


class Switched:
    """A camera before which a thing stands or not."""

    def __init__(self, empty: Segment, taken: Segment) -> None:
        self._both, self.taken = (empty, taken), False

    def segment(self, at: float) -> Segment:
        return self._both[self.taken]


def noisy(ground: np.ndarray, number: int) -> np.ndarray:
    return np.asarray(cv2.add(ground, NOISE[number % len(NOISE)], dtype=cv2.CV_8U), np.uint8)


def clip(path: Path, ground: np.ndarray) -> Segment:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE, options={"bf": "0", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.codec_context.gop_size = RATE
        for number in range(LOOP):
            frame = VideoFrame.from_ndarray(noisy(ground, number), "bgr24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return Segment.load(path)


class EditorTown(Town):
    """The node finds a ring of a quarter of an hour at its first start, in which a thing came and went."""

    def start_node(self) -> None:
        stills, ends = Stills(self.state, 1 << 30), datetime.now(UTC)
        for number in range(HOUR):
            ground = TAKEN if COME <= number < GONE else EMPTY
            jpeg = cv2.imencode(".jpg", noisy(ground, number), [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
            stills.put(CAMERA, ends - timedelta(seconds=10 * (HOUR - number)), bytes(jpeg.tobytes()))
        super().start_node()


@contextmanager
def editor_street() -> Iterator[tuple[EditorTown, Switched]]:
    """All of it, started, and the switch of what the camera shows."""
    with TemporaryDirectory() as folder:
        shown = Switched(clip(Path(folder) / "empty.mp4", EMPTY), clip(Path(folder) / "taken.mp4", TAKEN))
        with rtsp_in_thread({"C0": shown}, RIGHT) as server:
            one: Camera = camera(CAMERA, credentials="CAM", stream_uri=server.uri("C0"), zones=())
            with town_of((one,), (), EditorTown) as town:
                town.node.says(f"{CAMERA} up", 240)
                yield town, shown
