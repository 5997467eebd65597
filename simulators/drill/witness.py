"""Who acts and watches beside the nemesis: bicycles before the cameras, and an ear at the wall's stream."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulators.drill.truths import Truth
from simulators.errors import SimulatorsError
from simulators.orders import order

VISIBLE = {True: 36.0, False: 24.0}
"""Seconds of pictures at its node that a bicycle (True) or its absence is given before the next order: one
block to be brought, the dwell, and looks enough to decide. What no picture shows nobody can know."""
FLOWS = 3.0
"""Seconds between two pieces of a stream at most while it flows; a group of pictures is 2 s."""
AGAIN = 0.5
"""Seconds until a street that was away is asked again."""
SILENCE = 12.0
"""Seconds without a word, the stream's comments included, after which it is dead."""


class Bicycles:
    """Leaves and takes bicycles before one camera, in a thread of its own."""

    def __init__(
        self,
        street: Path,
        truths: Sequence[Truth],
        clock: Callable[[], float],
        seen: Callable[[], bool],
        last: float,
    ) -> None:
        """`clock`: seconds of the drill; `seen`: whether the node has the camera's pictures just now.

        Nothing is left any more after the second `last`.
        """
        self._street, self._truths, self._clock, self._seen = street, truths, clock, seen
        self.told: list[Truth] = []
        """What was really done: with the times at which the street took the orders."""
        self._last = last
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bicycles", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """The last bicycle was taken, long enough ago to be seen gone."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """No more orders."""
        self._stopping.set()
        self._thread.join(5)

    def _run(self) -> None:
        late = 0.0
        for truth in self._truths:
            if truth.begin + late > self._last:
                return
            begin = self._at(truth.begin + late, f"put {truth.device}")
            if begin is None:
                return
            self.told.append(replace(truth, begin=begin, end=math.inf))
            if not self._shown(VISIBLE[True]):
                return
            end = self._at(truth.end + begin - truth.begin, f"take {truth.device}")
            if end is None:
                return
            self.told[-1] = replace(truth, begin=begin, end=end)
            if not self._shown(VISIBLE[False]):
                return
            late = end - truth.end

    def _shown(self, seconds: float) -> bool:
        """Wait until its node had so many seconds of pictures; False when all is over."""
        while seconds > 0:
            if self._stopping.wait(AGAIN):
                return False
            seconds -= AGAIN if self._seen() else 0.0
        return True

    def _at(self, when: float, text: str) -> float | None:
        """Give an order at its time or as soon as the street takes it; None when all is over."""
        wait = when - self._clock()
        while not self._stopping.wait(max(0.0, wait)):
            with contextlib.suppress(SimulatorsError):
                order(self._street, text)
                return self._clock()
            wait = AGAIN
        return None


class Ear:
    """Hears at the wall's event stream when an alarm is open, and when it is over, for the first time."""

    def __init__(self, port: int, user: str, password: str, clock: Callable[[], float]) -> None:
        """`clock`: seconds of the drill."""
        self._port, self._login, self._clock = port, {"username": user, "password": password}, clock
        self.opened: dict[str, float] = {}
        self.cleared: dict[str, float] = {}
        self._cookie = ""
        self._last = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ear", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Hear no more."""
        self._stopping.set()
        self._thread.join(SILENCE + 3)

    def _run(self) -> None:
        while not self._stopping.wait(AGAIN):
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                self._listen()

    def _listen(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SILENCE)
        try:
            if not self._cookie:
                line.request(
                    "POST", "/api/v1/session", json.dumps(self._login), {"Content-Type": "application/json"}
                )
                answer = line.getresponse()
                answer.read()
                self._cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
            resume = {"Last-Event-ID": self._last} if self._last else {}
            line.request("GET", "/api/v1/stream", headers={"Cookie": self._cookie, **resume})
            stream = line.getresponse()
            if stream.status != 200:
                self._cookie = ""
                return
            self._read(stream)
        finally:
            line.close()

    def _read(self, stream: http.client.HTTPResponse) -> None:
        kind = ""
        while not self._stopping.is_set() and (raw := stream.readline()):
            name, _, text = raw.decode().rstrip("\n").partition(": ")
            if name == "event":
                kind = text
            elif name == "id":
                self._last = text
            elif name == "data" and kind == "incident":
                for alarm in json.loads(text)["alarms"]:
                    self._hear(alarm)

    def _hear(self, alarm: dict[str, Any]) -> None:
        now = self._clock()
        self.opened.setdefault(alarm["id"], now)
        if alarm["cleared_at"] is not None:
            self.cleared.setdefault(alarm["id"], now)
