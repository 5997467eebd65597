"""A TCP proxy on loopback whose lines can go bad the way real ones do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

Mood = Literal["good", "swallows_answers", "mute"]
"""`swallows_answers`: what is sent arrives, what is answered does not; `mute`: takes connections, no more."""


class Proxy:
    """`with Proxy(port) as proxy:` passes on to a port of 127.0.0.1; the mood is each new connection's.

    `chooses` may give single connections another mood, by the first bytes they bring.
    """

    def __init__(self, port: int) -> None:
        self.mood: Mood = "good"
        self.chooses: Callable[[bytes], Mood | None] = lambda head: None
        self.connections = 0
        self._to = port
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End every connection."""
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.connections += 1
                self._open.add(near)
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        mood = self.mood
        with near, suppress(OSError):
            head = near.recv(65536) if mood != "mute" else b""
            mood = self.chooses(head) or mood
            if mood == "mute":
                _wait_for_the_end(near)
                return
            with socket.create_connection(("127.0.0.1", self._to)) as far:
                self._open.add(far)
                far.sendall(head)
                back = threading.Thread(target=_pump, args=(far, near, mood == "good"), daemon=True)
                back.start()
                _pump(near, far, True)
                back.join(5)


def _pump(source: socket.socket, target: socket.socket, passes: bool) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            if passes:
                target.sendall(data)
        if passes:
            target.shutdown(socket.SHUT_WR)


def _wait_for_the_end(near: socket.socket) -> None:
    """Read nothing; the socket is shut when the proxy ends or cuts."""
    while near.recv(1, socket.MSG_PEEK):
        _QUIET.wait(0.05)


_QUIET = threading.Event()
"""Never set: a pause that ends with its time."""
