"""One RTSP 1.0 connection (RFC 2326): the requests a player makes, answered."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from devices.credentials import Credentials
from simulators.cameras.rtsp_digest import challenge, is_right
from simulators.cameras.rtsp_faults import SLOW_ANSWER, Fault, Faults
from simulators.cameras.rtsp_feed import Feed, Viewer
from simulators.cameras.rtsp_segment import PAYLOAD_TYPE, Segment

TIMEOUT = 60
"""Seconds without a sign of life (request or receiver report) after which a session ends."""
MOST_HEAD = 16_384
"""Bytes of a request's head."""
METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
TRACK = "trackID=0"
REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
}

HEAD = (
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=Gridwatch simulated camera",
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    "a=control:*",
    "a=range:npt=now-",
)
SOUND = "".join(f"{line}\r\n" for line in (*HEAD, "m=audio 0 RTP/AVP 8", f"a=control:{TRACK}"))
"""A description of G.711 alone (payload type 8, RFC 3551)."""
_INTERLEAVED = re.compile(r"interleaved=(\d+)")


@dataclass(frozen=True, slots=True)
class Request:
    """A request's head; its body is read and let go."""

    method: str
    uri: str
    headers: Mapping[str, str]
    """Names in lower case."""

    @property
    def path(self) -> str:
        """What names the stream in the address, without slashes at its ends and without the track."""
        return urlsplit(self.uri).path.strip("/").removesuffix(TRACK).strip("/")


class Session:
    """One connection, from its first request to its end."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        feeds: Mapping[str, Feed],
        credentials: Credentials | None,
        faults: Faults,
    ) -> None:
        """`feeds`: by path, without slashes at the ends."""
        self._reader = reader
        self._writer = writer
        self._feeds = feeds
        self._credentials = credentials
        self._faults = faults
        self._nonce = secrets.token_hex(16)
        self._id = secrets.token_hex(8)
        self._feed: Feed | None = None
        self._viewer: Viewer | None = None

    async def run(self) -> None:
        """Answer until the client leaves, is silent for too long, or sends nonsense."""
        try:
            while (request := await self._next()) is not None:
                if Fault.MUTE in self._faults.of(request.path):
                    continue
                if Fault.SLOW in self._faults.of(request.path):
                    await asyncio.sleep(SLOW_ANSWER)
                status, headers, body = self._answer(request)
                self._reply(request, status, headers, body)
                if request.method == "TEARDOWN" and status == 200:
                    return
        except (
            TimeoutError,
            ConnectionError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValueError,
        ):
            return
        finally:
            self._stop()
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _next(self) -> Request | None:
        """The next request; receiver reports between requests are passed over."""
        while True:
            async with asyncio.timeout(TIMEOUT):
                first = await self._reader.readexactly(1)
                if first == b"$":
                    _, high, low = await self._reader.readexactly(3)
                    await self._reader.readexactly(high << 8 | low)
                    continue
                head = (first + await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lstrip("\r\n")
                line, *rest = head.split("\r\n")
                method, uri, version = line.split(" ")
                headers = {
                    name.strip().lower(): value.strip()
                    for name, colon, value in (each.partition(":") for each in rest)
                    if colon
                }
                await self._reader.readexactly(min(int(headers.get("content-length", "0")), MOST_HEAD))
                return Request(method, uri, headers) if version.startswith("RTSP/1.") else None

    def _answer(self, request: Request) -> tuple[int, dict[str, str], str]:
        if request.method == "OPTIONS":
            return 200, {"Public": METHODS}, ""
        if request.method not in METHODS.split(", "):
            return 405, {"Allow": METHODS}, ""
        feed = self._feeds.get(request.path)
        if feed is None:
            return 404, {}, ""
        refused = Fault.REFUSE_AUTH in self._faults.of(request.path)
        known = self._credentials is None or is_right(
            request.headers.get("authorization"), request.method, self._nonce, self._credentials
        )
        if refused or not known:
            return 401, {"WWW-Authenticate": challenge(self._nonce)}, ""
        if request.method == "DESCRIBE":
            base = request.uri.rstrip("/") + "/"
            deaf = Fault.AUDIO_ONLY in self._faults.of(request.path)
            body = SOUND if deaf else describe(feed.on_air())
            return 200, {"Content-Type": "application/sdp", "Content-Base": base}, body
        if request.method == "SETUP":
            return self._set_up(request, feed)
        mine = request.headers.get("session", "").partition(";")[0] == self._id
        if self._feed is None or self._viewer is None or not mine:
            return (200 if request.method == "GET_PARAMETER" else 454), {}, ""
        if request.method == "PLAY":
            # Joined first: the clock goes on between two looks at it; the key frame named is the one sent.
            self._feed.join(self._viewer)
            seq, stamp = self._feed.next_key()
            track = request.uri.rstrip("/").removesuffix(TRACK).rstrip("/") + "/" + TRACK
            return 200, {"Range": "npt=now-", "RTP-Info": f"url={track};seq={seq};rtptime={stamp}"}, ""
        return 200, {}, ""

    def _set_up(self, request: Request, feed: Feed) -> tuple[int, dict[str, str], str]:
        if self._viewer is not None:
            return 455, {}, ""
        asked = next(
            (each for each in request.headers.get("transport", "").split(",") if "RTP/AVP/TCP" in each), None
        )
        if asked is None:
            return 461, {}, ""
        found = _INTERLEAVED.search(asked)
        channel = int(found[1]) if found else 0
        if channel > 254:
            return 461, {}, ""
        transport = self._writer.transport
        self._feed, self._viewer = feed, Viewer(transport, channel)
        return 200, {"Transport": f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"}, ""

    def _reply(self, request: Request, status: int, headers: dict[str, str], body: str) -> None:
        lines = [f"RTSP/1.0 {status} {REASONS[status]}", f"CSeq: {request.headers.get('cseq', '0')}"]
        if self._viewer is not None:
            lines.append(f"Session: {self._id};timeout={TIMEOUT}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())

    def _stop(self) -> None:
        if self._feed is not None and self._viewer is not None:
            self._feed.leave(self._viewer)


def describe(segment: Segment) -> str:
    """The session description (RFC 4566) of what is shown."""
    coding = segment.coding
    lines = (
        *HEAD,
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} {coding.encoding}/90000",
        f"a=fmtp:{PAYLOAD_TYPE} {coding.format(segment.sets)}",
        f"a=framerate:{segment.rate:.3f}",
        f"a=control:{TRACK}",
    )
    return "".join(line + "\r\n" for line in lines)
