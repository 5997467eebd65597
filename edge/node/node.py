"""One running node: its parts and its threads, up and back down in order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.ids import uuid7
from devices.link import Command
from devices.messages import DeviceStatus
from devices.site.model import Point, Site
from devices.systemd import Notifier
from edge.errors import EdgeError
from edge.judge.duties import common_of
from edge.keep import GIB, NodeStore, delivered
from edge.link.desk import Done
from edge.node.changes import Changes, changes
from edge.node.clips import Clips
from edge.node.clock import clock_from, spoken
from edge.node.cloudside import CloudSide
from edge.node.demand import request_at
from edge.node.errands import Errands
from edge.node.health import HealthDesk
from edge.node.heap import give_back
from edge.node.hearing import Hearing
from edge.node.joins import Joins
from edge.node.looking import Looking, cameras_of, eyes_of, needs_of
from edge.node.mailbox import Mailbox
from edge.node.measuring import Measurer
from edge.node.metrics import serve_metrics
from edge.node.pulse import Watchdog
from edge.node.reception import Reception
from edge.node.report import REPEAT, Facts, Reporter
from edge.node.sense import SenseDesk
from edge.node.sensing import Sensing
from edge.node.sight import LOOKS_PER_SECOND, SightDesk
from edge.node.stations import Stations
from edge.node.stills import StillRing
from edge.node.terms import node_in, points_for
from edge.node.throttle import WINDOW, Throttle
from edge.node.visits import Visits
from edge.see.detector import Detector
from edge.see.lookbudget import Looks
from edge.video.desk import VideoDesk
from edge.video.sights import ReceptionSights

log = logging.getLogger(__name__)

END = 2.5
"""Seconds for all threads together to end: systemd, and people, expect a node to end within 5."""


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
        self._site, self._env, self._state = site, env, state
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._crashed = False
        self._problem, self._clock_word = "", ""
        self.on_main = Visits(self._woken.set)
        """What other threads want done between the rounds of `wait`."""
        self._time = clock_from(env)
        share = int(node_in(site, node).disk_quota * GIB)
        self.store = NodeStore.open(
            state, node, now=self._time.now, new_id=uuid7, share=share, keep_delivered=delivered.KEEP
        )
        self._cloud = CloudSide(site, node, self.store, state, env)
        self.wake = self._cloud.wake
        """Called when something was queued for the cloud."""
        self.reporter = Reporter(node, self.store, self._time.now, self.wake)
        self._throttle = Throttle(node_in(site, node).cpu_budget)
        self._see(site, points, detector)
        self._measurer = Measurer(
            self.store, state, self._reception, self._sight, self._health, self._throttle, self._time.now
        )
        common = common_of(site)
        sense = SenseDesk(
            node, points, self.store, self.reporter, uuid7, self.wake, wall=self._time.wall, common=common
        )
        self._sensing = Sensing(site, node, env, sense, self.reporter, self._watchdog.beat)
        self.stations = Stations(site, node, points, env, self._sensing.inbox, self.reporter)
        self._threads = [
            threading.Thread(target=self._deciding, args=(work,), name=name, daemon=True)
            for name, work in (
                ("sight", lambda: self._looking.run(self._stopping)),
                ("sense", lambda: self._sensing.run(self._stopping)),
                ("stills", lambda: self.stills.run(self._stopping)),
                *self._reception.jobs,
            )
        ]

    def _see(self, site: Site, points: list[Point], detector: Detector) -> None:
        """Make what has to do with pictures."""
        local = self._time.now().astimezone(ZoneInfo(site.timezone))
        self._mailbox = Mailbox(lambda camera, frame: self.video.offer(camera, frame))
        self._reception = Reception(
            [(camera, request_at(camera, local)) for camera in cameras_of(points)],
            self._env,
            self._mailbox,
            self.reporter,
            clock=self._time,
        )
        sights, cloud = (
            ReceptionSights(self._reception, lambda: self._looking.cameras, self._env),
            self._cloud,
        )
        self.video = VideoDesk(sights, cloud.dial, cloud.pressed, self._time.now)
        self._joins = Joins(
            self.id, points, self.store, uuid7, self._reception.wake, self._time.monotonic, self._time.wall
        )
        self.store.relay = self._joins
        self._watchdog = Watchdog(self.id, Notifier(self._env), self._reception.decoders.busy_for)
        self._sight = SightDesk(
            self.id,
            points,
            self.store,
            detector,
            uuid7,
            self.wake,
            site.timezone,
            self._time.now,
            clips=Clips(self._reception.ring, self._reception.size),
            looks=Looks(LOOKS_PER_SECOND, spare=self._has_time),
        )
        self._hearing = self._listener(points)
        self._health = HealthDesk(
            self.id,
            points,
            self.store,
            eyes_of(self._sight),
            needs_of(cameras_of(points)),
            site.health_classes,
            uuid7,
            self.wake,
            wall=self._time.wall,
            hints=lambda camera, kind: self._hearing.evidence(camera, kind),
        )
        self.errands = Errands(self.store, uuid7, self._reception.wake, self._health.is_open)
        self.stills = StillRing(self.store.stills, self._time.now)
        self._looking = Looking(
            site,
            points,
            self._reception,
            self._mailbox,
            self._sight,
            self._health,
            self.errands,
            self.stills,
            self._time,
            self._watchdog.beat,
            self._wall_stepped,
        )

    def _listener(self, points: list[Point]) -> Hearing:
        """Of what the cameras say by themselves."""
        return Hearing(
            cameras_of(points),
            self._env,
            lambda camera: self._reception.stream(camera).state is DeviceStatus.UP,
            self._reception.wake,
            self._closely,
            self.reporter.note,
        )

    def start(self) -> None:
        """Start all threads."""
        self._cloud.start(self.reporter)
        self.say("")
        for thread in self._threads:
            thread.start()
        self._hear()
        self._sensing.start()
        self.stations.start()
        log.info("node %s: %d cameras", self.id, len(self._looking.cameras))

    def say(self, problem: str) -> None:
        """How the node itself stands; `problem` is what people must know of its site."""
        self._problem = problem
        self._say_again()

    def _say_again(self) -> None:
        problem = "; ".join(one for one in (self._problem, self._clock_word) if one)
        detail = f"gridwatch {self.id} runs version {self._site.version} of its site"
        if self.store.damaged:
            names = ", ".join(path.name for path in self.store.damaged)
            detail += f"; damaged and set aside: {names}"
        facts: Facts = {
            "cameras": len(self._looking.cameras),
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
            self._looking.ask()
            self._thin()
            self._watchdog.feed(len(self._looking.cameras), self._reception.on_loop)
            if self.store.broken:
                log.error("node %s ends: its database is damaged; the next start sets it aside", self.id)
                return False
            if time.monotonic() >= due:
                due += REPEAT
                give_back()
                self.reporter.repeat()
                self._measurer.measure()
        return not self._crashed

    def reset(self, command: Command) -> Done:
        """`reset`: what a sensor's condition has latched."""
        return self._sensing.reset(command)

    def nudge(self) -> None:
        """Have `wait` look around now; safe in a signal handler."""
        self._woken.set()

    def apply(self, site: Site) -> Changes:
        """Run by this site from now on; only what it changes is restarted. Between the rounds of `wait` only.

        Both deciding threads stand still meanwhile: either both go by the new site, or neither.

        Raises:
            EdgeError: the node cannot do what it asks, or a thread did not come to it: nothing was changed.
            StoreError: the store cannot be read, and the node ends.
        """
        points = points_for(site, self.id, self._env, self._state)
        told = changes(self._site, site, self.id)
        with self._sensing.visits.held(), self._looking.visits.held():
            self._restock(site, points, told)
        self._site = site
        self.reporter.forget([*told.cameras_removed, *told.sensors_removed])
        self._throttle.allow(node_in(site, self.id).cpu_budget)
        if told.cameras_added or told.cameras_removed or told.cameras_changed:
            self._hearing.stop()
            self._hearing = self._listener(points)
            self._hear()
        self._sensing.move(site, anew="broker" in told.node_changed)
        self.stations.move(site, points)
        if "uplink" in told.node_changed:
            self._cloud.move(site)
        log.info("site version %d is in force: %s", site.version, told.told() or "nothing changed here")
        return told

    def _restock(self, site: Site, points: list[Point], told: Changes) -> None:
        """Both threads go by the new site. Half of that no node must run by: it ends, and is started anew."""
        done = False
        try:
            self._joins.restock(points)
            self._sensing.restock(site, points)
            self._looking.restock(site, points, told)
            done = True
        finally:
            if not done:
                log.error("node %s ends: site version %d was put in force by half", self.id, site.version)
                self._crashed = True
                self.stop()

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
        needed = self._looking.attention
        looks = sum(int(self._reception.facts(camera)["looks"]) for camera in needed)
        skipped = self._mailbox.skipped + self._reception.decoders.replaced
        self._reception.thin(self._throttle.turn(needed, looks, skipped))
        thinning, cores = self._throttle.thinning.step, round(self._throttle.cores, 2)
        self.reporter.note(self.id, {"skipped": skipped, "cores": cores, "thinning": thinning})

    def _wall_stepped(self, by: float) -> None:
        """The wall clock was set: people are told. On the looking thread."""
        at = self._time.now()
        word = f"node clock stepped by {spoken(by)} at {at:%H:%M:%S} UTC"
        log.warning("%s: %s", self.id, word)
        self.reporter.wall_stepped(by)
        self.reporter.note(self.id, {"clock_step_s": round(by, 1), "clock_step_at": at.isoformat()})
        self._clock_word = word
        self.on_main.post(self._say_again)

    def serve_metrics(self, port: int) -> None:
        """Serve `/metrics` on a port of the loopback address.

        Raises:
            EdgeError: the port is taken; the node's store is closed then.
        """
        try:
            serve_metrics(port, self._reception, self._mailbox, self._throttle, self._sensing.refused)
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
        self._cloud.close()
        self.video.stop()
        self._hearing.stop()
        self._reception.stop()
        self.errands.close()
        self._mailbox.close()
        ending = [
            threading.Thread(target=stop, name=f"end-{name}", daemon=True)
            for name, stop in (
                ("uplink", self._cloud.stop),
                ("broker", self._sensing.stop),
                ("stations", self.stations.stop),
            )
        ]
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


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)
