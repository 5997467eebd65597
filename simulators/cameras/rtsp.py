"""An RTSP server for simulated cameras: many paths on one port, H.264 and H.265 over TCP, almost no CPU.

Frames are cut into RTP packets once, when a segment is loaded; playing one patches numbers and times into
it and writes it whole. What a path shows is decided by its `Programme` at each key frame.

    segment = Segment.load("street.mp4")
    server = await serve_rtsp({"P01-C1/main": Looping(segment)}, port=20554)
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from devices.credentials import Credentials
from simulators.cameras.rtsp_faults import Fault, Faults
from simulators.cameras.rtsp_feed import Feed, Looping, Programme
from simulators.cameras.rtsp_segment import Segment
from simulators.cameras.rtsp_session import MOST_HEAD, Session

__all__ = ["Fault", "Faults", "Looping", "Programme", "Segment", "Server", "rtsp_in_thread", "serve_rtsp"]


class Server:
    """A running server. To be used in its own event loop, except for what says otherwise."""

    def __init__(
        self, feeds: Mapping[str, Feed], host: str, credentials: Credentials | None, faults: Faults
    ) -> None:
        self.host = host
        self.port = 0
        self._feeds = feeds
        self._credentials = credentials
        self._faults = faults
        self._sessions: dict[asyncio.Task[None], asyncio.WriteTransport] = {}
        self._listener: asyncio.Server | None = None

    async def start(self, port: int) -> None:
        """Listen; `port` 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        self._listener = await asyncio.start_server(self._accept, self.host, port, limit=MOST_HEAD)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and end every session."""
        if self._listener is not None:
            self._listener.close()
        for transport in self._sessions.values():
            transport.abort()
        await asyncio.gather(*self._sessions)

    def uri(self, path: str) -> str:
        """The address of a path, without credentials. Any thread."""
        return f"rtsp://{self.host}:{self.port}/{path}"

    def fault(self, path: str, fault: Fault, *, on: bool = True) -> None:
        """Switch a fault of a path on or off, from the next frame or request on. Any thread."""
        self._faults.switch(path, fault, on=on)

    def viewers(self, path: str) -> int:
        """How many clients play a path. Any thread."""
        return self._feeds[path].viewers

    def sessions(self) -> int:
        """How many connections are open. Any thread."""
        return len(self._sessions)

    def frames_sent(self) -> int:
        """Frames given to clients, of all paths. Any thread."""
        return sum(feed.frames_sent for feed in self._feeds.values())

    def keys_sent(self) -> int:
        """Key frames among them. Any thread."""
        return sum(feed.keys_sent for feed in self._feeds.values())

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions[task] = writer.transport
        try:
            await Session(reader, writer, self._feeds, self._credentials, self._faults).run()
        finally:
            del self._sessions[task]


async def serve_rtsp(
    paths: Mapping[str, Programme],
    host: str = "127.0.0.1",
    port: int = 0,
    credentials: Credentials | None = None,
    faults: Faults | None = None,
    *,
    now: Callable[[], float] = time.monotonic,
    utc: Callable[[], float] = time.time,
    ahead: Mapping[str, float] = MappingProxyType({}),
) -> Server:
    """Serve each programme under its path; returns when the port is open.

    `credentials`: asked for on every path, when given. `now`: the clock the programmes follow, in seconds.
    `utc`: what the cameras take for Unix time.
    `ahead`: seconds by which a path's clock is ahead of it; key frames of many cameras that show segments of
    one length would come all at once otherwise.

    Raises:
        OSError: the port is taken.
    """
    switched = faults if faults is not None else Faults()
    feeds = {
        path.strip("/"): Feed(path.strip("/"), programme, switched, _ahead(now, ahead.get(path, 0.0)), utc)
        for path, programme in paths.items()
    }
    server = Server(feeds, host, credentials, switched)
    await server.start(port)
    return server


def _ahead(now: Callable[[], float], by: float) -> Callable[[], float]:
    return (lambda: now() + by) if by else now


@contextlib.contextmanager
def rtsp_in_thread(
    paths: Mapping[str, Programme],
    credentials: Credentials | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    now: Callable[[], float] = time.monotonic,
    utc: Callable[[], float] = time.time,
    ahead: Mapping[str, float] = MappingProxyType({}),
) -> Iterator[Server]:
    """The same in a thread of its own, for callers that have no event loop (tests, benchmarks).

    Raises:
        OSError: the port is taken.
    """
    loop = asyncio.new_event_loop()
    try:
        server = loop.run_until_complete(
            serve_rtsp(paths, host, port, credentials, now=now, utc=utc, ahead=ahead)
        )
        thread = threading.Thread(target=loop.run_forever, name="rtsp", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
    finally:
        loop.close()
