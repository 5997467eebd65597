"""One TCP connection to a camera: bytes in, told apart into RTSP messages and interleaved frames.

Plain non-blocking sockets instead of asyncio's transports: while a stream plays, nobody waits for the socket
to be readable. It is read every 40 ms, whatever has come until then at once; that costs a third of being
woken for each packet.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
from collections.abc import Callable

from devices.errors import StreamDropped, StreamUnreachable
from devices.reasons import Reason
from devices.stream.rtsp_client import messages, rtp
from devices.stream.rtsp_client.messages import Message, Outgoing
from devices.stream.rtsp_client.unit import Counts

BUFFER = 128 << 10
"""Bytes read at once at most. Holds the longest frame (64 KiB) and the longest message with room to spare."""
MOST_READS = 32
"""Reads in a row of one connection before the others have their turn: 4 MiB."""


async def connect(host: str, port: int, patience: float) -> socket.socket:
    """A non-blocking connection.

    Raises:
        StreamUnreachable: nobody answers within `patience` seconds.
    """
    problem, reason = f"no answer within {patience:g} s", Reason.NO_ANSWER
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            try:
                for family, address in await _addresses(host, port):
                    try:
                        return await _connect(family, address)
                    except OSError as error:
                        problem = f"nobody answers ({_reason(error)})"
                        refused = isinstance(error, ConnectionRefusedError)
                        reason = Reason.CONNECTION_REFUSED if refused else Reason.NO_ANSWER
            except (OSError, UnicodeError):
                problem, reason = "the name of the camera is not known", Reason.NAME_UNKNOWN
    raise StreamUnreachable(problem, reason)


async def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    with contextlib.suppress(ValueError):
        number = ipaddress.ip_address(host)  # no thread for the look-up of what is no name
        return [(socket.AF_INET if number.version == 4 else socket.AF_INET6, (host, port))]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


async def _connect(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        asyncio.get_running_loop().remove_writer(sock)
        sock.close()
        raise
    return sock


def _reason(error: OSError) -> str:
    """The system's own words; asyncio's `strerror` repeats the address."""
    return os.strerror(error.errno) if error.errno else type(error).__name__


class Connection:
    """A connected socket with its buffer.

    What comes is handed to `on_frames(data, at, end) -> stop`, which takes the `$` frames that lie at `at` as
    far as they are whole, and to `on_message`.
    """

    def __init__(
        self,
        sock: socket.socket,
        on_frames: Callable[[bytearray, int, int], int],
        on_message: Callable[[Message], None],
        on_nonsense: Callable[[bytearray, int, int], int],
        counts: Counts,
    ) -> None:
        """`on_nonsense(data, at, end)`: bytes at `at` that are neither; says where to go on, or raises."""
        self._sock = sock
        self._on_frames = on_frames
        self._on_message = on_message
        self._on_nonsense = on_nonsense
        self._counts = counts
        self._data = bytearray(BUFFER)
        self._view = memoryview(self._data)
        self._held = 0  # bytes in the buffer that are not taken yet

    async def wait(self) -> None:
        """Wait until something comes, and take it.

        Raises:
            StreamDropped: the connection ended or broke, or what came cannot be read.
        """
        loop = asyncio.get_running_loop()
        try:
            count = await loop.sock_recv_into(self._sock, self._view[self._held :])
        except OSError as error:
            raise StreamDropped(f"the connection broke ({_reason(error)})") from error
        self._take(count)

    def read(self) -> bool:
        """Take what is there; True when there is more, but it is others' turn.

        Raises:
            StreamDropped: the connection ended or broke, or what came cannot be read.
        """
        for _ in range(MOST_READS):
            room = BUFFER - self._held
            try:
                count = self._sock.recv_into(self._view[self._held :])
            except (BlockingIOError, InterruptedError):
                return False
            except OSError as error:
                raise StreamDropped(f"the connection broke ({_reason(error)})") from error
            self._take(count)
            if count < room:
                return False
        return True

    def send(self, message: Outgoing) -> None:
        """Send a message, at once or not at all: they are short, and the camera reads or is lost.

        Raises:
            StreamDropped: it does not take it.
        """
        try:
            sent = self._sock.send(message)
        except OSError as error:
            raise StreamDropped(f"the connection broke ({_reason(error)})") from error
        if sent < len(message):
            raise StreamDropped("the camera takes no more requests")

    def close(self) -> None:
        """Give the socket back."""
        # Before its number is used anew: the loop forgets a cancelled read only a moment later.
        asyncio.get_running_loop().remove_reader(self._sock)
        self._sock.close()

    def _take(self, count: int) -> None:
        if count == 0:
            raise StreamDropped("the camera closed the connection")
        self._counts.octets += count
        data, at, end = self._data, 0, self._held + count
        while at < end:
            if data[at] == rtp.DOLLAR:
                stop = self._on_frames(data, at, end)
                if stop == at:
                    break
            elif data[at] in b"\r\n":
                stop = at + 1
            elif messages.begins(data, at, end):
                parsed = messages.parse(data, at, end)
                if parsed is None:
                    break
                message, stop = parsed
                self._on_message(message)
            else:
                stop = self._on_nonsense(data, at, end)
            at = stop
        self._held = end - at
        if at and self._held:
            self._view[: self._held] = self._view[at:end]
