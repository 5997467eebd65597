"""One running node: its parts and its threads, up and back down in order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.credentials import Credentials
from devices.errors import CredentialsError
from devices.ids import uuid7
from devices.messages import DeviceStatus
from devices.sensors.client import SensorClient
from devices.sensors.topics import filters
from devices.site.model import Point, Site
from edge.enrol import finish_rotation
from edge.errors import EdgeError, StoreError, TokenMissing
from edge.judge.watch import request_for
from edge.keep import GIB, NodeStore
from edge.node.budget import Attention
from edge.node.clips import Clips
from edge.node.demand import attention, request_at, rules_of
from edge.node.health import HealthDesk
from edge.node.hearing import Hearing
from edge.node.mailbox import Mailbox
from edge.node.metrics import serve_metrics
from edge.node.reception import Reception
from edge.node.report import REPEAT, Reporter
from edge.node.sense import SenseDesk
from edge.node.sight import SightDesk
from edge.node.throttle import WINDOW, Throttle
from edge.node.trouble import StoreTrouble
from edge.see.detector import Detector
from edge.send.exchange import HttpDoor
from edge.send.token import bearer, token_from
from edge.send.trust import trust_from
from edge.send.uplink import Uplink

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds a deciding thread waits at most before it looks whether it shall end."""
END = 20.0
"""Seconds for a deciding thread to end."""
CAMERAS_END = 2.0
"""Seconds for threads of single cameras to end; one that waits for a silent camera is left behind."""


