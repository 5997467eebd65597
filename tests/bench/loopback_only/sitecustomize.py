"""On a peer's PYTHONPATH: its process, and any Python it starts, reaches nothing but this machine."""

import socket

_connect, _look_up = socket.socket.connect, socket.getaddrinfo
_HERE = ("localhost", "::1", "", None)


def _is_here(host: object) -> bool:
    return host in _HERE or str(host).startswith("127.")


def _only_here(self: socket.socket, address: object) -> None:
    if isinstance(address, tuple) and not _is_here(address[0]):
        raise ConnectionRefusedError(f"the bench lets nobody out to {address[0]}")
    _connect(self, address)  # type: ignore[arg-type]


def _known_here(host: object, *rest: object, **named: object) -> object:
    if not _is_here(host):
        raise socket.gaierror(f"the bench looks up nobody: {host}")
    return _look_up(host, *rest, **named)  # type: ignore[arg-type]


socket.socket.connect = _only_here  # type: ignore[method-assign, assignment]
socket.getaddrinfo = _known_here  # type: ignore[assignment]
