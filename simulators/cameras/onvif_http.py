"""A small HTTP/1.1 server: as much of it as cameras speak, many ports in one event loop, idle at rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

from simulators.errors import ListenError

LARGEST_HEAD = 16 * 1024
LARGEST_BODY = 256 * 1024
"""Bytes; a SOAP request has about two thousand."""
IDLE = 15.0
"""Seconds that a connection is kept open without a request."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; the names of its headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    local: tuple[str, int]
    """The address and port that the client connected to."""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer."""

    status: HTTPStatus
    body: bytes
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False
    """Close the connection instead, without a byte of it."""


Handler = Callable[[Request], Awaitable[Response | None]]
"""None: never answer, and keep the connection until the client gives up."""


class HttpServer:
    """Serves one handler at one port until `close`."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self.port = 0
        """The port that is, or was, listened at."""
        self._talks: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int) -> Self:
        """Begin to serve; port 0 takes a free one.

        Raises:
            ListenError: the address cannot be used.
        """
        try:
            self._server = await asyncio.start_server(self._talk, host, port, limit=LARGEST_HEAD)
        except OSError as error:
            raise ListenError(f"{host}:{port}: cannot listen there: {error.strerror}") from error
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        """Stop listening and hang up."""
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            while (request := await self._read(reader, writer)) is not None:
                response = await self._handler(request)
                if response is None:
                    await reader.read()
                    break
                if response.hang_up:
                    break
                close = request.headers.get("connection", "").lower() == "close"
                writer.write(_bytes(response, close))
                await writer.drain()
                if close:
                    break
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # it went away, fell silent, or does not speak HTTP: nobody is there to be told
        except asyncio.CancelledError:
            return  # `close`; passed on, Python 3.11's streams would log it as an error of ours
        finally:
            self._talks.discard(task)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
        async with asyncio.timeout(IDLE):
            parsed = _parse(await _head(reader))
            if parsed is None:
                return None
            method, path, headers, size = parsed
            body = await reader.readexactly(size)
        host, port = writer.get_extra_info("sockname")[:2]
        return Request(method, path, headers, body, (host, port))


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).rstrip(b"\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return b""


def _parse(head: bytes) -> tuple[str, str, dict[str, str], int] | None:
    """Method, path, headers and length of the body; None where there is no request that we would read."""
    first, *lines = head.decode("latin-1").split("\r\n")
    split = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in split}
    size = headers.get("content-length", "0")
    words = first.split(" ")
    if len(words) != 3 or not size.isdecimal() or int(size) > LARGEST_BODY:
        return None
    return words[0], words[1], headers, int(size)


def _bytes(response: Response, close: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {response.status.value} {response.status.phrase}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {len(response.body)}",
        f"Connection: {'close' if close else 'keep-alive'}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + response.body
