"""Cameras for the ONVIF tests, each served on loopback from a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np

from devices.credentials import Credentials
from simulators.cameras.onvif import OnvifDevice, OnvifServer, main_and_sub, serve_onvif

PASSWORD = "correct-horse-钥匙"
RIGHT = Credentials("viewer", PASSWORD)
JPEG = b"\xff\xd8picture\xff\xd9"


def device(name: str = "P01-C1", **more: object) -> OnvifDevice:
    streams = main_and_sub(f"rtsp://127.0.0.1:20554/{name}/main", f"rtsp://127.0.0.1:20554/{name}/sub")
    return OnvifDevice(name, "South gate 南门", streams, lambda: JPEG, **{"credentials": RIGHT, **more})


@contextmanager
def running_loop() -> Iterator[Callable]:
    """An event loop on a thread; yields `run(coroutine)`, which waits for its result."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work):
        future: Future = asyncio.run_coroutine_threadsafe(work, loop)
        return future.result(10)

    try:
        yield run
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def simulated(*devices: OnvifDevice) -> Iterator[list[OnvifServer]]:
    """Serve devices at free ports."""
    with running_loop() as run:
        servers = [run(serve_onvif(one, "127.0.0.1", 0)) for one in devices]
        try:
            yield servers
        finally:
            for server in servers:
                run(server.close())


@contextmanager
def ipycam(credentials: Credentials) -> Iterator[int]:
    """ipycam's own ONVIF service and HTTP handler, without its capture and streaming; yields the port."""
    from ipycam import CameraConfig, IPCameraHTTPHandler, ONVIFService

    class Handler(IPCameraHTTPHandler):
        pass

    config = CameraConfig(local_ip="127.0.0.1")
    config.username, config.password = credentials.user, credentials.password
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        config.onvif_port = server.server_address[1]
        picture = np.zeros((72, 128, 3), np.uint8)
        Handler.camera = SimpleNamespace(
            config=config, onvif=ONVIFService(config), get_snapshot_frame=lambda: picture
        )
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield config.onvif_port
        finally:
            server.shutdown()
            thread.join(10)


@contextmanager
def canned(*replies: bytes | Callable) -> Iterator[tuple[int, list[bytes]]]:
    """A server that gives one raw reply a connection and hangs up; yields the port and what it was sent."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for reply in replies:
                with suppress(OSError):
                    connection, _ = listener.accept()
                    with connection:
                        asked.append(_request(connection))
                        reply(connection) if callable(reply) else connection.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], asked
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def _request(connection: socket.socket) -> bytes:
    """A whole request: hanging up on unread bytes would reset the connection before the reply is read."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += connection.recv(65536)
    head, _, body = read.partition(b"\r\n\r\n")
    size = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < size:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
