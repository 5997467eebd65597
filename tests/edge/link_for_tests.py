"""The cloud's end of links, as tests play it, and a wire between both that can go dead."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from devices.ids import uuid7
from devices.link import PATH, Answer, Command, Frame, Hello, SiteNotice, parse_frame
from devices.messages import DeviceStatus
from edge.link.client import Link
from edge.link.desk import CommandDesk
from edge.link.dial import Address
from edge.send.pace import Pace

TOKEN = "a-token-of-a-node"


def command(kind: str = "photo", *, expires_in: float = 60.0, **body: Any) -> Command:
    return Command(id=uuid7(), kind=kind, body=body, expires_in=expires_in)


class CloudEnd:
    """Takes links on a loopback port; what nodes say waits in `heard`."""

    def __init__(self) -> None:
        self.heard: queue.Queue[Frame] = queue.Queue()
        self.links: queue.Queue[ServerConnection] = queue.Queue()
        self.token = TOKEN
        self.closed = threading.Event()
        self._server = serve(
            self._serve, "127.0.0.1", 0, process_request=self._door, ping_interval=None, close_timeout=0.5
        )
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> CloudEnd:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        while not self.links.empty():
            self.links.get().close()
        self._thread.join(5)

    def _door(self, connection: ServerConnection, request: Request) -> Response | None:
        good = request.path == PATH and request.headers.get("Authorization") == f"Bearer {self.token}"
        return None if good else connection.respond(401, "no\n")

    def _serve(self, connection: ServerConnection) -> None:
        self.links.put(connection)
        try:
            for text in connection:
                self.heard.put(parse_frame(text))
        except ConnectionClosed:
            pass
        self.closed.set()

    def link(self) -> ServerConnection:
        """The next link that was opened."""
        return self.links.get(timeout=20)

    def hello(self) -> Hello:
        found = self.heard.get(timeout=20)
        assert isinstance(found, Hello)
        return found

    def answer(self) -> Answer:
        while True:
            found = self.heard.get(timeout=20)
            if isinstance(found, Answer):
                return found


class Wire:
    """Between node and cloud: bytes both ways, until it is cut without a word."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.dead = threading.Event()
        self._open: list[socket.socket] = [self._listening]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if not self.dead.is_set():
                    target.sendall(data)
        except OSError:
            return


class NodeSide:
    """A link to a port, and what it was told."""

    def __init__(
        self,
        port: int,
        desk: CommandDesk,
        *,
        token: Callable[[], str] = lambda: TOKEN,
        ping: tuple[float, float] = (20.0, 20.0),
        pace: Pace = Pace(first=0.05, longest=0.2, denied=0.2),  # noqa: B008 - frozen
    ) -> None:
        self.statuses: queue.Queue[tuple[DeviceStatus, str]] = queue.Queue()
        self.sites: queue.Queue[SiteNotice] = queue.Queue()
        self.version = 1
        self.link = Link(
            lambda: Address(f"http://127.0.0.1:{port}"),
            token,
            desk,
            lambda: Hello(version=self.version, digest="d"),
            self.sites.put,
            lambda status, detail: self.statuses.put((status, detail)),
            pace=pace,
            ping=ping,
        )

    def __enter__(self) -> NodeSide:
        self.link.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()
        self.link.join(5)

    def told(self) -> DeviceStatus:
        return self.statuses.get(timeout=20)[0]