class Node:
    """One running node."""

    def __init__(
        self, site: Site, node: str, state: Path, env: Mapping[str, str], detector: Detector
    ) -> None:
        """Open the store and make all parts; nothing runs before `start`.

        Raises:
            EdgeError: the node is not in the site, the environment lacks one of its secrets, or its
                store cannot be opened.
        """
        known = [one.id for one in site.nodes]
        if node not in known:
            raise EdgeError(f"node {node!r} is not in the site file; it has {', '.join(known)}")
        points = list(site.points_of(node))
        _check_secrets(site, points, env, state)
        trust = trust_from(site.uplink, env)
        self._id = node
        self._state = state
        self._stopping = threading.Event()
        self._crashed = False
        share = int(site.nodes[known.index(node)].disk_quota * GIB)
        self._store = NodeStore.open(state, node, now=_now, new_id=uuid7, share=share)
        self._uplink = Uplink(
            self._store,
            site.uplink.url,
            token_from(env, state),
            trust.ca_file,
            on_status=self._cloud_status,
            session_factory=trust.session,
        )
        self._door = HttpDoor(site.uplink.url, trust)
        wake = self._uplink.wake
        self._reporter = Reporter(node, self._store, _now, wake)
        self._mailbox = Mailbox()
        self._sense = SenseDesk(node, points, self._store, self._reporter, uuid7, wake)
        self._cameras = [camera for point in points for camera in point.cameras]
        self._clock = ZoneInfo(site.timezone)
        local = _now().astimezone(self._clock)
        self._reception = Reception(
            [(camera, request_at(camera, local)) for camera in self._cameras],
            env,
            self._mailbox,
            self._reporter,
        )
        clips = Clips(self._reception.ring, self._reception.size)
        self._sight = SightDesk(node, points, self._store, detector, uuid7, wake, site.timezone, clips=clips)
        self._hearing = Hearing(
            self._cameras,
            env,
            lambda camera: self._reception.stream(camera).state is DeviceStatus.UP,
            self._reception.wake,
            lambda camera: self._health.closely(camera),
            self._reporter.note,
        )
        self._health = HealthDesk(
            node,
            points,
            self._store,
            {camera.id: self._sight.seats[camera.id].lookout.eye for camera in self._cameras},
            {camera.id: request_for(rules_of(camera)).need for camera in self._cameras},
            site.health_classes,
            uuid7,
            wake,
            hints=self._hearing.evidence,
        )
        self._tend_at = 0.0
        self._attention = dict.fromkeys(self._reception.cameras, Attention.NOTHING)
        self._throttle = Throttle(site.nodes[known.index(node)].cpu_budget)
        self._broker: SensorClient | None = None
        if any(point.sensors for point in points):
            self._broker = self._subscribe(site, [point.id for point in points], env)
        self._threads = [
            threading.Thread(target=self._deciding, args=(work,), name=name, daemon=True)
            for name, work in (
                ("sight", self._look),
                ("sense", self._feel),
                *self._reception.jobs,
                *self._hearing.jobs,
            )
        ]

    def _subscribe(self, site: Site, points: list[str], env: Mapping[str, str]) -> SensorClient:
        name = site.broker.credentials
        return SensorClient(
            site.broker,
            None if name is None else Credentials.from_environment(name, env),
            client_id=f"gridwatch-{self._id}",
            filters=filters(points),
            on_status=lambda status, detail: self._reporter.tell(
                "broker", "broker", status, detail, logged=True
            ),
        )

    def start(self) -> None:
        """Start all threads."""
        detail = f"gridwatch {self._id} runs"
        if self._store.damaged:
            names = ", ".join(path.name for path in self._store.damaged)
            detail += f"; damaged and set aside: {names}"
        self._uplink.start()
        threading.Thread(
            target=finish_rotation, args=(self._state, self._door, self._stopping, log.warning),
            name="credential", daemon=True,
        ).start()  # fmt: skip
        self._reporter.note(self._id, {"cameras": len(self._attention)})
        self._reporter.tell(self._id, "node", DeviceStatus.UP, detail)
        for thread in self._threads:
            thread.start()
        if self._broker is not None:
            self._broker.start()
        log.info("node %s: %d cameras", self._id, len(self._attention))

    def wait(self) -> bool:
        """Until somebody calls `stop`; False when a deciding thread died of a defect or the database broke.

        Asks of streams what the rules need just now, holds the node to its CPU budget, and repeats the
        health reports.
        """
        due = time.monotonic() + REPEAT
        while not self._stopping.wait(WINDOW):
            local = _now().astimezone(self._clock)
            for camera in self._cameras:
                self._reception.ask(camera.id, request_at(camera, local))
            self._thin()
            if self._store.broken:
                log.error("node %s ends: its database is damaged; the next start sets it aside", self._id)
                return False
            if time.monotonic() >= due:
                due += REPEAT
                self._reporter.repeat()
        return not self._crashed

    def _thin(self) -> None:
        looks = sum(int(self._reception.facts(camera)["looks"]) for camera in self._attention)
        skipped = self._mailbox.skipped + self._reception.decoders.replaced
        self._reception.thin(self._throttle.turn(self._attention, looks, skipped))
        thinning, cores = self._throttle.thinning.step, round(self._throttle.cores, 2)
        self._reporter.note(self._id, {"skipped": skipped, "cores": cores, "thinning": thinning})

    def serve_metrics(self, port: int) -> None:
        """Serve `/metrics` on a port of the loopback address.

        Raises:
            EdgeError: the port is taken; the node's store is closed then.
        """
        try:
            serve_metrics(port, self._reception, self._mailbox, self._throttle)
        except (OSError, OverflowError) as error:
            self._store.close()
            raise EdgeError(f"--metrics: port {port} of 127.0.0.1 cannot be had: {error}") from error

    def stop(self) -> None:
        """Ask everything to end; safe in a signal handler."""
        self._stopping.set()

    def close(self) -> None:
        """End all threads in the order in which things flow, then close the store."""
        self._hearing.stop()
        self._reception.stop()
        if self._broker is not None:
            self._broker.stop()
        self._mailbox.close()
        for thread in self._threads:
            thread.join(END)
        self._uplink.stop()
        self._reception.join(CAMERAS_END)
        self._store.close()

    def _deciding(self, work: Callable[[], None]) -> None:
        """A node that cannot decide any more must end, so that whoever started it starts it again."""
        finished = False
        try:
            work()
            finished = True
        finally:
            if not finished:
                self._crashed = True
                self._stopping.set()

    def _look(self) -> None:
        trouble = StoreTrouble("what cameras show")
        while not self._stopping.is_set():
            taken = self._mailbox.take(TICK)
            try:
                self._tend()
                if taken is None:
                    continue
                view = self._sight.look(*taken)
                self._health.look(*taken)
                trouble.kept()
            except StoreError as error:
                trouble.failed(error)
                continue
            ledgers = self._sight.seats[taken[0]].ledgers or ()
            self._attention[taken[0]] = attention(view, ledgers)

    def _tend(self) -> None:
        """Every second, see after the cameras' streams."""
        if time.monotonic() < self._tend_at:
            return
        self._tend_at = time.monotonic() + TICK
        for camera in self._reception.cameras:
            if self._health.tend(camera, self._reception.stream(camera)):
                self._sight.hold(camera, _now())

    def _feel(self) -> None:
        if self._broker is None:
            return
        trouble = StoreTrouble("readings")
        while not self._stopping.is_set():
            try:
                if self._sense.take(self._broker.deliveries, TICK):
                    trouble.kept()
            except StoreError as error:
                trouble.failed(error)
                self._stopping.wait(TICK)

    def _cloud_status(self, status: DeviceStatus, detail: str) -> None:
        """The uplink has logged it; the node's next report carries it."""
        self._reporter.note(self._id, {"cloud": str(status), "cloud_detail": detail})


def _check_secrets(site: Site, points: list[Point], env: Mapping[str, str], state: Path) -> None:
    """A secret that is missing at the start is the operator's slip: said at once, and all of them.

    Raises:
        EdgeError: names the variables, never a value.
    """
    names = {camera.credentials for point in points for camera in point.cameras}
    if any(point.sensors for point in points):
        names.add(site.broker.credentials)
    faults = []
    for name in sorted(one for one in names if one is not None):
        try:
            Credentials.from_environment(name, env)
        except CredentialsError as error:
            faults.append(str(error))
    try:
        bearer(token_from(env, state)())
    except TokenMissing as error:
        faults.append(str(error))
    if faults:
        raise EdgeError("; ".join(faults))


def _now() -> datetime:
    return datetime.now(UTC)
