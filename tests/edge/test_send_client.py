from __future__ import annotations

import socket
import threading

import requests

from devices.ids import uuid7
from devices.messages import envelope
from edge.send import Timeouts
from edge.send.client import HttpCloud
from tests.edge.messages_for_tests import NOON, a_health


def test_a_thin_line_needs_no_longer_time_outs() -> None:
    """750 kB that take over a second, with time-outs far below: silence ends a request, not slowness."""
    body = a_health().model_copy(update={"facts": {"long": "x" * 3500}})
    epoch = uuid7()
    batch = [
        envelope(body, event_id=uuid7(), node="n1", epoch=epoch, seq=n, time=NOON) for n in range(1, 201)
    ]
    received = bytearray()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)

        def drip() -> None:
            tick = threading.Event()
            connection, _ = listener.accept()
            with connection:
                while not received.endswith(b"}]"):
                    received.extend(connection.recv(32 * 1024))
                    tick.wait(0.03)
                connection.sendall(b"HTTP/1.1 503 enough\r\nContent-Length: 0\r\n\r\n")

        server = threading.Thread(target=drip, daemon=True)
        server.start()
        with requests.Session() as session:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            timeouts = Timeouts(connect=0.3, read=0.6, answer=1)
            reply = HttpCloud(url, lambda: "token", None, session, timeouts).ingest(batch)
        server.join(5)
    assert reply.status == 503
    assert len(received) > 700_000
