"""`gridwatch edge` that keeps time of its steps: one thread sees and judges, `/proc` cannot tell them apart.

Each line of standard input is answered with one of JSON: CPU seconds and calls of each step so far. A step's
time is without that of the steps it calls.
"""

from __future__ import annotations

import functools
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import gridwatch
from edge.node.sight import SightDesk
from edge.see.background import Backgrounds
from edge.see.detector import Network
from edge.see.eye import Eye
from edge.see.health.watch import HealthWatch
from edge.see.steady import Steady

STEPS: tuple[tuple[str, type, str], ...] = (
    ("health", HealthWatch, "see"),
    ("steadying", Steady, "follow"),
    ("background", Backgrounds, "see"),
    ("slots", Eye, "look"),
    ("detector", Network, "detect"),
    ("rules and evidence", SightDesk, "look"),
)
"""What it is called, and which method it is."""


class Clock:
    """CPU time of steps, each without those inside it."""

    def __init__(self) -> None:
        self.seconds = {name: 0.0 for name, _, _ in STEPS}
        self.calls = {name: 0 for name, _, _ in STEPS}
        self._within = threading.local()

    def around(self, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        """The step, with its time kept."""

        @functools.wraps(step)
        def kept(*given: Any, **named: Any) -> Any:
            outer = getattr(self._within, "seconds", 0.0)
            self._within.seconds, begun = 0.0, time.thread_time()
            try:
                return step(*given, **named)
            finally:
                took = time.thread_time() - begun
                self.seconds[name] += took - self._within.seconds
                self.calls[name] += 1
                self._within.seconds = outer + took

        return kept


def main() -> int:
    """Run the node."""
    clock = Clock()
    for name, owner, method in STEPS:
        setattr(owner, method, clock.around(name, getattr(owner, method)))

    def answer() -> None:
        for _ in sys.stdin:
            print(json.dumps({"seconds": clock.seconds, "calls": clock.calls}), flush=True)

    threading.Thread(target=answer, name="bench", daemon=True).start()
    return gridwatch.main(["edge", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
