"""Frames out of still pictures, for cameras that send no stream."""

from __future__ import annotations

from datetime import datetime, timedelta

from av.error import FFmpegError
from av.packet import Packet
from av.video.reformatter import VideoReformatter

from devices.errors import StreamDropped
from devices.stream.decoders import new_decoder
from devices.stream.frame import Frame, picture_frame


def still_frame(jpeg: bytes, *, at: float, taken_at: datetime, size: tuple[int, int]) -> Frame:
    """The frame of a JPEG file; `at` and `size` as in `Frame`.

    Raises:
        StreamDropped: it cannot be decoded.
    """
    decoder = new_decoder("mjpeg")
    try:
        pictures = [*decoder.decode(Packet(jpeg)), *decoder.decode(None)]
    except FFmpegError:
        pictures = []
    if not pictures or pictures[0].is_corrupt:
        raise StreamDropped("the camera's still picture cannot be decoded")
    return picture_frame(
        pictures[0],
        at=at,
        zero=taken_at - timedelta(seconds=at),
        size=size,
        ratio=None,
        reformatter=VideoReformatter(),
    )
