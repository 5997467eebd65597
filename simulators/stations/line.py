"""One simulated station on its TCP line: it sends, waits for the answer, and sends again."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from simulators.errors import ListenError
from simulators.stations.faults import Fault, spoilt

CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Message:
    """One packet."""

    id: str
    """What its answer names: QN or serial number."""
    raw: bytes
    truth: str = ""
    """What it says, for the ledger."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the ledger."""

    message: Message
    answered: bool
    sent: int
    """How often."""
    took: float
    """Seconds from the first byte to the answer, or until it was given up."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the other side said: the id of an answer, or a command with what the station replies."""

    answer: str = ""
    command: str = ""
    reply: bytes = b""


class Line:
    """Of one station; used by one thread. `ledger` is what happened."""

    def __init__(
        self,
        address: tuple[str, int],
        hear: Callable[[], Callable[[bytes], list[Heard]]],
        length_at: slice,
        *,
        wait: float = 10.0,
        tries: int = 3,
    ) -> None:
        """Connects when it has something to say.

        Args:
            address: of the node.
            hear: makes what reads the other side, anew for each connection.
            length_at: where in a packet its length stands.
            wait: seconds for an answer (10 is usual over mobile networks).
            tries: how often a packet is sent.

        """
        self._address, self._hear, self._length_at = address, hear, length_at
        self._wait, self._tries = wait, tries
        self.faults: set[Fault] = set()
        self.ledger: list[Told] = []
        self.commands: list[str] = []
        """What it was told to do."""
        self._socket: socket.socket | None = None
        self._read = hear()
        self._left: list[socket.socket] = []

    def tell(self, message: Message) -> bool:
        """Send it until it is answered or `tries` are used up; whether it was answered."""
        began, answered, sent = time.monotonic(), False, 0
        while sent < self._tries and not answered:
            sent += 1
            try:
                answered = self._once(message)
            except OSError:
                self.close()
        self.ledger.append(Told(message, answered, sent, time.monotonic() - began))
        return answered

    def send(self, raw: bytes) -> None:
        """Send bytes as they are, and wait for nothing.

        Raises:
            ListenError: nobody takes connections there.

        """
        try:
            self._open().sendall(raw)
        except OSError as error:
            raise ListenError(f"no node at {self._address[0]}:{self._address[1]}: {error}") from error

    def close(self) -> None:
        """Leave, also the connections that were left open."""
        for one in (*self._left, *((self._socket,) if self._socket else ())):
            with contextlib.suppress(OSError):
                one.close()
        self._socket, self._left = None, []

    def listen(self, seconds: float, until: str = "") -> bool:
        """Read what the other side says for so long, or until it answers `until`; whether it did."""
        line, due = self._open(), time.monotonic() + seconds
        while (left := due - time.monotonic()) > 0:
            line.settimeout(left)
            try:
                data = line.recv(4096)
            except TimeoutError:
                return False
            if not data:
                raise ConnectionError("the node closed the connection")
            said = self._read(data)
            for heard in said:
                if heard.command:
                    self.commands.append(heard.command)
                    if Fault.NEVER_ANSWERS not in self.faults:
                        line.sendall(heard.reply)
            if until and Fault.DEAF not in self.faults and any(heard.answer == until for heard in said):
                return True
        return False

    def _once(self, message: Message) -> bool:
        if Fault.RECONNECTS in self.faults and self._socket is not None:
            self._left.append(self._socket)
            self._socket = None
        raw = message.raw
        for fault in sorted(self.faults):
            raw = spoilt(fault, raw, self._length_at)
        line = self._open()
        line.sendall(raw * 2 if Fault.TWICE in self.faults else raw)
        if Fault.HALF_PACKET in self.faults:
            line.close()
            self._socket = None
            return False
        return self.listen(self._wait, message.id)

    def _open(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, CONNECT_S)
            self._read = self._hear()
        return self._socket
