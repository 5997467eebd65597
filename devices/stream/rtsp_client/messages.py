"""RTSP messages as text (RFC 2326): ours written, the camera's read. No input or output here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from devices.errors import StreamDropped

MOST_HEAD = 16 << 10
"""Bytes of a message's head."""
MOST_BODY = 48 << 10
"""Bytes of its body. Session descriptions have about one thousand."""

_STATUS = re.compile(r"RTSP/1\.\d +(\d{3})(?: +(.*))?")
_REQUEST = re.compile(r"([A-Z_]{3,32}) +(\S+) +RTSP/1\.\d")
_BEGIN = re.compile(rb"RTSP/|[A-Z_]{3,32} ")
_PART = re.compile(rb"[A-Z_]{1,32}|RTSP?")
_END = re.compile(rb"\r?\n\r?\n")


class Outgoing(bytes):
    """A message to be sent. Its `repr` shows nothing of it: it may carry a password."""

    def __repr__(self) -> str:
        """Only how long it is."""
        return f"<RTSP message, {len(self)} bytes>"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Message:
    """A reply (status above 0) or a request (method not empty) from the camera."""

    status: int
    reason: str
    method: str
    headers: Mapping[str, tuple[str, ...]]
    """By name in lower case, as often as each came."""
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first header of this name (lower case), "" without one."""
        return self.headers.get(name, ("",))[0]

    @property
    def number(self) -> int | None:
        """CSeq, if it is there and readable."""
        text = self.header("cseq")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def request(method: str, uri: str, number: int, headers: Mapping[str, str]) -> Outgoing:
    """A request of ours."""
    lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {number}", "User-Agent: gridwatch"]
    return _written(lines, headers)


def reply(status: int, reason: str, number: str, headers: Mapping[str, str]) -> Outgoing:
    """The answer to a request of the camera's; `number`: its CSeq as it came."""
    return _written([f"RTSP/1.0 {status} {reason}", f"CSeq: {number}"], headers)


def _written(lines: list[str], headers: Mapping[str, str]) -> Outgoing:
    lines += [f"{name}: {value}" for name, value in headers.items() if value]
    return Outgoing(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"))


def begins(data: bytearray, at: int, end: int) -> bool:
    """Whether what lies at `at` can be a message, or the begin of one."""
    found = _BEGIN.match(data, at, end)
    return found is not None or (end - at < 33 and _PART.fullmatch(data, at, end) is not None)


def parse(data: bytearray, at: int, end: int) -> tuple[Message, int] | None:
    """The message at `at` and where it ends; None when not all of it is there yet.

    Raises:
        StreamDropped: it is none, or too long.
    """
    head_end = _END.search(data, at, min(end, at + MOST_HEAD))
    if head_end is None:
        if end - at >= MOST_HEAD:
            raise StreamDropped(f"an RTSP message has no end within {MOST_HEAD} bytes")
        return None
    first, *rest = data[at : head_end.start()].decode("utf-8", "surrogateescape").splitlines() or [""]
    headers: dict[str, tuple[str, ...]] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().lower()
            headers[key] = (*headers.get(key, ()), value.strip())
    begin = head_end.end()
    stop = begin + _length(headers.get("content-length", ("",))[0])
    if stop > end:
        return None
    body = bytes(data[begin:stop])
    if status := _STATUS.fullmatch(first):
        return Message(int(status[1]), status[2] or "", "", headers, body), stop
    if asked := _REQUEST.fullmatch(first):
        return Message(0, "", asked[1], headers, body), stop
    raise StreamDropped("what answers there does not speak RTSP 1.0")


def _length(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) > MOST_BODY:
        raise StreamDropped(f"an RTSP message is longer than {MOST_BODY} bytes or does not say how long")
    return int(text)
