"""RTSP over TCP by FFmpeg's demuxer: one connection, with the credentials known to nobody else."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from typing import Protocol
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.logging
from av.container import InputContainer
from av.error import ExitError, FFmpegError, HTTPForbiddenError, HTTPNotFoundError, HTTPUnauthorizedError
from av.video.stream import VideoStream

from devices.credentials import Credentials
from devices.errors import StreamDropped, StreamError, StreamRefused, StreamUnreachable
from devices.reasons import Reason
from devices.stream.source import Connection, Unit, step_of, units_of

OPTIONS = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
    "probesize": "32",
    "analyzeduration": "0",
}
"""No probing: the session description says what the stream is, and FFmpeg would decode frames to find out
(half the cost of opening)."""
NOBODY_THERE = {
    errno.ECONNREFUSED,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ETIMEDOUT,
    errno.EHOSTDOWN,
    errno.EIO,
}
"""What opening fails with when nothing answers; EIO is FFmpeg's word for a name that does not resolve."""


class Connect(Protocol):
    """Opens a stream: the seam that another receiver, or a test, takes."""

    def __call__(
        self, uri: str, credentials: Credentials | None, *, timeout: tuple[float, float]
    ) -> Connection:
        """Open `uri`; `timeout`: seconds for opening and for each packet after it.

        Raises:
            StreamUnreachable: nobody answers.
            StreamRefused: somebody answers, but not to these credentials.
            StreamDropped: anything else.
        """


def connect_rtsp(
    uri: str, credentials: Credentials | None, *, timeout: tuple[float, float] = (5.0, 10.0)
) -> Connection:
    """Open an RTSP stream over TCP (see `Connect`)."""
    av.logging.set_level(None)  # FFmpeg's own lines are not ours to vouch for: they may name the address
    begun = time.monotonic()
    problem: StreamError
    try:
        container = av.open(_with(uri, credentials), options=OPTIONS, timeout=timeout)
    except FFmpegError as error:
        problem = _explain(error)
        if isinstance(problem, StreamDropped) and time.monotonic() - begun >= timeout[0]:
            # A time-out in the middle of the conversation looks to FFmpeg like an unreadable answer.
            problem = StreamUnreachable(f"no answer within {timeout[0]:g} s")
    else:
        video = next(iter(container.streams.video), None)
        if video is not None:
            return _Rtsp(container, video, timeout[1])
        container.close()
        problem = StreamDropped("there is no video in the stream", Reason.NO_VIDEO)
    # Raised out here so that FFmpeg's error, whose text is the whole address, hangs on no traceback.
    raise problem


def shown(uri: str) -> str:
    """An address as it may be shown: without user, password and query."""
    parts = urlsplit(uri)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _with(uri: str, credentials: Credentials | None) -> str:
    if credentials is None:
        return uri
    parts = urlsplit(uri)
    user = f"{quote(credentials.user, safe='')}:{quote(credentials.password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))


def _explain(error: FFmpegError) -> StreamError:
    """Our error for FFmpeg's, without its text, which names the address."""
    if isinstance(error, HTTPUnauthorizedError | HTTPForbiddenError):
        return StreamRefused("the camera refuses the user or the password")
    if isinstance(error, HTTPNotFoundError):
        return StreamDropped("the camera has no stream of this name", Reason.NO_STREAM)
    if error.errno in NOBODY_THERE:
        refused = error.errno == errno.ECONNREFUSED
        reason = Reason.CONNECTION_REFUSED if refused else Reason.NO_ANSWER
        return StreamUnreachable(f"nobody answers ({error.strerror})", reason)
    return StreamDropped(f"the stream cannot be opened ({error.strerror})")


class _Rtsp:
    def __init__(self, container: InputContainer, video: VideoStream, patience: float) -> None:
        self.codec = video.codec_context.name
        self.step = step_of(video)
        self.decoder = video.codec_context
        self._container = container
        self._video = video
        self._patience = patience

    def units(self) -> Iterator[Unit]:
        problem: StreamError
        try:
            yield from units_of(self._container, self._video)
        except ExitError:
            problem = StreamDropped(f"nothing came for {self._patience:g} s", Reason.SILENT)
        except FFmpegError as error:
            problem = StreamDropped(f"the stream broke ({error.strerror})")
        else:
            return  # a server that is killed looks just like one that has finished
        raise problem

    def close(self) -> None:
        self._container.close()
