"""The other side of the RTSP client, for its tests: packets cut in all allowed ways, servers by script."""

import asyncio
import base64
import contextlib
import struct
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import pairwise

from devices.stream.rtsp_client import Counts, Timeouts, receive
from devices.stream.rtsp_client.connection import Connection
from devices.stream.rtsp_client.dialogue import Dialogue
from devices.stream.rtsp_client.h264 import H264
from devices.stream.rtsp_client.h265 import H265
from devices.stream.rtsp_client.reception import Reception
from devices.stream.rtsp_client.sdp import Video

START = b"\0\0\0\1"
SSRC = 0x1234
SPS = bytes.fromhex("6742c00ada189a1000000300100000030140f1226a")
PPS = bytes.fromhex("68ce0fc8")
VPS_265 = bytes.fromhex("40010c01ffff01600000030090000003000003001eba0240")
SPS_265 = bytes.fromhex("42010101600000030090000003000003001ea030810596e92930b9a02000000300200000030141")
PPS_265 = bytes.fromhex("4401c073c189")
SETS = {H264: (SPS, PPS), H265: (VPS_265, SPS_265, PPS_265)}
QUICK = Timeouts(connect=2.0, answer=0.6, silence=0.6, farewell=0.5)


def nal(codec, kind, body):
    """A NAL unit of this type."""
    head = bytes((0x60 | kind,)) if codec is H264 else bytes((kind << 1, 1))
    return head + body


def annexb_of(nals):
    return b"".join(START + each for each in nals)


def fragments(codec, whole, cuts):
    """FU-A or FU payloads of a NAL unit, cut at these places of its body."""
    size = 1 if codec is H264 else 2
    kind = whole[0] & 31 if codec is H264 else whole[0] >> 1 & 63
    head = bytes((whole[0] & 0xE0 | 28,)) if codec is H264 else bytes((whole[0] & 0x81 | 49 << 1, whole[1]))
    places = [size, *sorted(size + cut for cut in cuts), len(whole)]
    parts = [whole[begin:end] for begin, end in pairwise(places)]
    last = len(parts) - 1
    return [head + bytes(((n == 0) << 7 | (n == last) << 6 | kind,)) + part for n, part in enumerate(parts)]


def aggregate(codec, nals):
    """A STAP-A or AP payload."""
    head = bytes((0x60 | 24,)) if codec is H264 else bytes((48 << 1, 1))
    return head + b"".join(struct.pack(">H", len(each)) + each for each in nals)


@dataclass(frozen=True)
class Packet:
    """One RTP packet of the video."""

    payload: bytes
    sequence: int
    stamp: int
    marker: bool = False
    kind: int = 96
    source: int = SSRC
    csrc: int = 0
    extension: int = -1
    padding: int = 0

    def framed(self, channel=0):
        """On the wire."""
        first = 0x80 | self.csrc | (self.extension >= 0) << 4 | (self.padding > 0) << 5
        data = struct.pack(
            ">BBHII",
            first,
            self.marker << 7 | self.kind,
            self.sequence & 0xFFFF,
            self.stamp & 0xFFFFFFFF,
            self.source,
        )
        data += b"csrc" * self.csrc
        if self.extension >= 0:
            data += struct.pack(">HH", 0xBEDE, self.extension) + b"extn" * self.extension
        data += self.payload
        if self.padding:
            data += bytes(self.padding - 1) + bytes((self.padding,))
        return framed(channel, data)


def framed(channel, data):
    return struct.pack(">BBH", 0x24, channel, len(data)) + data


def packets_of(payloads, sequence, stamp, **more):
    """The packets of one picture, the last one marked."""
    last = len(payloads) - 1
    return [
        Packet(payload, sequence + n, stamp, marker=n == last, **more) for n, payload in enumerate(payloads)
    ]


def cut(codec, whole, most=1200):
    """A NAL unit as one payload or as fragments of at most `most` bytes of it."""
    if len(whole) <= most:
        return [whole]
    return fragments(codec, whole, range(most, len(whole) - 2, most))


def packetised(codec, pictures, sequence=0, stamp=0, step=3600):
    """Lists of NAL units as lists of packets, one list a picture."""
    sent = []
    for picture in pictures:
        sent.append(packets_of([part for each in picture for part in cut(codec, each)], sequence, stamp))
        sequence += len(sent[-1])
        stamp += step
    return sent


def key_of(codec, body=b"\x88picture"):
    """A key frame with its parameter sets."""
    return [*SETS[codec], nal(codec, 5 if codec is H264 else 19, body)]


def other_of(codec, body=b"\x9apicture"):
    return [nal(codec, 1, body)]


def wire_of(packets):
    return b"".join(packet.framed() for packet in packets)


def without(packet, **changes):
    return replace(packet, **changes)


class Notes:
    """A receiver that keeps what it is given."""

    def __init__(self):
        self.infos, self.units, self.clocks = [], [], []
        self.more = asyncio.Event()

    def opened(self, info):
        assert self.infos == []
        self.infos.append(info)
        self.more.set()

    def unit(self, unit):
        assert self.infos
        self.units.append(unit)
        self.more.set()

    def clock(self, at, utc):
        self.clocks.append((at, utc))
        self.more.set()

    async def until(self, condition, patience=10.0):
        async with asyncio.timeout(patience):
            while not condition(self):
                self.more.clear()
                await self.more.wait()


