"""Recorded clips, of any container FFmpeg reads, as the same frames a camera would give."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import av
from av.error import FFmpegError
from av.video.stream import VideoStream

from devices.errors import StreamDropped, StreamError
from devices.stream.decoding import Decoding
from devices.stream.frame import Frame, FrameRequest
from devices.stream.source import step_of, units_of
from devices.stream.timeline import Timeline


def read_file(
    path: Path | str, request: FrameRequest | None = None, *, starts_at: datetime | None = None
) -> Iterator[Frame]:
    """The frames of a clip that are due, as fast as they can be decoded.

    `stream_time` is the clip's own time from 0; `starts_at` is the UTC time of its first picture, the time of
    opening unless given. Missing timestamps are counted up by the clip's mean rate; a timestamp that jumps
    back goes on one frame after the last.

    Raises:
        StreamError: no such file, not a clip, no video in it, or a video nothing could be decoded of.
        StreamDropped: the clip breaks off in the middle.

    """
    wanted = request if request is not None else FrameRequest()
    path = Path(path)
    if not path.is_file():
        raise StreamError(f"{path}: no such file")
    try:
        container = av.open(str(path))
    except FFmpegError as error:
        raise StreamError(f"{path}: not a clip that can be read ({error.strerror})") from error
    with container:
        video = next(iter(container.streams.video), None)
        if video is None:
            raise StreamError(f"{path}: no video in it")
        step = step_of(video)
        decoding = Decoding(
            video.codec_context,
            wanted,
            step=step,
            zero=(starts_at if starts_at is not None else datetime.now(UTC)).astimezone(UTC),
        )
        timeline: Timeline | None = None
        nothing = True
        try:
            for unit in units_of(container, video):
                if timeline is None:
                    timeline = Timeline(step=step, origin=_begin(video) if unit.hidden else None)
                for frame in decoding.take(timeline.at(unit.pts, unit.dts), unit):
                    nothing = False
                    yield frame
        except FFmpegError as error:
            raise StreamDropped(f"{path}: breaks off ({error.strerror})") from error
        for frame in decoding.finish():
            nothing = False
            yield frame
        if nothing:
            raise StreamError(f"{path}: no picture of it could be decoded")


def _begin(video: VideoStream) -> float:
    """Where the shown part of a clip begins on its own clock, if packets before it are only to be decoded."""
    return float((video.start_time or 0) * (video.time_base or 0))
