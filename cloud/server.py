"""The HTTP server: uvicorn, told to end open streams at once when it is asked to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import ssl
from types import FrameType
from typing import NoReturn

import uvicorn
from fastapi import FastAPI

from cloud.errors import SettingsError
from cloud.settings import Tls
from devices.link import LARGEST_FRAME, PING_EVERY, PING_PATIENCE

log = logging.getLogger(__name__)

GRACE = 5
"""Seconds that answers under way get when the process is asked to stop."""


class Server(uvicorn.Server):
    """uvicorn waits for open answers; an event stream is one that never ends by itself."""

    def __init__(self, app: FastAPI, tls: Tls | None = None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="on",
                timeout_graceful_shutdown=GRACE,
                limit_concurrency=1000,
                ws_max_size=LARGEST_FRAME,
                ws_ping_interval=PING_EVERY,
                ws_ping_timeout=PING_PATIENCE,
                ws_per_message_deflate=False,  # video and JPEG do not get smaller
                ssl_certfile=tls.cert if tls else None,
                ssl_keyfile=tls.key if tls else None,
                ssl_ca_certs=tls.client_ca if tls else None,
                ssl_cert_reqs=ssl.CERT_REQUIRED if tls and tls.client_ca else ssl.CERT_NONE,
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


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything else is started; port 0: any free one.

    Raises:
        SettingsError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(2048)
    except OSError as error:
        found.close()
        raise SettingsError(f"--host {host} --port {port}: {error.strerror}; choose another") from error
    return found


def serve(app: FastAPI, listening: socket.socket, tls: Tls | None = None) -> bool:
    """Serve until SIGINT or SIGTERM; False when it could not begin (the log says why)."""
    host, port = listening.getsockname()[:2]
    scheme = "https" if tls else "http"
    log.info("listening on %s://%s:%d", scheme, f"[{host}]" if ":" in host else host, port)
    server = Server(app, tls)
    server.run(sockets=[listening])
    return server.started


def stop_on_sigterm() -> None:
    """Let SIGTERM unwind like Ctrl-C, before and after uvicorn has it: the database is stopped too."""

    def unwind(sig: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, unwind)
