"""One running node: its parts and its threads, up and back down in order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.credentials import Credentials
from devices.ids import uuid7
from devices.messages import DeviceStatus
from devices.sensors.client import SensorClient
from devices.sensors.topics import filters
from devices.site.model import Point, Site
from devices.systemd import Notifier
from edge.enrol import finish_rotation
from edge.errors import EdgeError, StoreError
from edge.judge.watch import request_for
from edge.keep import GIB, NodeStore
from edge.node.away import CloudAway
from edge.node.budget import Attention
from edge.node.changes import Changes, changes
from edge.node.clips import Clips
from edge.node.clock import clock_from, spoken
from edge.node.demand import attention, request_at, rules_of
from edge.node.errands import Errands, Look
from edge.node.health import HealthDesk
from edge.node.heap import give_back
from edge.node.hearing import Hearing
from edge.node.mailbox import Mailbox
from edge.node.metrics import serve_metrics
from edge.node.pulse import Watchdog
from edge.node.reception import Reception
from edge.node.report import REPEAT, Facts, Reporter
from edge.node.sense import SenseDesk
from edge.node.sight import LOOKS_PER_SECOND, SightDesk
from edge.node.terms import node_in, points_for
from edge.node.throttle import WINDOW, Throttle
from edge.node.trouble import StoreTrouble
from edge.node.visits import Visits
from edge.see.detector import Detector
from edge.see.eye import Eye
from edge.see.lookbudget import Looks
from edge.send.exchange import HttpDoor
from edge.send.token import token_from
from edge.send.trust import trust_from
from edge.send.uplink import Uplink

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds a deciding thread waits at most before it looks whether it shall end."""
END = 2.5
"""Seconds for all threads together to end: systemd, and people, expect a node to end within 5."""
UPLINK_END = 2.0
"""Seconds for an uplink that a new site has moved."""


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
        points = points_for(site, node, env, state)
        self.id = node
        self._site = site
        self._env = env
        self._state = state
        self._stopping = threading.Event()
        self._crashed = False
        share = int(node_in(site, node).disk_quota * GIB)
        self._time = clock_from(env)
        self._away = CloudAway(env)
        self._clock_word = ""
        self.store = NodeStore.open(state, node, now=self._time.now, new_id=uuid7, share=share)
        self._uplink = self._sender(site)
        self._door = HttpDoor(site.uplink.url, trust_from(site.uplink, env))
        wake = self.wake
        self.reporter = Reporter(node, self.store, self._time.now, wake)
        self._mailbox = Mailbox()
        self._sense = SenseDesk(node, points, self.store, self.reporter, uuid7, wake, wall=self._time.wall)
        self._cameras = [camera for point in points for camera in point.cameras]
        self._clock = ZoneInfo(site.timezone)
        local = self._time.now().astimezone(self._clock)
        self._reception = Reception(
            [(camera, request_at(camera, local)) for camera in self._cameras],
            env,
            self._mailbox,
            self.reporter,
            clock=self._time,
        )
        self._watchdog = Watchdog(node, Notifier(env), self._reception.decoders.busy_for)
        clips = Clips(self._reception.ring, self._reception.size)
        self._sight = SightDesk(
            node,
            points,
            self.store,
            detector,
            uuid7,
            wake,
            site.timezone,
            self._time.now,
            clips=clips,
            looks=Looks(LOOKS_PER_SECOND, spare=self._has_time),
        )
        self._hearing = self._listener()
        self._health = HealthDesk(
            node,
            points,
            self.store,
            self._eyes(),
            self._needs(),
            site.health_classes,
            uuid7,
            wake,
            wall=self._time.wall,
            hints=lambda camera, kind: self._hearing.evidence(camera, kind),
        )
        self._problem = ""
        self.errands = Errands(self.store, uuid7, self._reception.wake, self._health.is_open)
        self.errands.know(camera.id for camera in self._cameras)
        self._woken = threading.Event()
        self.on_main = Visits(self._woken.set)
        """What other threads want done between the rounds of `wait`."""
        self._at_sight, self._at_sense = Visits(), Visits()
        self._tend_at = 0.0
        self._attention = dict.fromkeys(self._reception.cameras, Attention.NOTHING)
        self._throttle = Throttle(node_in(site, node).cpu_budget)
        self._broker = self._subscribe(site, points)
        self._threads = [
            threading.Thread(target=self._deciding, args=(work,), name=name, daemon=True)
            for name, work in (
                ("sight", self._look),
                ("sense", self._feel),
                *self._reception.jobs,
            )
        ]

    def _sender(self, site: Site) -> Uplink:
        trust = trust_from(site.uplink, self._env)
        return Uplink(
            self.store,
            site.uplink.url,
            token_from(self._env, self._state),
            trust.ca_file,
            on_status=self._cloud_status,
            session_factory=trust.session,
        )

    def _listener(self) -> Hearing:
        """Of what the cameras say by themselves."""
        return Hearing(
            self._cameras,
            self._env,
            lambda camera: self._reception.stream(camera).state is DeviceStatus.UP,
            self._reception.wake,
            self._closely,
            self.reporter.note,
        )

    def _subscribe(self, site: Site, points: list[Point]) -> SensorClient | None:
        """Of the sensors, if there are any."""
        if not any(point.sensors for point in points):
            return None
        name = site.broker.credentials
        return SensorClient(
            site.broker,
            None if name is None else Credentials.from_environment(name, self._env),
            client_id=f"gridwatch-{self.id}",
            filters=filters([point.id for point in points]),
            on_status=lambda status, detail: self.reporter.tell(
                "broker", "broker", status, detail, logged=True
            ),
        )

    def _eyes(self) -> dict[str, Eye]:
        return {camera: seat.lookout.eye for camera, seat in self._sight.seats.items()}

    def _needs(self) -> dict[str, float]:
        """The longest key interval that each camera's rules can bear, seconds."""
        return {camera.id: request_for(rules_of(camera)).need for camera in self._cameras}

    def wake(self) -> None:
        """Something was queued for the cloud."""
        self._uplink.wake()

    def start(self) -> None:
        """Start all threads."""
        self._uplink.start()
        threading.Thread(
            target=finish_rotation, args=(self._state, self._door, self._stopping, log.warning),
            name="credential", daemon=True,
        ).start()  # fmt: skip
        self.say("")
        for thread in self._threads:
            thread.start()
        self._hear()
        if self._broker is not None:
            self._broker.start()
        log.info("node %s: %d cameras", self.id, len(self._attention))

    def say(self, problem: str) -> None:
        """How the node itself stands; `problem` is what people must know of its site."""
        self._problem = problem
        self._say_again()

    def _say_again(self) -> None:
        problem = "; ".join(one for one in (self._problem, self._clock_word) if one)
        detail = f"gridwatch {self.id} runs"
        if self.store.damaged:
            names = ", ".join(path.name for path in self.store.damaged)
            detail += f"; damaged and set aside: {names}"
        facts: Facts = {
            "cameras": len(self._attention),
            "site_version": self._site.version,
            "site_problem": self._problem,
        }
        self.reporter.note(self.id, facts)
        self.reporter.tell(self.id, "node", DeviceStatus.UP, f"{detail}; {problem}" if problem else detail)

    def wait(self, between: Callable[[], None] = lambda: None) -> bool:
        """Until somebody calls `stop`; False when a deciding thread died of a defect or the database broke.

        Asks of streams what the rules need just now, holds the node to its CPU budget, and repeats the
        health reports. `between` is called in each round, and soon after `nudge`.
        """
        due = time.monotonic() + REPEAT
        round_due = time.monotonic() + WINDOW
        self._watchdog.begin()
        while not self._stopping.is_set():
            self._woken.wait(max(0.0, round_due - time.monotonic()))
            self._woken.clear()
            if self._stopping.is_set():
                break
            self.on_main.do()
            between()
            if time.monotonic() < round_due:
                continue
            round_due = time.monotonic() + WINDOW
            local = self._time.now().astimezone(self._clock)
            for camera in self._cameras:
                self._reception.ask(camera.id, request_at(camera, local))
            self._thin()
            self._watchdog.feed(len(self._attention), self._reception.on_loop)
            if self.store.broken:
                log.error("node %s ends: its database is damaged; the next start sets it aside", self.id)
                return False
            if time.monotonic() >= due:
                due += REPEAT
                give_back()
                self.reporter.repeat()
        return not self._crashed

    def nudge(self) -> None:
        """Have `wait` look around now; safe in a signal handler."""
        self._woken.set()

    def apply(self, site: Site) -> Changes:
        """Run by this site from now on; only what it changes is restarted. Between the rounds of `wait` only.

        Raises:
            EdgeError: the node cannot do what it asks; nothing was changed.
        """
        points = points_for(site, self.id, self._env, self._state)
        told = changes(self._site, site, self.id)
        before = self._site
        self._at_sight.ask(partial(self._see_by, site, points, told))
        self._at_sense.ask(partial(self._sense.restock, points))
        self.reporter.forget([*told.cameras_removed, *told.sensors_removed])
        self._throttle.allow(node_in(site, self.id).cpu_budget)
        if told.cameras_added or told.cameras_removed or told.cameras_changed:
            self._hearing.stop()
            self._hearing = self._listener()
            self._hear()
        if "broker" in told.node_changed or _sensed(before, self.id) != _sensed(site, self.id):
            old, self._broker = self._broker, self._subscribe(site, points)
            if old is not None:
                old.stop()
            if self._broker is not None:
                self._broker.start()
        if "uplink" in told.node_changed:
            sender, self._uplink = self._uplink, self._sender(site)
            sender.stop(UPLINK_END)
            self._uplink.start()
        self._site = site
        log.info("site version %d is in force: %s", site.version, told.told() or "nothing changed here")
        return told

    def _see_by(self, site: Site, points: list[Point], told: Changes) -> None:
        """On the looking thread: cameras come and go, and are looked at by other rules."""
        self._clock = ZoneInfo(site.timezone)
        self._cameras = [camera for point in points for camera in point.cameras]
        was = {camera.id: camera for point in self._site.points_of(self.id) for camera in point.cameras}
        now = {camera.id: camera for camera in self._cameras}
        anew = [
            one for one in told.cameras_changed if {was[one].transport, now[one].transport} != {"gridwatch"}
        ]
        for camera in (*told.cameras_removed, *anew):
            self._reception.drop(camera)
            self._mailbox.drop(camera)
        self._sight.restock(points, site.timezone, anew)
        self._health.restock(points, self._eyes(), self._needs(), site.health_classes, anew)
        local = self._time.now().astimezone(self._clock)
        for camera in (*told.cameras_added, *told.cameras_changed):
            self._reception.put(now[camera], request_at(now[camera], local))
        self._attention = {camera: self._attention.get(camera, Attention.NOTHING) for camera in now}
        self.errands.know(now)

    def _hear(self) -> None:
        for name, work in self._hearing.jobs:
            threading.Thread(target=self._deciding, args=(work,), name=name, daemon=True).start()

    def _closely(self, camera: str) -> None:
        if camera in self._health.wards:
            self._health.closely(camera)

    def _has_time(self) -> bool:
        """Nobody would wait for what is done now, and the CPU budget is kept."""
        return not self._mailbox.waiting and self._throttle.kept

    def _thin(self) -> None:
        looks = sum(int(self._reception.facts(camera)["looks"]) for camera in self._attention)
        skipped = self._mailbox.skipped + self._reception.decoders.replaced
        self._reception.thin(self._throttle.turn(self._attention, looks, skipped))
        thinning, cores = self._throttle.thinning.step, round(self._throttle.cores, 2)
        self.reporter.note(self.id, {"skipped": skipped, "cores": cores, "thinning": thinning})

    def serve_metrics(self, port: int) -> None:
        """Serve `/metrics` on a port of the loopback address.

        Raises:
            EdgeError: the port is taken; the node's store is closed then.
        """
        try:
            serve_metrics(port, self._reception, self._mailbox, self._throttle)
        except (OSError, OverflowError) as error:
            self.store.close()
            raise EdgeError(f"--metrics: port {port} of 127.0.0.1 cannot be had: {error}") from error

    def stop(self) -> None:
        """Ask everything to end; safe in a signal handler."""
        self._stopping.set()
        self._woken.set()

    def close(self) -> None:
        """End all threads in the order in which things flow, then close the store; within `END` seconds.

        A thread that waits for a camera, a broker or a cloud that is silent is left behind: what it had not
        finished is not acknowledged and comes again.
        """
        until = time.monotonic() + END
        self._watchdog.end()
        self._away.close()
        self._hearing.stop()
        self._reception.stop()
        self.errands.close()
        self._mailbox.close()
        ending = [threading.Thread(target=self._uplink.stop, name="end-uplink", daemon=True)]
        if self._broker is not None:
            ending.append(threading.Thread(target=self._broker.stop, name="end-broker", daemon=True))
        for thread in ending:
            thread.start()
        for thread in (*self._threads, *ending):
            thread.join(max(0.0, until - time.monotonic()))
        self._reception.join(max(0.0, until - time.monotonic()))
        self.store.close()
        log.info("node %s has ended", self.id)

    def _deciding(self, work: Callable[[], None]) -> None:
        """A node that cannot decide any more must end, so that whoever started it starts it again."""
        finished = False
        try:
            work()
            finished = True
        finally:
            if not finished:
                self._crashed = True
                self.stop()

    def _look(self) -> None:
        trouble = StoreTrouble("what cameras show")
        while not self._stopping.is_set():
            self._watchdog.beat("sight")
            taken = self._mailbox.take(TICK)
            self._at_sight.do()
            try:
                self._tend()
                if taken is None or taken[0] not in self._sight.seats:
                    continue
                view = self._sight.look(*taken)
                self._health.look(*taken)
                trouble.kept()
            except StoreError as error:
                trouble.failed(error)
                continue
            seat = self._sight.seats[taken[0]]
            ledgers = seat.ledgers or ()
            self._attention[taken[0]] = attention(view, ledgers)
            self.errands.seen(taken[0], Look(taken[1], view, seat.lookout.posts, ledgers))

    def _tend(self) -> None:
        """Every second, see after the cameras' streams."""
        if time.monotonic() < self._tend_at:
            return
        self._tend_at = time.monotonic() + TICK
        if by := self._time.stepped():
            self._wall_stepped(by)
        for camera in self._reception.cameras:
            if self._health.tend(camera, self._reception.stream(camera)):
                self._sight.hold(camera, self._time.now())

    def _wall_stepped(self, by: float) -> None:
        """Durations go on; what is said in UTC from now on is by the new clock, and people are told."""
        at = self._time.now()
        word = f"node clock stepped by {spoken(by)} at {at:%H:%M:%S} UTC"
        log.warning("%s: %s", self.id, word)
        self._reception.wall_stepped(by)
        self._sight.wall_stepped()
        self._health.wall_stepped()
        self.reporter.wall_stepped(by)
        self.reporter.note(self.id, {"clock_step_s": round(by, 1), "clock_step_at": at.isoformat()})
        self._clock_word = word
        self.on_main.ask(self._say_again)

    def _feel(self) -> None:
        trouble = StoreTrouble("readings")
        while not self._stopping.is_set():
            self._watchdog.beat("sense")
            self._at_sense.do()
            broker = self._broker
            if broker is None:
                self._stopping.wait(TICK)
                continue
            try:
                if self._sense.take(broker.deliveries, TICK):
                    trouble.kept()
            except StoreError as error:
                trouble.failed(error)
                self._stopping.wait(TICK)

    def _cloud_status(self, status: DeviceStatus, detail: str) -> None:
        """The uplink has logged it; the node's next report carries it."""
        self._away.tell(up=status is DeviceStatus.UP)
        self.reporter.note(self.id, {"cloud": str(status), "cloud_detail": detail})


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def _sensed(site: Site, node: str) -> list[str]:
    """The points that the broker is asked about."""
    points = list(site.points_of(node))
    return [point.id for point in points] if any(point.sensors for point in points) else []
