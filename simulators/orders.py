"""Orders to a running street: one line each over a Unix socket in its state directory."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path

from simulators.errors import SimulatorsError

SOCKET = "street.sock"
PATIENCE = 60.0
"""Seconds for an answer; a bicycle that was never shown is encoded first."""


async def take_orders(state: Path, obey: Callable[[str], str]) -> asyncio.Server:
    """Take orders until the server is closed; `obey` runs in a thread and its answer goes back.

    Raises:
        SimulatorsError: the socket cannot be made.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            try:
                answer = await asyncio.to_thread(obey, line.decode("utf-8", "replace").strip())
            except SimulatorsError as error:
                answer = f"error: {error}"
            writer.write(f"{answer}\n".encode())
            await writer.drain()
        writer.close()

    try:
        return await asyncio.start_unix_server(serve, _free(state))
    except OSError as error:
        raise SimulatorsError(f"--state {state}: no orders can be taken there ({error.strerror})") from error


def order(state: Path, text: str) -> str:
    """Give a running street one order and return its answer.

    Raises:
        SimulatorsError: no street runs with that state directory, or it refuses the order.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(_short(state / SOCKET))
            connection.sendall(f"{text}\n".encode())
            connection.shutdown(socket.SHUT_WR)
            answer = connection.makefile(encoding="utf-8").read().strip()
        except OSError as error:
            raise SimulatorsError(
                f"no street runs with --state {state} ({error.strerror or error})"
            ) from error
    if answer.startswith("error: "):
        raise SimulatorsError(answer.removeprefix("error: "))
    return answer


def takes_orders(state: Path) -> bool:
    """Whether a street runs with that state directory."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(_short(state / SOCKET))
        except OSError:
            return False
    return True


def _free(state: Path) -> str:
    """The socket's path, where nothing of an earlier street is left."""
    state.mkdir(parents=True, exist_ok=True)
    (state / SOCKET).unlink(missing_ok=True)
    return _short(state / SOCKET)


def _short(path: Path) -> str:
    """The path from here where that is shorter: Linux takes 107 bytes for a Unix socket's."""
    return min(str(path), os.path.relpath(path), key=len)
