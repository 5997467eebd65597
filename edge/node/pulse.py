"""The watchdog of a node: a loop that is stuck leaves a node that looks well and sees nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from devices.systemd import Notifier

log = logging.getLogger(__name__)

STUCK = 45.0
"""Seconds without a round after which a loop is stuck; the slowest, with a full disk, takes a few."""
LOOPS = ("sight", "sense", "reception")


class Watchdog:
    """Loops say that they go round. While all do, and nothing is decoded for ever, systemd is told so."""

    def __init__(
        self,
        node: str,
        notifier: Notifier,
        decoding_for: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`decoding_for`: seconds that the longest piece of decoding has taken so far."""
        self._node = node
        self._notifier = notifier
        self._decoding_for = decoding_for
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._beats: dict[str, float] = {}
        self._said = False

    def beat(self, loop: str) -> None:
        """One round of `loop` begins; any thread."""
        with self._lock:
            self._beats[loop] = self._monotonic()

    def begin(self) -> None:
        """The node has started: from now on every loop must go round."""
        for loop in LOOPS:
            self.beat(loop)
        self._notifier.ready()

    def feed(self, cameras: int, on_reception: Callable[[Callable[[], None]], None]) -> None:
        """Tell systemd that the node is well, if it is; `on_reception` has something called by that loop."""
        with self._lock:
            now = self._monotonic()
            stuck = sorted(loop for loop, at in self._beats.items() if now - at > STUCK)
        if self._decoding_for() > STUCK:
            stuck.append("decoding")
        if not stuck:
            self._notifier.alive(f"{cameras} cameras")
        elif not self._said:
            log.error("node %s: stuck: %s; systemd will start it anew", self._node, ", ".join(stuck))
            self._notifier.status(f"stuck: {', '.join(stuck)}")
        self._said = bool(stuck)
        on_reception(partial(self.beat, "reception"))

    def end(self) -> None:
        """The node has begun to end."""
        self._notifier.stopping()
