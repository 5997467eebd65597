"""One HTTP POST to a camera on an event loop: a long poll costs no thread. Bounded in time and size.

As `transport.exchange`, each has a connection of its own, and there is no proxy, no redirect, no second try.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from devices.errors import CameraFault, CameraUnreachable
from devices.onvif.model import Timeouts
from devices.onvif.quirks import place_of
from devices.onvif.transport import Answer

LARGEST_HEAD = 32 * 1024
LARGEST_BODY = 512 * 1024
"""Bytes. Fifty notifications have about 50,000; a set of topics has up to 200,000."""


class HungUp(CameraFault):
    """Connected and asked, but the camera closed the connection without a word."""


class Post(Protocol):
    """The seam to the network: `post` in earnest, any coroutine function in a test."""

    async def __call__(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeouts: Timeouts
    ) -> Answer:
        """Ask once, as `post` does."""


async def post(url: str, body: bytes, headers: Mapping[str, str], *, timeouts: Timeouts) -> Answer:
    """Ask once and read the whole answer, whatever its status. Headers of one name are joined by commas.

    Raises:
        CameraUnreachable: no connection to the URL's host and port.
        HungUp: not a byte of an answer came.
        CameraFault: no whole answer in time, too long an answer, or none that is HTTP.
    """
    parts = urlsplit(url)
    place = place_of(parts)
    try:
        async with asyncio.timeout(timeouts.connect):
            reader, writer = await asyncio.open_connection(place.host, place.port, limit=LARGEST_HEAD)
    except (OSError, UnicodeError) as error:  # a time-out is an OSError
        raise CameraUnreachable(f"{place}: nobody answers") from error
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {place}",
        "User-Agent: gridwatch",
        "Connection: close",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    try:
        async with asyncio.timeout(timeouts.answer):
            writer.write("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body)
            await writer.drain()
            return await _answer(reader, str(place))
    except TimeoutError as error:
        raise CameraFault(
            f"{place}: accepted the connection but did not answer within {timeouts.answer:g} s"
        ) from error
    except (ConnectionError, asyncio.IncompleteReadError) as error:
        if not getattr(error, "partial", b""):
            raise HungUp(f"{place}: closed the connection without an answer") from error
        raise CameraFault(f"{place}: broke off in its answer") from error
    except (OSError, ValueError, asyncio.LimitOverrunError) as error:
        raise CameraFault(f"{place}: answered with broken HTTP") from error
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader, place: str) -> Answer:
    """The answer, after any that only say that one will come (100 Continue).

    Raises:
        ValueError: this is not HTTP.
    """
    status = 100
    while status < 200:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        words = head[0].split(" ", 2)
        if not words[0].startswith("HTTP/") or len(words) < 2:
            raise ValueError("not HTTP")
        status = int(words[1])
    headers: dict[str, str] = {}
    for line in head[1:]:
        name, colon, value = line.partition(":")
        if colon:
            known = headers.get(name.strip().lower())
            headers[name.strip().lower()] = value.strip() if known is None else f"{known}, {value.strip()}"
    return Answer(status, headers, await _body(reader, headers, place))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str], place: str) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _chunks(reader, place)
    size = headers.get("content-length")
    if size is not None:
        return await reader.readexactly(_within(int(size), place))
    parts, total = [], 0
    while part := await reader.read(65536):
        total = _within(total + len(part), place)
        parts.append(part)
    return b"".join(parts)


async def _chunks(reader: asyncio.StreamReader, place: str) -> bytes:
    parts, total = [], 0
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        total = _within(total + size, place)
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    return b"".join(parts)


def _within(size: int, place: str) -> int:
    if size < 0:
        raise ValueError("a length below nothing")
    if size > LARGEST_BODY:
        raise CameraFault(f"{place}: its answer has more than {LARGEST_BODY >> 10} KiB")
    return size
