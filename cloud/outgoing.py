"""One POST to somebody else's server: whole within a time, to a checked address, its answer bounded.

HTTP/1.1 by h11 over asyncio's streams. The name is looked up once and the connection made to what was found,
so that nobody can answer the check with one address and the connection with another. No redirect is followed,
no proxy asked. No error tells the address: it may hold a key.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import h11

from cloud.errors import CloudError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
MOST = 64 * 1024
"""Bytes of an answer's body that are read."""
_LOOKUPS = ThreadPoolExecutor(16, thread_name_prefix="lookup")
"""Of their own: a name server that hangs must hold up nothing else."""


class NotSent(CloudError):
    """Nothing was answered: the text says why, without the address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    body: bytes
    """At most `MOST` bytes of it."""
    retry_after: float | None = None
    """Seconds that it asks to wait."""


def anywhere(_: IpAddress) -> bool:
    """Every address may be called: those that the install itself configures."""
    return True


def public(address: IpAddress) -> bool:
    """Only what lies in the internet: no loopback, private, link-local, shared, multicast or reserved one."""
    plain = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
    return plain.is_global and not plain.is_multicast and not _translated(address)


def _translated(address: IpAddress) -> bool:
    """IPv6 that a gateway turns into IPv4 (NAT64, Teredo): what it reaches cannot be told from here."""
    teredo = getattr(address, "teredo", None) is not None
    return teredo or address in ipaddress.ip_network("64:ff9b::/96")


def split(address: str) -> SplitResult:
    """The parts of an http or https address.

    Raises:
        NotSent: it is none.
    """
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        address.encode("ascii")
    except ValueError:
        usable = False
    if not usable or parts.username is not None or any(sign.isspace() or sign < " " for sign in address):
        raise NotSent("the address is none of http or https in ASCII, without a user name")
    return parts


async def post(
    address: str,
    body: bytes,
    headers: Iterable[tuple[str, str]],
    *,
    within: float,
    tls: ssl.SSLContext,
    allowed: Callable[[IpAddress], bool] = anywhere,
) -> Answer:
    """Send `body` to `address`, all of it within `within` seconds.

    Raises:
        NotSent: no answer came; the server may have taken it all the same.
    """
    parts = split(address)
    try:
        async with asyncio.timeout(within):
            return await _exchange(parts, body, headers, tls, allowed)
    except TimeoutError:
        raise NotSent(f"no answer within {within:g} s") from None
    except ssl.SSLCertVerificationError as error:
        raise NotSent(f"its certificate is not trusted: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise NotSent(f"TLS failed: {error.reason or 'broken off'}") from None
    except socket.gaierror:
        raise NotSent("its name is not known") from None
    except (OSError, asyncio.IncompleteReadError) as error:
        raise NotSent(_words(error)) from None
    except h11.ProtocolError:
        raise NotSent("it does not speak HTTP, or broke off") from None


def _words(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "it refuses the connection"
    if isinstance(error, ConnectionError | asyncio.IncompleteReadError):
        return "it broke the connection off"
    return "it cannot be reached"


async def _exchange(
    parts: SplitResult,
    body: bytes,
    headers: Iterable[tuple[str, str]],
    tls: ssl.SSLContext,
    allowed: Callable[[IpAddress], bool],
) -> Answer:
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    found = await _lookup(host, port)
    if not found or not all(allowed(one) for one in found):
        raise NotSent("its address is not one that may be called from here")
    reader, writer = await _connect(found, port, tls if secure else None, host)
    try:
        machine = h11.Connection(h11.CLIENT, max_incomplete_event_size=16 * 1024)
        shown = f"[{host}]" if ":" in host else host
        fixed = [("Host", shown if parts.port is None else f"{shown}:{port}"), ("Connection", "close")]
        length = [("Content-Length", str(len(body))), ("User-Agent", "gridwatch")]
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        request = h11.Request(method="POST", target=target, headers=[*fixed, *length, *headers])
        for event in (request, h11.Data(data=body), h11.EndOfMessage()):
            writer.write(machine.send(event) or b"")
        await writer.drain()
        return await _answer(machine, reader)
    finally:
        # Not closed politely: a server that does not say goodbye must not hold us.
        writer.transport.abort()


async def _connect(
    found: list[IpAddress], port: int, tls: ssl.SSLContext | None, host: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first of the addresses that takes one."""
    name = host if tls else None
    for one in found[:-1]:
        try:
            return await asyncio.open_connection(str(one), port, ssl=tls, server_hostname=name)
        except ssl.SSLError:
            raise
        except OSError:
            continue
    return await asyncio.open_connection(str(found[-1]), port, ssl=tls, server_hostname=name)


async def _lookup(host: str, port: int) -> list[IpAddress]:
    loop = asyncio.get_running_loop()
    rows = await loop.run_in_executor(
        _LOOKUPS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]


async def _answer(machine: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    status, wait, body = 0, None, b""
    while True:
        event = machine.next_event()
        if event is h11.NEED_DATA:
            machine.receive_data(await reader.read(16 * 1024))
        elif isinstance(event, h11.Response):
            status = event.status_code
            wait = _seconds(dict(event.headers.raw_items()))
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
            if len(body) > MOST:
                return Answer(status, body[:MOST], wait)
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            return Answer(status, body, wait)


def _seconds(headers: dict[bytes, bytes]) -> float | None:
    text = next((value for name, value in headers.items() if name.lower() == b"retry-after"), b"")
    return float(text) if text.isdigit() and len(text) < 6 else None
