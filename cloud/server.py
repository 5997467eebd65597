"""The HTTP server: uvicorn, told to end open streams at once when it is asked to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from types import FrameType
from typing import NoReturn

import uvicorn
from fastapi import FastAPI

GRACE = 5
"""Seconds that answers under way get when the process is asked to stop."""


class Server(uvicorn.Server):
    """uvicorn waits for open answers; an event stream is one that never ends by itself."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="on",
                timeout_graceful_shutdown=GRACE,
                limit_concurrency=1000,
            )
        )
        self._app = app
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Remember the loop, start as usual."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the streams, then stop as usual. Runs in a signal handler."""
        super().handle_exit(sig, frame)
        context = getattr(self._app.state, "context", None)
        if context is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(context.tail.close)


def serve(app: FastAPI, host: str, port: int) -> bool:
    """Serve until SIGINT or SIGTERM; False when it could not begin (the log says why)."""
    server = Server(app, host, port)
    server.run()
    return server.started


def stop_on_sigterm() -> None:
    """Let SIGTERM unwind like Ctrl-C, before and after uvicorn has it: the database is stopped too."""

    def unwind(sig: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, unwind)
