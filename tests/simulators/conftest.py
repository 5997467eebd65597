"""Segments of numbered pictures, for the tests of what plays them."""

import pytest

from devices.stream.fake import write_clip
from simulators.cameras.rtsp import Segment

RATE, GOP = 50, 10


@pytest.fixture(scope="session")
def segments(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segments")
    return [
        Segment.load(
            write_clip(folder / f"{n}.mp4", count=50, gop=GOP, rate=RATE, size=(96, 64), first=n * 1000)
        )
        for n in range(2)
    ]
