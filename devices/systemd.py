"""Telling systemd that a service is up and well (sd_notify(3)): datagrams to the socket that it names."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping


class Notifier:
    """Says things to the service manager; without one it says nothing. Any thread."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """`NOTIFY_SOCKET` names the socket; `@` begins the name of an abstract one."""
        name = env.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name

    def ready(self) -> None:
        """The service has started."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """It has begun to end."""
        self._tell("STOPPING=1")

    def alive(self, status: str) -> None:
        """It is well; `status` is for people. Unless this is said in time, systemd starts it anew."""
        self._tell(f"WATCHDOG=1\nSTATUS={status}")

    def status(self, status: str) -> None:
        """A word for people; says nothing about being well."""
        self._tell(f"STATUS={status}")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        # A manager that has gone, or does not take it now, is no reason to end.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto(text.encode(), self._address)
