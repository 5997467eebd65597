"""API processes' worth of servers over one database, and a node's end of the link."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from websockets.sync.client import ClientConnection, connect

from cloud.server import Server, listen
from devices.link import Answer, Command, Frame, Hello, Outcome, SiteNotice, parse_frame


@contextmanager
def serving(app: FastAPI, port: int = 0) -> Iterator[int]:
    """The app on a port of the loopback address; 0: any."""
    with listen("127.0.0.1", port) as socket:
        server = Server(app)
        thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
        thread.start()
        try:
            yield socket.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


class NodeEnd:
    """A node's end of one link, as a test plays it."""

    def __init__(self, port: int, token: str, **more: Any) -> None:
        self._opening = connect(
            f"ws://127.0.0.1:{port}/api/v1/link",
            additional_headers={"Authorization": f"Bearer {token}"},
            proxy=None,
            open_timeout=20,
            close_timeout=1,
            **more,
        )
        self.connection: ClientConnection = self._opening.__enter__()

    def __enter__(self) -> NodeEnd:
        return self

    def __exit__(self, *_: object) -> None:
        self._opening.__exit__(None, None, None)

    def frame(self, timeout: float = 20) -> Frame:
        return parse_frame(self.connection.recv(timeout))

    def notice(self) -> SiteNotice:
        found = self.frame()
        assert isinstance(found, SiteNotice)
        return found

    def command(self, timeout: float = 20) -> Command:
        while True:
            found = self.frame(timeout)
            if isinstance(found, Command):
                return found

    def hello(self, version: int, digest: str = "", *, local: bool = False) -> None:
        self.connection.send(Hello(version=version, digest=digest, local=local).model_dump_json())

    def answer(self, command: Any, outcome: str = "done", **result: Any) -> None:
        frame = Answer(id=getattr(command, "id", command), outcome=Outcome(outcome), result=result)
        self.connection.send(frame.model_dump_json())
