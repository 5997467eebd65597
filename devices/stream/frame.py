"""What a caller asks of a stream, and what it gets: one picture with its time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

Luma = npt.NDArray[np.uint8]
"""[height, width], 0 black .. 255 white, the full range whatever range the stream uses."""
Chroma = npt.NDArray[np.uint8]
"""[90, 160, 2], Cr and Cb; 128 is no colour."""
Colour = npt.NDArray[np.uint8]
"""[height, width, 3], BGR."""

CHROMA = (160, 90)
"""Columns and rows of `Frame.chroma`."""
_PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"})


@dataclass(frozen=True, slots=True)
class FrameRequest:
    """What a caller wants to see of a stream.

    Raises:
        ValueError: a size under 2 pixels, or a duration that is not a positive number.

    """

    size: tuple[int, int] = (640, 360)
    """Width and height of `Frame.luma`; the whole picture is scaled to it, whatever its own shape."""
    every: float = 1.0
    """Seconds of stream time between two frames, at the least."""
    need: float = 4.0
    """The longest interval in seconds the caller can bear. Streams with key frames at most this far apart
    are decoded at their key frames only, others wholly."""

    def __post_init__(self) -> None:
        if min(self.size) < 2:
            raise ValueError(f"size: {self.size} is under 2 pixels; ask for at least 2 by 2")
        for name, value in (("every", self.every), ("need", self.need)):
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name}: {value} is not a positive number of seconds")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture. It keeps the whole decoded picture alive until it is let go."""

    luma: Luma = field(repr=False)
    """The whole picture, scaled to the size asked for."""
    stream_time: float
    """Seconds on the stream's own clock, rising from 0 at its first packet."""
    taken_at: datetime
    """UTC; the stream time tied to the wall clock once per connection."""
    is_key: bool
    aspect: float
    """Width by height as it should be shown: the pixels of D1 cameras are not square."""
    picture: VideoFrame = field(repr=False)
    """As decoded, for `colour`."""

    @property
    def width(self) -> int:
        """Pixels of the source."""
        return self.picture.width

    @property
    def height(self) -> int:
        """Pixels of the source."""
        return self.picture.height

    @property
    def chroma(self) -> Chroma | None:
        """The two planes of colour, Cr and Cb, small; None where the picture does not carry them as planes.

        Worked out at every call (0.05 ms): nothing is kept of them.
        """
        if self.picture.format.name not in _PLANAR:
            return None
        small = []
        for plane in (self.picture.planes[2], self.picture.planes[1]):
            rows = np.frombuffer(cast("memoryview[int]", plane), np.uint8).reshape(
                plane.height, plane.line_size
            )[:, : plane.width]
            step = max(1, plane.width // (2 * CHROMA[0]))
            small.append(cv2.resize(rows[::step, ::step], CHROMA, interpolation=cv2.INTER_AREA))
        return np.dstack(small)

    def colour(self, width: int | None = None) -> Colour:
        """The picture in colour, `width` pixels wide with the source's shape, or as large as the source.

        Converted at every call (about 2 ms for 1080p): callers that need it twice keep it.
        """
        wide = self.width if width is None else width
        high = max(1, round(self.height * wide / self.width))
        reformatter = VideoReformatter()
        converted = reformatter.reformat(
            self.picture,
            wide,
            high,
            "bgr24",
            interpolation="AREA" if wide < self.width else "BILINEAR",
            threads=1,
        )
        return cast("Colour", converted.to_ndarray())


def picture_frame(
    picture: VideoFrame,
    *,
    at: float,
    zero: datetime,
    size: tuple[int, int],
    ratio: float | None,
    reformatter: VideoReformatter,
) -> Frame:
    """The frame of a decoded picture.

    `zero`: the UTC time of stream time 0; `ratio`: width by height of one pixel, square unless known;
    `reformatter`: the calling thread's own, which remembers its tables between pictures of one size.
    """
    scaled = reformatter.reformat(picture, *size, "gray", interpolation="FAST_BILINEAR", threads=1)
    return Frame(
        luma=cast("Luma", scaled.to_ndarray()),
        stream_time=at,
        taken_at=zero + timedelta(seconds=at),
        is_key=picture.key_frame,
        aspect=picture.width / picture.height * (ratio or 1.0),
        picture=picture,
    )
