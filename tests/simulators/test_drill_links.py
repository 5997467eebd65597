"""The drill's lines over real sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from simulators.drill.links import DELAY, HOST, Link, Links, State


@pytest.fixture
def heard() -> list[bytes]:
    return []


@pytest.fixture
def echo(heard: list[bytes]) -> Iterator[int]:
    """A server that answers what it hears."""
    server = socket.create_server((HOST, 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = server.accept()
                threading.Thread(target=answer, args=(line,), daemon=True).start()

    def answer(line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            while piece := line.recv(100):
                heard.append(piece)
                line.sendall(piece)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


@pytest.fixture
def links() -> Iterator[Links]:
    links = Links()
    yield links
    links.close()


def connected(link: Link) -> socket.socket:
    line = socket.create_connection((HOST, link.port), timeout=10)
    line.sendall(b"one")
    assert line.recv(100) == b"one"
    return line


def turned(links: Links, link: Link, state: State) -> None:
    links.turn(link, state)
    deadline = time.monotonic() + 10
    while link.state != state:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def broken(line: socket.socket) -> bool:
    try:
        return line.recv(100) == b""
    except ConnectionError:
        return True


def test_a_cut_line_breaks_what_is_connected_and_takes_nobody_until_it_is_sound(
    links: Links, echo: int
) -> None:
    link = links.open("line", echo)
    with connected(link) as before:
        turned(links, link, "cut")
        assert broken(before)
    with (
        contextlib.suppress(ConnectionError),
        socket.create_connection((HOST, link.port), timeout=10) as line,
    ):
        assert broken(line)
    turned(links, link, "sound")
    connected(link).close()


def test_a_slow_line_brings_everything_later(links: Links, echo: int) -> None:
    link = links.open("line", echo)
    with connected(link) as line:
        turned(links, link, "delay")
        began = time.monotonic()
        line.sendall(b"two")
        assert line.recv(100) == b"two"
        assert time.monotonic() - began >= 2 * DELAY


def test_a_half_open_line_swallows_answers_and_breaks_when_it_is_mended(
    links: Links, echo: int, heard: list[bytes]
) -> None:
    link = links.open("line", echo)
    with connected(link) as line:
        turned(links, link, "half_open")
        line.sendall(b"two")
        deadline = time.monotonic() + 10
        while b"two" not in heard:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            line.recv(100)
        line.settimeout(10)
        turned(links, link, "sound")
        assert broken(line)


def test_a_line_to_nobody_is_broken_at_once(links: Links) -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
    link = links.open("line", port)
    with socket.create_connection((HOST, link.port), timeout=10) as line:
        assert broken(line)
