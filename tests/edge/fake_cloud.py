"""A cloud for tests: the contract's two doors, a memory that de-duplicates, and faults on demand.

`Book` is the memory, without a network; `FakeCloud` serves it over HTTP on loopback.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from devices.errors import MessageError
from devices.messages import Committed, Event, Evidence, IngestAnswer, Refusal, parse_batch
from edge.send.client import Reply


@dataclass
class Book:
    """What the cloud took. `refuse` gives a code for an event that shall be refused, else None."""

    node: str = "n1"
    refuse: Callable[[Event], str | None] = lambda event: None
    events: dict[str, Event] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, bytes] = field(default_factory=dict)
    repeats: int = 0

    def ingest(self, events: Sequence[Event]) -> IngestAnswer:
        committed, refused, duplicates = [], [], 0
        for event in events:
            code = self._fault(event)
            if code is not None:
                refused.append(
                    Refusal(
                        series=event.series, epoch=event.epoch, seq=event.seq, code=code, reason="told so"
                    )
                )
                continue
            if str(event.id) in self.events:
                duplicates += 1
            self.events[str(event.id)] = event
            committed.append(
                Committed(series=event.series, epoch=event.epoch, ranges=((event.seq, event.seq),))
            )
        self.repeats += duplicates
        return IngestAnswer(committed=tuple(committed), refused=tuple(refused), duplicates=duplicates)

    def _fault(self, event: Event) -> str | None:
        if event.node != self.node:
            return "forbidden"
        try:
            body = event.body()
        except MessageError:
            return "invalid"
        if isinstance(body, Evidence) and body.sha256 not in self.media:
            return "media_missing"
        return self.refuse(event)

    def put(self, sha256: str, jpeg: bytes) -> int:
        if hashlib.sha256(jpeg).hexdigest() != sha256:
            return 422
        known = sha256 in self.media
        self.media[sha256] = jpeg
        return 200 if known else 201

    def patch(self, sha256: str, piece: bytes, offset: int, length: int) -> tuple[int, int, bool]:
        """Status, bytes that are here, and whether it is whole: as the cloud answers a piece."""
        part = self.parts.pop(sha256, b"")
        if offset != len(part):
            self.parts[sha256] = part
            return 409, len(part), False
        part += piece
        if len(part) < length:
            self.parts[sha256] = part
            return 200, len(part), False
        status = self.put(sha256, part)
        return (200, len(part), True) if status < 400 else (status, 0, False)

    def seqs(self, series: str) -> list[int]:
        return sorted(event.seq for event in self.events.values() if event.series == series)


class Whole:
    """Of a cloud without a network that is sent no clips: what it never is asked."""

    def media_offset(self, sha256: str) -> Reply:
        raise AssertionError(f"asked for the offset of {sha256}")

    def patch_media(self, sha256: str, piece: bytes, offset: int, length: int) -> Reply:
        raise AssertionError(f"sent a piece of {sha256}")


@dataclass(frozen=True)
class Fault:
    """What happens to one request instead of an answer."""

    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    media_type: str = "text/plain"
    drop_after_commit: bool = False
    """Do the work, then close the connection without an answer."""
    silent: bool = False
    """Take the request and never answer."""


class PatientServer(ThreadingHTTPServer):
    """Clients that hang up before their answer are what many tests are about: no fault of the server."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class FakeCloud:
    """`with FakeCloud() as cloud:` serves `cloud.book` at `cloud.url`.

    `faults` are used up one a request; `constant` applies to each while it is set.
    `unreadable` tells of a batch that the cloud answers with 422 as a whole.
    """

    def __init__(self, token: str = "a-token", tls: ssl.SSLContext | None = None) -> None:
        self.book = Book()
        self.token = token
        self.faults: deque[Fault] = deque()
        self.constant: Fault | None = None
        self.hangs_on: Callable[[list[Event]], bool] = lambda events: False
        """Batches that are taken and never answered."""
        self.unreadable: Callable[[list[Event]], bool] = lambda events: False
        self.requests: list[tuple[str, str]] = []
        self._changed = threading.Condition()
        self._released = threading.Event()
        self._server = PatientServer(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        port = self._server.server_address[1]
        self.url = f"https://localhost:{port}" if tls is not None else f"http://127.0.0.1:{port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> FakeCloud:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def wait(self, until: Callable[[], bool], timeout: float = 10.0) -> bool:
        """Wait until something holds; looked at after each request."""
        with self._changed:
            return self._changed.wait_for(until, timeout)

    def _answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if headers.get("Authorization") != f"Bearer {self.token}":
            return _problem(401, "unauthenticated", "no valid token")
        if method == "PUT" and path.startswith("/api/v1/media/"):
            status = self.book.put(path.rpartition("/")[2], body)
            return (status, {}, b"") if status < 400 else _problem(422, "hash_mismatch", "hash does not fit")
        if method in ("HEAD", "PATCH"):
            return self._piece(method, path.rpartition("/")[2], headers, body)
        if method == "POST" and path == "/api/v1/ingest":
            if len(body) > 1024 * 1024:
                return _problem(413, "too_large", "over 1 MiB")
            events = parse_batch(body)
            if self.unreadable(events):
                return _problem(422, "unreadable", "cannot be read")
            answer = self.book.ingest(events).model_dump_json().encode()
            return 200, {"Content-Type": "application/json"}, answer
        return _problem(404, "not_found", path)

    def _piece(
        self, method: str, sha256: str, headers: Any, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        if method == "HEAD":
            here, whole = self.book.media.get(sha256), self.book.parts.get(sha256, b"")
            status, offset, complete = 200, len(whole if here is None else here), here is not None
        else:
            at, length = int(headers["Upload-Offset"]), int(headers["Upload-Length"])
            status, offset, complete = self.book.patch(sha256, body, at, length)
        said = {"Upload-Offset": str(offset), "Upload-Complete": "?1" if complete else "?0"}
        if status == 422:
            return _problem(422, "hash_mismatch", "these are not the bytes of the name")
        return status, said, b""

    def _handler(cloud) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the request's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10
            disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with cloud._changed:
                    cloud.requests.append((self.command, self.path))
                    fault = cloud.faults.popleft() if cloud.faults else cloud.constant
                    if self.command == "POST" and cloud.hangs_on(parse_batch(body)):
                        fault = Fault(silent=True)
                    if fault is None or fault.drop_after_commit:
                        status, headers, answer = cloud._answer(self.command, self.path, self.headers, body)
                    else:
                        status, answer = fault.status, fault.body
                        headers = {"Content-Type": fault.media_type, **fault.headers}
                    cloud._changed.notify_all()
                if fault is not None and fault.silent:
                    cloud._released.wait(30)
                if fault is not None and (fault.silent or fault.drop_after_commit):
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_PUT = do_POST = do_HEAD = do_PATCH = _serve  # noqa: N815 - the names http.server looks for

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


def _problem(status: int, code: str, detail: str) -> tuple[int, dict[str, str], bytes]:
    problem = {"type": f"/problems/{code}", "title": code, "status": status, "code": code, "detail": detail}
    return status, {"Content-Type": "application/problem+json"}, json.dumps(problem).encode()
