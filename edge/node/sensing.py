"""The thread that decides about sensors, and the line to the broker that it takes their messages from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from devices.credentials import Credentials
from devices.sensors.client import SensorClient
from devices.sensors.topics import filters
from devices.site.model import Point, Site
from edge.errors import StoreError
from edge.node.inbox import CAPACITY, Inbox
from edge.node.report import Reporter
from edge.node.sense import SenseDesk
from edge.node.trouble import StoreTrouble
from edge.node.visits import Visits

TICK = 1.0
"""Seconds the thread waits at most before it looks whether it shall end."""


class Sensing:
    """Takes what sensors say to the desk that judges it."""

    def __init__(
        self,
        site: Site,
        points: list[Point],
        node: str,
        env: Mapping[str, str],
        desk: SenseDesk,
        reporter: Reporter,
        beat: Callable[[str], None],
    ) -> None:
        """Nothing is heard before `start`; `beat` is told of each round."""
        self._node, self._env, self._desk, self._reporter, self._beat = node, env, desk, reporter, beat
        self.visits = Visits()
        """Work of others on what this thread owns."""
        self.inbox = Inbox(CAPACITY)
        """What is to be decided, from the broker and from whoever else hears sensors."""
        self._points = _sensed(points)
        self._broker = self._subscribe(site)

    def start(self) -> None:
        """Begin to hear."""
        if self._broker is not None:
            self._broker.start()

    def restock(self, points: list[Point]) -> None:
        """Judge by these points; the thread is held meanwhile."""
        self._desk.restock(points)

    def move(self, site: Site, points: list[Point], *, anew: bool) -> None:
        """Hear the sensors of these points; by another line when the broker is another one (`anew`)."""
        sensed = _sensed(points)
        if not anew and sensed == self._points:
            return
        self._points = sensed
        before, self._broker = self._broker, self._subscribe(site)
        if before is not None:
            before.stop()
        self.start()

    def stop(self) -> None:
        """Leave the broker."""
        if self._broker is not None:
            self._broker.stop()

    def run(self, stopping: threading.Event) -> None:
        """The thread's work, until the node stops."""
        trouble = StoreTrouble("readings")
        while not stopping.is_set():
            self._beat("sense")
            self.visits.do()
            try:
                if self._desk.take(self.inbox, TICK):
                    trouble.kept()
            except StoreError as error:
                trouble.failed(error)
                stopping.wait(TICK)

    def _subscribe(self, site: Site) -> SensorClient | None:
        """To the broker, if there are any sensors."""
        if not self._points:
            return None
        name = site.broker.credentials
        return SensorClient(
            site.broker,
            None if name is None else Credentials.from_environment(name, self._env),
            client_id=f"gridwatch-{self._node}",
            filters=filters(self._points),
            on_status=lambda status, detail: self._reporter.tell(
                "broker", "broker", status, detail, logged=True
            ),
            deliveries=self.inbox,
        )


def _sensed(points: list[Point]) -> list[str]:
    """The points that the broker is asked about."""
    return [point.id for point in points] if any(point.sensors for point in points) else []
