"""The thread that decides about sensors, and the line to the broker that it takes their messages from."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from devices.credentials import Credentials
from devices.link import Command, ResetBody
from devices.messages import DeviceStatus
from devices.sensors.client import SensorClient
from devices.sensors.direct import Direct
from devices.sensors.refused import Refused
from devices.sensors.trust import with_files
from devices.site.broker import probe_topic
from devices.site.model import Point, Sensor, Site
from edge.errors import EdgeError, StoreError
from edge.judge.duties import common_of
from edge.link.desk import Done
from edge.node.inbox import CAPACITY, Inbox
from edge.node.report import Reporter
from edge.node.sense import SenseDesk
from edge.node.trouble import StoreTrouble
from edge.node.visits import Visits

SETTLED = 5.0
"""Seconds after which what waited at the broker has begun to come; from then on silence is silence."""
TICK = 1.0
"""Seconds the thread waits at most before it looks whether it shall end."""


class Sensing:
    """Takes what sensors say to the desk that judges it."""

    def __init__(
        self,
        site: Site,
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
        self._line = threading.Lock()
        """Whoever changes the line to the broker holds it: the main thread for another site, this one to
        hear more of a device that named its topics."""
        self._up_since: float | None = None
        """Since when the line to the broker stands; monotonic."""
        self._look_at = 0.0
        """When the inbox is marked next; monotonic."""
        self._marked = False
        """A mark waits in the inbox."""
        self._upto: float | None = None
        """All that had come by then is decided, and the time until then is not yet."""
        self._site, self._filters = site, desk.router.filters
        self._broker = self._subscribe()

    @property
    def refused(self) -> Refused:
        """What sensors sent that could not be used."""
        return self._desk.refused

    def start(self) -> None:
        """Begin to hear."""
        if self._broker is not None:
            self._broker.start()

    def restock(self, site: Site, points: list[Point]) -> None:
        """Judge by these points; the thread is held meanwhile."""
        self._desk.restock(points, common_of(site))

    def move(self, site: Site, *, anew: bool) -> None:
        """Hear the sensors that the desk was given; by another line when the broker is another (`anew`)."""
        with self._line:
            self._site = site
            self._hear(anew=anew)

    def _hear(self, *, anew: bool) -> None:
        """Be subscribed to what the sensors are heard under now."""
        filters = self._desk.router.filters
        if not anew and filters == self._filters:
            return
        self._filters = filters
        before, self._broker = self._broker, self._subscribe()
        if before is not None:
            before.stop()
        self.start()

    def stop(self) -> None:
        """Leave the broker."""
        if self._broker is not None:
            self._broker.stop()

    def reset(self, command: Command) -> Done:
        """`reset`: what a condition has latched is over, if it is over. On the link's thread."""
        condition = ResetBody.model_validate(command.body).condition_id
        try:
            why = self.visits.ask(lambda: self._desk.reset(condition))
        except StoreError:
            raise
        except EdgeError as error:
            return Done(reason=str(error))
        return Done({"reset": why is None, "why": why or ""})

    def run(self, stopping: threading.Event) -> None:
        """The thread's work, until the node stops."""
        trouble = StoreTrouble("readings")
        while not stopping.is_set():
            self._beat("sense")
            self.visits.do()
            self._mark(time.monotonic())
            try:
                if self._desk.take(self.inbox, TICK):
                    trouble.kept()
                    self._ask()
                if self._upto is not None:
                    self._look(self._upto)
            except StoreError as error:
                trouble.failed(error)
                stopping.wait(TICK)

    def _mark(self, now: float) -> None:
        """Mark the inbox once a tick. The time is decided up to a mark that has come through, so that nobody
        is missed whose word waits, and a flood that never lets the inbox run empty holds nothing up.
        """
        if self._marked or now < self._look_at:
            return

        def through() -> None:
            self._marked, self._upto = False, now

        self._marked, self._look_at = True, now + TICK
        self.inbox.mark(Direct((), through))

    def _look(self, at: float) -> None:
        """Decide what the time alone does until `at`; hear more of devices that named their topics."""
        self._upto = None
        with self._line:
            self._hear(anew=False)
        if self._broker is not None:
            self._reporter.note("broker", self._broker.facts())
        self._desk.wait(self._listening, at)

    def _ask(self) -> None:
        """What the desk wants to ask devices after a batch."""
        with self._line:
            for ask in self._desk.asks:
                if self._broker is not None:
                    self._broker.publish(ask.topic, ask.payload)
        self._desk.asks.clear()

    def _listening(self, sensor: Sensor) -> bool:
        """Whether it would have been heard just now: at a station, or since the line to the broker stands."""
        up = self._up_since
        return sensor.station is not None or (up is not None and time.monotonic() - up >= SETTLED)

    def _told(self, status: DeviceStatus, detail: str) -> None:
        """How the line to the broker stands. On its thread."""
        if status is not DeviceStatus.UP:
            self._up_since = None
        elif self._up_since is None:
            self._up_since = time.monotonic()
        self._reporter.tell("broker", "broker", status, detail, logged=True)

    def _subscribe(self) -> SensorClient | None:
        """To the broker, if there are any sensors."""
        if not self._filters:
            return None
        site = self._site
        name = site.broker.credentials
        return SensorClient(
            with_files(site.broker, self._env),
            None if name is None else Credentials.from_environment(name, self._env),
            client_id=f"gridwatch-{self._node}",
            filters=self._filters,
            on_status=self._told,
            deliveries=self.inbox,
            probe=probe_topic(self._node),
        )