class Wire:
    """A socket that gives prepared pieces and keeps what it is sent."""

    def __init__(self, pieces):
        self.pieces, self.sent = deque(pieces), []

    def recv_into(self, view):
        if not self.pieces:
            raise BlockingIOError
        piece = self.pieces.popleft()
        if len(piece) > len(view):
            self.pieces.appendleft(piece[len(view) :])
            piece = piece[: len(view)]
        view[: len(piece)] = piece
        return len(piece)

    def send(self, data):
        self.sent.append(bytes(data))
        return len(data)


def play(codec, pieces, parameters=(), channels=(0, 1), clock_rate=90_000):
    """Feed pieces of bytes to an open session; returns the notes, the counts and what was sent back."""
    notes, counts, wire = Notes(), Counts(), Wire(pieces)
    video = Video(codec, 96, clock_rate, tuple(parameters), "", "")
    reception = Reception(video, channels, notes, counts, 0.0)
    dialogue = Dialogue(None, 1.0, basic=True)
    connection = Connection(wire, reception.frames, dialogue.on_message, reception.nonsense, counts)
    dialogue.connection = connection
    while wire.pieces:
        connection.read()
        reception.now += 0.04
    return notes, counts, wire.sent


def sdp_of(codec, sets=None, control="trackID=1", extra=()):
    """A session description."""
    encoded = [base64.b64encode(each).decode() for each in (SETS[codec] if sets is None else sets)]
    if codec is H264:
        given = f"packetization-mode=1;sprop-parameter-sets={','.join(encoded)}"
    else:
        names = ("sprop-vps", "sprop-sps", "sprop-pps")
        given = ";".join(f"{name}={value}" for name, value in zip(names, encoded, strict=False))
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=x", "t=0 0", *extra, "m=video 0 RTP/AVP 96"]
    lines += [f"a=rtpmap:96 {'H264' if codec is H264 else 'H265'}/90000", f"a=fmtp:96 {given}"]
    return "".join(line + "\r\n" for line in [*lines, f"a=control:{control}"])


@dataclass
class Asked:
    """A request as a scripted server saw it."""

    method: str
    uri: str
    headers: dict[str, str] = field(default_factory=dict)


class Script:
    """An RTSP server on a free port of the loopback that answers as a camera should.

    A test overrides an answer by method in `answers`: a function of (server, request) that returns the bytes
    to send, or None for the usual ones.
    """

    def __init__(self, codec=H264, stream=b"", answers=None, description=None):
        self.codec, self.stream = codec, stream
        self.answers = answers or {}
        self.description = sdp_of(codec) if description is None else description
        self.asked = []
        self.connections = 0
        self.writer = None
        self.noticed = lambda: None
        """Called after each request."""

    @property
    def uri(self):
        return f"rtsp://127.0.0.1:{self.port}/live"

    def of(self, method):
        return [each for each in self.asked if each.method == method]

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.tasks = set()
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        self.connections += 1
        self.tasks.add(asyncio.current_task())
        self.writer = writer
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *rest = head.strip().split("\r\n")
                method, uri, _ = ("reply", first, "") if first.startswith("RTSP/") else first.split(" ")
                request = Asked(method, uri, dict(each.split(": ", 1) for each in rest))
                self.asked.append(request)
                self.noticed()
                if method == "reply":
                    continue
                answer = self.answers[method](self, request) if method in self.answers else None
                if asyncio.iscoroutine(answer):
                    answer = await answer
                writer.write(self.usual(request) if answer is None else answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def reply(self, request, status="200 OK", headers=None, body=""):
        lines = [f"RTSP/1.0 {status}", f"CSeq: {request.headers['CSeq']}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body:
            lines.append(f"Content-Length: {len(body.encode())}")
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def usual(self, request):
        """What a camera answers."""
        if request.method == "OPTIONS":
            return self.reply(request, headers={"Public": "DESCRIBE, SETUP, PLAY, GET_PARAMETER"})
        if request.method == "DESCRIBE":
            headers = {"Content-Type": "application/sdp", "Content-Base": request.uri + "/"}
            return self.reply(request, headers=headers, body=self.description)
        if request.method == "SETUP":
            transport = request.headers["Transport"]
            return self.reply(request, headers={"Transport": transport, "Session": "abc;timeout=60"})
        if request.method == "PLAY":
            return self.reply(request) + self.stream
        return self.reply(request)


@contextlib.asynccontextmanager
async def receiving(uri, credentials=None, timeouts=QUICK):
    """The client at work: its notes, and its task."""
    notes = Notes()
    notes.counts = Counts()
    task = asyncio.create_task(receive(uri, credentials, notes, timeouts=timeouts, counts=notes.counts))
    task.add_done_callback(lambda _: notes.more.set())
    try:
        yield notes, task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
