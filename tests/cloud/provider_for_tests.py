"""Providers of messages, played by one real HTTP server: what they check, what they answer, how they fail."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "key-that-nobody-may-see"
Headers = dict[str, str]


@dataclass(frozen=True)
class Got:
    """One request as it came."""

    path: str
    query: dict[str, str]
    headers: Headers
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def text(self) -> str:
        """What a robot was told."""
        content = self.json.get("text") or self.json.get("content")
        return content if isinstance(content, str) else content.get("content") or content["text"]


def b64(key: str, content: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), content.encode(), hashlib.sha256)).decode()


def wecom(got: Got) -> dict[str, Any]:
    """Refuses long texts as the real one does."""
    if got.query.get("key") != KEY:
        return {"errcode": 93000, "errmsg": f"invalid webhook url {got.query.get('key')}"}
    if len(got.text.encode()) > 2048 or got.json["msgtype"] != "text":
        return {"errcode": 40058, "errmsg": "content exceeds 2048 bytes"}
    return {"errcode": 0, "errmsg": "ok"}


def dingtalk(got: Got) -> dict[str, Any]:
    right = b64(KEY, f"{got.query.get('timestamp')}\n{KEY}")
    if got.query.get("sign") != right or got.query.get("access_token") != "robot":
        return {"errcode": 310000, "errmsg": "sign not match"}
    return {"errcode": 0, "errmsg": "ok"}


def feishu(got: Got) -> dict[str, Any]:
    right = base64.b64encode(
        hmac.digest(f"{got.json.get('timestamp')}\n{KEY}".encode(), b"", hashlib.sha256)
    ).decode()
    if got.json.get("sign") != right or got.json["msg_type"] != "text":
        return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}
    return {"code": 0, "msg": "success", "data": {}}


def hook(got: Got) -> dict[str, Any]:
    """Any receiver that checks signatures as Standard Webhooks says."""
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    right = base64.b64encode(hmac.digest(KEY.encode(), signed, hashlib.sha256)).decode()
    return {"ok": got.headers["webhook-signature"] == f"v1,{right}"}


PLAYED: dict[str, Callable[[Got], dict[str, Any]]] = {
    "wecom": wecom, "dingtalk": dingtalk, "feishu": feishu, "sms": hook,
}  # fmt: skip


@dataclass
class Providers:
    """`faults[path]`: what the next requests meet, one each; after the last one all is well."""

    port: int = 0
    scheme: str = "http"
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    got: list[Got] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    accept: Callable[[Got], dict[str, Any]] | None = None
    """What answers for all paths that no provider has."""

    def at(self, kind: str, host: str = "127.0.0.1") -> str:
        """The address of a provider, with its key where that one has it in the address."""
        query = {"wecom": f"?key={KEY}", "dingtalk": "?access_token=robot"}.get(kind, "")
        return f"{self.scheme}://{host}:{self.port}/{kind}{query}"

    def of(self, kind: str) -> list[Got]:
        """What came to a provider."""
        return [one for one in self.got if one.path == f"/{kind}"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._one(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        target = urlsplit(head[0].split(" ")[1])
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        got = Got(target.path, query, headers, body)
        waiting = self.faults[target.path.strip("/")]
        fault = waiting.pop(0) if waiting else "none"
        word, _, number = fault.partition(" ")
        self.got.append(got)
        self.came.set()
        if word == "hang":
            await asyncio.sleep(3600)
        if word == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"x: y\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)
        if word == "slow":
            await asyncio.sleep(float(number))
        status = int(number) if word == "status" else 200
        play = PLAYED.get(target.path.strip("/"), self.accept or (lambda _: {}))
        answer = {"errcode": int(number), "errmsg": f"no {KEY}"} if word == "errcode" else play(got)
        content = json.dumps(answer).encode()
        if word == "html":
            content = b"<html>log in to this network</html>"
        more = f"Location: {self.at('sms')}\r\n" if 300 <= status < 400 else ""
        whole = f"HTTP/1.1 {status} X\r\n{more}Content-Length: {len(content)}\r\n\r\n".encode() + content
        if word == "reset":
            writer.write(whole[: len(whole) // 2])
            await writer.drain()
            return
        if word == "late-reset":
            return
        writer.write(whole)
        await writer.drain()
        writer.write_eof() if writer.can_write_eof() else None


@asynccontextmanager
async def providers(tls: ssl.SSLContext | None = None) -> AsyncIterator[Providers]:
    """All of them, on a free port of the loopback address."""
    found = Providers(scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await found.serve(reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
