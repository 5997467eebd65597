"""The load of the sensor benches: 38 points with ten sensors each, one reading a message, QoS 1.

The publisher writes MQTT 3.1.1 itself: a client library would be the slowest part of the bench.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator

POINTS = [f"P{number:02}" for number in range(1, 39)]
SENSORS = {f"{point}-S{number}": point for point in POINTS for number in range(10)}
USER, PASSWORD = "bench", "only-for-the-bench"
QUANTITY = "water_level"


def messages(count: int, first: int = 0) -> Iterator[tuple[str, bytes]]:
    """Topics and payloads (110 bytes), sensor by sensor.

    A reading's value is its number in its sensor's row, so that each can be told from each at the far end.
    """
    names = list(SENSORS)
    stamp = int(time.time() * 1000)
    for number in range(first, first + count):
        seq, which = divmod(number, len(names))
        name = names[which]
        body = {
            "v": 1, "boot": "7f3a90c1", "seq": seq, "t": stamp + number,
            "m": [{"n": QUANTITY, "v": seq, "u": "cm"}], "rssi": -97,
        }  # fmt: skip
        yield f"grid/v1/{SENSORS[name]}/{name}/tele", json.dumps(body, separators=(",", ":")).encode()


class Publisher:
    """One connection that publishes as fast as the broker confirms, or at a rate."""

    def __init__(self, port: int) -> None:
        """Connect to the broker of the bench."""
        self._line = socket.create_connection(("127.0.0.1", port))
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = _text("MQTT") + bytes((4, 0b11000010)) + struct.pack(">H", 60)
        body += _text("bench-sensors") + _text(USER) + _text(PASSWORD)
        self._line.sendall(bytes((0x10,)) + _length(len(body)) + body)
        assert self._line.recv(4) == b"\x20\x02\x00\x00", "the broker does not take the publisher"
        self.confirmed = 0
        self._sent = 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def send(
        self, load: list[tuple[str, bytes]], per_second: float | None = None, ahead: int = 1000
    ) -> float:
        """Publish all and wait for the last confirmation; seconds from the first to that."""
        began, packets = (
            time.monotonic(),
            [
                self._packet(topic, payload, number % 65535 + 1)
                for number, (topic, payload) in enumerate(load)
            ],
        )
        goal = self.confirmed + len(packets)
        began = time.monotonic()
        step = 100 if per_second is None else max(1, int(per_second / 50))
        for start in range(0, len(packets), step):
            if per_second is not None:
                time.sleep(max(0.0, began + start / per_second - time.monotonic()))
            with self._changed:
                assert self._changed.wait_for(lambda: self._sent - self.confirmed < ahead, 60)
            self._line.sendall(b"".join(packets[start : start + step]))
            self._sent += len(packets[start : start + step])
        with self._changed:
            assert self._changed.wait_for(lambda: self.confirmed >= goal, 60), "the broker confirms no more"
        return time.monotonic() - began

    def close(self) -> None:
        """Leave."""
        self._line.sendall(b"\xe0\x00")
        self._line.close()

    def _listen(self) -> None:
        waiting = b""
        while True:
            try:
                waiting += self._line.recv(65536)
            except OSError:
                return
            whole = len(waiting) // 4  # PUBACK is all that comes
            if not waiting:
                return
            waiting = waiting[4 * whole :]
            with self._changed:
                self.confirmed += whole
                self._changed.notify_all()

    @staticmethod
    def _packet(topic: str, payload: bytes, mid: int) -> bytes:
        body = _text(topic) + struct.pack(">H", mid) + payload
        return bytes((0x32,)) + _length(len(body)) + body


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()


def _length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, low = size >> 7, size & 127
        out.append(low | (128 if size else 0))
        if not size:
            return bytes(out)
