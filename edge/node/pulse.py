"""Whether all of a node's loops go round. One that is stuck leaves a node that looks well and sees nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

STUCK = 45.0
"""Seconds without a round after which a loop is stuck; the slowest round, a full disk included, takes a few."""


class Pulse:
    """Loops say that they go round; any thread may ask which do not."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._beats: dict[str, float] = {}

    def beat(self, loop: str) -> None:
        """One round of `loop` begins."""
        with self._lock:
            self._beats[loop] = self._monotonic()

    def forget(self, loop: str) -> None:
        """It has nothing to do just now, however long that takes."""
        with self._lock:
            self._beats.pop(loop, None)

    def stuck(self) -> list[str]:
        """The loops that do not go round."""
        with self._lock:
            now = self._monotonic()
            return sorted(loop for loop, at in self._beats.items() if now - at > STUCK)
