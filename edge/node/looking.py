"""The thread that looks: each picture goes to those who judge it, and every second streams are seen after."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from devices.site.model import Camera, Point, Site
from edge.errors import StoreError
from edge.judge.watch import request_for
from edge.node.budget import Attention
from edge.node.changes import Changes
from edge.node.clock import Clock
from edge.node.demand import attention, request_at, rules_of
from edge.node.errands import Errands, Look
from edge.node.health import HealthDesk
from edge.node.mailbox import Mailbox
from edge.node.reception import Reception
from edge.node.sight import SightDesk
from edge.node.stills import StillRing
from edge.node.trouble import StoreTrouble
from edge.node.visits import Visits
from edge.see.eye import Eye

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds the thread waits at most before it looks whether it shall end."""


class Looking:
    """Of all cameras of a node. It owns both desks and what they know."""

    def __init__(
        self,
        site: Site,
        points: list[Point],
        reception: Reception,
        mailbox: Mailbox,
        sight: SightDesk,
        health: HealthDesk,
        errands: Errands,
        stills: StillRing,
        clock: Clock,
        beat: Callable[[str], None],
        stepped: Callable[[float], None],
    ) -> None:
        """`beat` is told of each round, `stepped` by how many seconds the wall clock was set."""
        self._reception, self._mailbox = reception, mailbox
        self._sight, self._health, self._errands = sight, health, errands
        self._stills = stills
        self._clock, self._beat, self._stepped = clock, beat, stepped
        self.visits = Visits()
        """Work of others on what this thread owns."""
        self.cameras = cameras_of(points)
        self.attention = {camera.id: Attention.NOTHING for camera in self.cameras}
        """What each camera needs just now."""
        self._zone = ZoneInfo(site.timezone)
        self._tend_at = 0.0
        errands.know(self.attention)
        stills.know(self.attention)

    def run(self, stopping: threading.Event) -> None:
        """The thread's work, until the node stops."""
        trouble = StoreTrouble("what cameras show")
        while not stopping.is_set():
            self._beat("sight")
            taken = self._mailbox.take(TICK)
            self.visits.do()
            try:
                self._tend()
                if taken is None or taken[0] not in self._sight.seats:
                    continue
                view = self._sight.look(*taken)
                self._health.look(*taken)
                self._stills.seen(*taken)
                trouble.kept()
            except StoreError as error:
                trouble.failed(error)
                continue
            seat = self._sight.seats[taken[0]]
            ledgers = seat.ledgers or ()
            self.attention[taken[0]] = attention(view, ledgers)
            self._errands.seen(taken[0], Look(taken[1], view, seat.lookout.posts, ledgers))

    def ask(self) -> None:
        """Ask of every stream what the rules need at this hour; any thread."""
        local = self._local()
        for camera in self.cameras:
            self._reception.ask(camera.id, request_at(camera, local))

    def restock(self, site: Site, points: list[Point], told: Changes) -> None:
        """Cameras come and go, and are looked at by other rules; the thread is held meanwhile.

        Raises:
            StoreError: the store cannot be read; some of it was done.
        """
        was = {camera.id: camera for camera in self.cameras}
        self._zone, self.cameras = ZoneInfo(site.timezone), cameras_of(points)
        now = {camera.id: camera for camera in self.cameras}
        anew = [
            one for one in told.cameras_changed if {was[one].transport, now[one].transport} != {"gridwatch"}
        ]
        for camera in (*told.cameras_removed, *anew):
            self._reception.drop(camera)
            self._mailbox.drop(camera)
        self._sight.restock(points, site.timezone, anew)
        self._health.restock(points, eyes_of(self._sight), needs_of(now.values()), site.health_classes, anew)
        local = self._local()
        for camera in (*told.cameras_added, *told.cameras_changed):
            self._reception.put(now[camera], request_at(now[camera], local))
        self.attention = {camera: self.attention.get(camera, Attention.NOTHING) for camera in now}
        self._errands.know(now)
        self._stills.know(now)

    def _tend(self) -> None:
        """Every second, see after the cameras' streams."""
        if time.monotonic() < self._tend_at:
            return
        self._tend_at = time.monotonic() + TICK
        if by := self._clock.stepped():
            self._wall_stepped(by)
        for camera in self._reception.cameras:
            if self._health.tend(camera, self._reception.stream(camera)):
                self._sight.hold(camera, self._clock.now())

    def _wall_stepped(self, by: float) -> None:
        """Durations go on; what is said in UTC from now on is by the new clock."""
        self._reception.wall_stepped(by)
        self._sight.wall_stepped()
        self._health.wall_stepped()
        self._stepped(by)

    def _local(self) -> datetime:
        return self._clock.now().astimezone(self._zone)


def cameras_of(points: Iterable[Point]) -> list[Camera]:
    """All of them, in the site's order."""
    return [camera for point in points for camera in point.cameras]


def eyes_of(sight: SightDesk) -> dict[str, Eye]:
    """Each camera's eye."""
    return {camera: seat.lookout.eye for camera, seat in sight.seats.items()}


def needs_of(cameras: Iterable[Camera]) -> dict[str, float]:
    """The longest key interval that each camera's rules can bear, seconds."""
    return {camera.id: request_for(rules_of(camera)).need for camera in cameras}
