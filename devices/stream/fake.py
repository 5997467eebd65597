"""Stand-ins for tests of whoever reads streams: numbered clips, frames out of arrays, a camera by script."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from devices.credentials import Credentials
from devices.errors import StreamError, StreamUnreachable
from devices.stream.coded import Stamped
from devices.stream.frame import Colour, Frame, Luma
from devices.stream.source import Connection, Unit, step_of, units_of

_BEGIN = b"\0\0\0\1"
"""What NAL units begin with."""
TS_CLOCK = 90_000
"""Ticks a second of a transport stream, as of RTP."""
BITS = 12
"""Columns of a numbered picture; it counts to 4095."""
BEGIN = datetime(2024, 5, 1, tzinfo=UTC)
"""UTC of stream time 0 of frames made here."""


def numbered_picture(number: int, size: tuple[int, int] = (352, 288)) -> Colour:
    """A picture that carries a number as black and white columns, so that a frame can be recognised."""
    width, height = size
    bits = [(number >> (BITS - 1 - bit)) & 1 for bit in range(BITS)]
    columns = np.array(bits, np.uint8)[np.arange(width) * BITS // width] * 235
    return np.ascontiguousarray(np.broadcast_to(columns[None, :, None], (height, width, 3)))


def number_of(luma: Luma) -> int:
    """The number that a numbered picture carries, read at the middle of its columns."""
    middles = (2 * np.arange(BITS) + 1) * luma.shape[1] // (2 * BITS)
    bits = luma[luma.shape[0] // 2, middles] > 128
    return int("".join("1" if bit else "0" for bit in bits), 2)


def write_clip(
    path: Path,
    *,
    count: int,
    gop: int,
    rate: Fraction | int = 12,
    size: tuple[int, int] = (352, 288),
    codec: str = "libx264",
    b_frames: int = 0,
    first: int = 0,
) -> Path:
    """Write a clip of numbered pictures, from `first` on, with a key frame every `gop`; returns `path`.

    The container is FFmpeg's choice for the file's suffix.
    """
    options = {"bf": str(b_frames), "sc_threshold": "1000000000", "b_strategy": "0"}
    if codec == "libx264":
        options |= {"preset": "ultrafast", "x264-params": "scenecut=0"}
    else:
        options |= {"preset": "ultrafast", "x265-params": "scenecut=0:pools=1:log-level=none"}
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=rate, options=options)
        assert isinstance(video, VideoStream)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.gop_size = gop
        video.codec_context.thread_count = 1
        for number in range(first, first + count):
            picture = VideoFrame.from_ndarray(numbered_picture(number, size), format="bgr24")
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
    return path


def frame_of(
    image: Colour, at: float = 0.0, *, size: tuple[int, int] = (640, 360), is_key: bool = True
) -> Frame:
    """A frame as a stream would give it, of a BGR array and a stream time."""
    picture = VideoFrame.from_ndarray(image, format="bgr24")
    luma: Luma = picture.reformat(*size, "gray", threads=1).to_ndarray().astype(np.uint8, copy=False)
    height, width = image.shape[:2]
    return Frame(
        luma=luma,
        stream_time=at,
        taken_at=BEGIN + timedelta(seconds=at),
        is_key=is_key,
        aspect=width / height,
        picture=picture,
    )


@dataclass(frozen=True, slots=True)
class FakeUnit:
    """A coded picture out of a clip."""

    codec: str
    key: bool
    parameters: bytes
    rtp_time: int
    data: bytes
    broken: bool = False

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    def nals(self) -> Iterator[tuple[bytes]]:
        """Its NAL units, each in one piece."""
        return ((nal,) for nal in re.split(b"\0\0\0?\1", self.data) if nal)

    def annexb(self) -> bytes:
        """Its NAL units."""
        return self.data


def coded_clip(path: Path, *, rtp_base: int = 0) -> list[Stamped]:
    """The units of a clip in an MPEG transport stream, in decoding order, from stream time 0 on.

    Parameter sets are taken out of the units, as cameras send them that describe them in the session only.
    Pictures that are shown earlier than they come (B-frames) carry the highest time so far, as those that are
    received do.
    """
    units: list[Stamped] = []
    parameters, latest = b"", -math.inf
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        codec = video.codec_context.name
        for packet in container.demux(video):
            if packet.pts is None or packet.dts is None:
                continue
            nals = [_BEGIN + nal for nal in re.split(b"\0\0\0?\1", bytes(packet)) if nal]
            sets = b"".join(nal for nal in nals if _is_set(codec, nal))
            parameters = sets or parameters
            data = b"".join(nal for nal in nals if not _is_set(codec, nal))
            stamp = (packet.pts + rtp_base) & 0xFFFFFFFF
            latest = max(latest, packet.pts / TS_CLOCK)
            units.append(Stamped(latest, FakeUnit(codec, packet.is_keyframe, parameters, stamp, data)))
    return [Stamped(one.at - units[0].at, one.unit) for one in units]


def _is_set(codec: str, nal: bytes) -> bool:
    """Whether a NAL unit is a parameter set: H.264 table 7-1, H.265 table 7-1."""
    head = nal[len(_BEGIN)]
    return head & 31 in (7, 8) if codec == "h264" else head >> 1 & 63 in (32, 33, 34)


class FakeCamera:
    """A `Connect` that follows a script: an error is raised, a clip is sent to its end as fast as it is read.

    Once the script is over nobody answers.
    """

    def __init__(self, *script: StreamError | Path) -> None:
        self.opened = 0
        """How often it was tried."""
        self._script = iter(script)

    def __call__(
        self, uri: str, credentials: Credentials | None, *, timeout: tuple[float, float]
    ) -> Connection:
        """The script's next step."""
        self.opened += 1
        step = next(self._script, None)
        if step is None:
            raise StreamUnreachable("the script is over")
        if isinstance(step, StreamError):
            raise step
        return _FakeConnection(step)


class _FakeConnection:
    def __init__(self, clip: Path) -> None:
        self._container = av.open(str(clip))
        self._video = self._container.streams.video[0]
        self.codec = self._video.codec_context.name
        self.step = step_of(self._video)
        self.decoder = self._video.codec_context

    def units(self) -> Iterator[Unit]:
        return units_of(self._container, self._video)

    def close(self) -> None:
        self._container.close()
