"""One RTSP session (RFC 2326): from OPTIONS to PLAY, then pictures until it ends, then TEARDOWN."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

from devices.credentials import Credentials
from devices.errors import StreamDropped, StreamError, StreamRefused
from devices.reasons import Reason
from devices.stream.rtsp_client.connection import Connection, connect
from devices.stream.rtsp_client.dialogue import Dialogue
from devices.stream.rtsp_client.messages import Message
from devices.stream.rtsp_client.reception import Reception, frame_end
from devices.stream.rtsp_client.sdp import Video, joined, video_of
from devices.stream.rtsp_client.unit import Counts, Receiver, Timeouts

PORT = 554
BEAT = 0.04
"""Seconds between two reads of a stream that plays: one picture at 25 a second. All streams of a loop are
read at the same beats, so the process is woken 25 times a second however many there are."""
KEEP_ALIVE = 30.0
"""Seconds between signs of life at most; half the session's time-out when that is less."""
USUAL_TIMEOUT = 60
"""Seconds, where the server names none (RFC 2326, section 12.37)."""
MOST_MOVES = 3

_INTERLEAVED = re.compile(r"interleaved\s*=\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?", re.IGNORECASE)
_TIMEOUT = re.compile(r"timeout\s*=\s*(\d{1,6})", re.IGNORECASE)


async def receive(
    uri: str,
    credentials: Credentials | None,
    receiver: Receiver,
    *,
    timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
    counts: Counts | None = None,
) -> None:
    """Play the video at `uri` over TCP until cancelled; the end of the stream is a `StreamDropped` as well.

    `counts` is written to while it plays. Whatever `receiver` raises ends it, too. A user or password in
    `uri` is not used.

    Raises:
        StreamUnreachable: nobody answers, or not in time.
        StreamRefused: somebody answers, but not to these credentials.
        StreamDropped: anything else.
    """
    address = Address.of(uri)
    begun = address.host
    counted = counts if counts is not None else Counts()
    for _ in range(MOST_MOVES + 1):
        session = Session(address, credentials, receiver, timeouts, counted, basic=address.host == begun)
        try:
            await session.run()
        except Moved as moved:
            location = moved.location
        address = Address.of(location)
    raise StreamDropped(f"the camera redirects more than {MOST_MOVES} times")


class Moved(Exception):
    """Not an error: the stream is to be had at another address."""

    def __init__(self, location: str) -> None:
        super().__init__("moved")
        self.location = location


@dataclass(frozen=True, slots=True)
class Address:
    """Where a stream is, without user and password."""

    uri: str
    host: str
    port: int

    @classmethod
    def of(cls, uri: str) -> Address:
        """Read an rtsp address.

        Raises:
            StreamDropped: it is none.
        """
        try:
            parts = urlsplit(uri)
            host, port = parts.hostname, parts.port or PORT
        except ValueError:
            host = None
        if not host or parts.scheme != "rtsp" or not uri.isprintable() or " " in uri:
            raise StreamDropped("the address of the stream is not an rtsp:// address")
        place = parts.netloc.rpartition("@")[2]
        return cls(parts._replace(netloc=place, fragment="").geturl(), host, port)


class Session:
    """One attempt at one address."""

    def __init__(
        self,
        address: Address,
        credentials: Credentials | None,
        receiver: Receiver,
        timeouts: Timeouts,
        counts: Counts,
        *,
        basic: bool,
    ) -> None:
        """`basic`: whether the password may be sent in the open, if the camera asks for that."""
        self._address = address
        self._receiver = receiver
        self._timeouts = timeouts
        self._counts = counts
        self._dialogue = Dialogue(credentials, timeouts.answer, basic=basic)
        self._reception: Reception | None = None
        self._control = address.uri
        self._alive_by = "OPTIONS"
        self._alive_every = KEEP_ALIVE

    async def run(self) -> NoReturn:
        """Play until cancelled or raised.

        Raises:
            Moved: the camera names another address.
            StreamError: see `receive`.
        """
        sock = await connect(self._address.host, self._address.port, self._timeouts.connect)
        connection = Connection(sock, self._frames, self._dialogue.on_message, self._nonsense, self._counts)
        self._dialogue.connection = connection
        try:
            await self._open()
            await self._play(connection)
        finally:
            self._reception = None
            try:
                await self._leave()
            finally:
                connection.close()

    async def _open(self) -> None:
        uri, dialogue = self._address.uri, self._dialogue
        reply = await dialogue.ask("OPTIONS", uri)
        if "GET_PARAMETER" in reply.header("public").upper():
            self._alive_by = "GET_PARAMETER"
        reply = _good(await dialogue.ask("DESCRIBE", uri, {"Accept": "application/sdp"}), "DESCRIBE")
        video = video_of(reply.body.decode("utf-8", "replace"))
        base = reply.header("content-base") or reply.header("content-location")
        if not base.lower().startswith("rtsp://"):
            base = uri
        self._control = joined(base, video.session_control)
        await self._set_up(joined(base, video.control), video)
        reply = await dialogue.ask("PLAY", self._control, {"Range": "npt=0.000-"})
        if reply.status == 457:  # a live stream has no ranges, and some cameras mind
            reply = await dialogue.ask("PLAY", self._control)
        _good(reply, "PLAY")

    async def _set_up(self, uri: str, video: Video) -> None:
        asked = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
        reply = _good(await self._dialogue.ask("SETUP", uri, asked), "SETUP")
        transport = reply.header("transport")
        if transport and "TCP" not in transport.upper() and "interleaved" not in transport.lower():
            raise StreamDropped("the camera does not send over TCP", Reason.FAULT)
        first, second = 0, 1
        if found := _INTERLEAVED.search(transport):
            first = int(found[1])
            second = int(found[2]) if found[2] else first + 1
        name, _, rest = reply.header("session").partition(";")
        self._dialogue.session = name.strip()
        told = _TIMEOUT.search(rest)
        self._alive_every = min(KEEP_ALIVE, max(1.0, int(told[1] if told else USUAL_TIMEOUT) / 2))
        now = asyncio.get_running_loop().time()
        self._reception = Reception(video, (first, second), self._receiver, self._counts, now)

    async def _play(self, connection: Connection) -> NoReturn:
        reception, counts, silence = self._reception, self._counts, self._timeouts.silence
        assert reception is not None
        reception.open()
        clock = asyncio.get_running_loop().time
        now = heard = clock()
        more = False
        alive, packets = now + self._alive_every, counts.packets
        while True:
            await asyncio.sleep(0 if more else (now // BEAT + 1) * BEAT - now)
            reception.now = now = clock()
            more = connection.read()
            if counts.packets != packets:
                packets, heard = counts.packets, now
            elif now - heard > silence:
                raise StreamDropped(f"nothing came for {silence:g} s", Reason.SILENT)
            if now >= alive:
                alive = now + self._alive_every
                self._dialogue.tell(self._alive_by, self._control)
            elif (reply := self._dialogue.heard()) is not None:
                self._lived(reply)

    def _lived(self, reply: Message) -> None:
        """The answer to a sign of life. Whatever it is: as long as pictures come, the session lives."""
        if reply.status == 401:
            with contextlib.suppress(StreamRefused):
                self._dialogue.learn(reply)
                self._dialogue.tell(self._alive_by, self._control)
        elif reply.status >= 300:
            self._alive_by = "OPTIONS"

    async def _leave(self) -> None:
        """Say good-bye: many cameras keep a dead session for a minute, and have few."""
        if not self._dialogue.session:
            return
        with contextlib.suppress(StreamError, TimeoutError):
            async with asyncio.timeout(self._timeouts.farewell):
                await self._dialogue.ask("TEARDOWN", self._control)

    def _frames(self, data: bytearray, at: int, end: int) -> int:
        if self._reception is None:
            return frame_end(data, at, end)
        return self._reception.frames(data, at, end)

    def _nonsense(self, data: bytearray, at: int, end: int) -> int:
        if self._reception is None:
            raise StreamDropped("what answers there does not speak RTSP", Reason.FAULT)
        return self._reception.nonsense(data, at, end)


def _good(reply: Message, method: str) -> Message:
    """The reply, if it is a good one.

    Raises:
        Moved: it names another address.
        StreamDropped: it is not good.
    """
    if 200 <= reply.status < 300:
        return reply
    if 300 <= reply.status < 400 and reply.header("location"):
        raise Moved(reply.header("location"))
    if reply.status == 404:
        raise StreamDropped("the camera has no stream of this name", Reason.NO_STREAM)
    if reply.status == 461:
        raise StreamDropped("the camera does not send over TCP", Reason.FAULT)
    raise StreamDropped(f"the camera answers {method} with {reply.status}", Reason.FAULT)
