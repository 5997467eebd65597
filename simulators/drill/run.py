"""One drill from begin to end: everything up, the nemesis at work, all healed, then the verdict."""

from __future__ import annotations

import functools
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.credentials import Credentials
from devices.site.model import Site
from simulators.drill.check import Evidence, judge
from simulators.drill.nemesis import Nemesis
from simulators.drill.parts import PASSWORD, Parts
from simulators.drill.plan import plan, windows
from simulators.drill.records import cloud_records, node_lines
from simulators.drill.report import as_json
from simulators.drill.truths import LAST, happenings, truths
from simulators.drill.witness import Bicycles, Ear
from simulators.errors import DrillError
from simulators.patrol import Patrol, log_ins
from simulators.sensors.fleet import SensorFleet
from simulators.sensors.scenario import Scenario

TICK = 0.05
EYES_SETTLE = 10.0
"""Seconds of pictures before the first thing may be left: what comes sooner is taken for the usual view."""
CAMERAS_WITHIN = 60.0
SEEN_OVER = 12.0
"""Seconds from the end of the last truth at a sensor until its alarm is cleared."""
DRAIN = 180.0
"""Seconds within which everything must have arrived once all is healed."""
STILL = 4.0
"""Seconds that nothing may wait for before it counts as drained."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for."""

    site: Site
    seconds: float
    seed: int
    prefix: Sequence[str]


class Drill:
    """One drill."""

    def __init__(self, wish: Wish, state: Path, tell: Callable[[str], None]) -> None:
        """Nothing runs yet."""
        self._wish, self._tell = wish, tell
        self._parts = Parts(state, wish.site, wish.prefix, tell)
        self._stopping = threading.Event()
        self._origin = 0.0

    def stop(self) -> None:
        """Ask for the end; safe in a signal handler."""
        self._stopping.set()

    def hold(self) -> dict[str, Any]:
        """Hold it; the report.

        Raises:
            SimulatorsError: a part did not come up, or `stop` was called.
        """
        parts = self._parts
        try:
            parts.start()
            self._settle()
            return self._drill()
        finally:
            parts.close()

    def _drill(self) -> dict[str, Any]:
        wish, parts = self._wish, self._parts
        full_disks, cameras = set(parts.disks) == set(parts.nodes), bool(parts.cameras)
        faults = plan(parts.nodes, wish.seed, wish.seconds, cameras=cameras, full_disks=full_disks)
        planned = truths(parts.site, wish.seed, wish.seconds, windows(faults, parts.nodes))
        user, password = next(iter(log_ins(parts.state / "cloud" / "users.txt").items()))
        nemesis = Nemesis(parts, faults)
        fleet = SensorFleet(
            parts.site.points, parts.site.broker, Credentials(PASSWORD, PASSWORD),
            Scenario(happenings(parts.site, planned), passers=False), seed=wish.seed,
        )  # fmt: skip
        self._origin = time.time()
        fleet.start()
        ear = Ear(int(parts.address.rpartition(":")[2]), user, password, self._now)
        bicycles = [
            Bicycles(
                parts.street,
                mine,
                self._now,
                functools.partial(nemesis.shows, mine[0].node),
                wish.seconds - LAST,
            )
            for camera in parts.cameras
            if (mine := [one for one in planned if one.device == camera])
        ]
        try:
            self._tell(f"drill: {len(planned)} truths, {len(faults)} faults, {wish.seconds:g} s")
            self._let(nemesis, bicycles, max(one.end for one in planned if not one.camera) + SEEN_OVER)
            lines = self._drained()
            told = [one for some in bicycles for one in some.told]
            real = [one for one in planned if not one.camera] + told
            cloud = cloud_records(parts.database_socket())
        finally:
            for one in bicycles:
                one.stop()
            ear.stop()
            fleet.stop()
        given = Evidence(real, nemesis.done, nemesis.clocks, self._origin, cloud, lines, ear.opened)
        about: dict[str, Any] = {
            "seed": wish.seed,
            "seconds": wish.seconds,
            "nodes": len(parts.nodes),
            "cameras": len(parts.cameras),
            "not_done": _not_done(full_disks, cameras),
            "readings": cloud.readings,
        }
        return as_json(judge(given), nemesis.done, about)

    def _now(self) -> float:
        return time.time() - self._origin

    def _let(self, nemesis: Nemesis, bicycles: Sequence[Bicycles], until: float) -> None:
        """Everything happens. What is broken is always mended by the plan."""
        count = 0
        while self._now() < until or not (nemesis.over and all(one.over for one in bicycles)):
            self._pause(TICK)
            nemesis.turn(self._now())
            self._parts.tend()
            if len(nemesis.done) > count:
                last = nemesis.done[-1]
                count = len(nemesis.done)
                self._tell(f"{last.begin:6.1f} {last.kind} {last.name} until {last.end:.1f}")

    def _drained(self) -> list[Any]:
        """Wait until no alarm or evidence waits at any node, end the nodes, and read their ledgers."""
        until, calm = time.monotonic() + DRAIN, time.monotonic()
        while time.monotonic() - calm < STILL:
            if time.monotonic() > until:
                self._tell("not everything was drained in time")
                break
            if self._waits():
                calm = time.monotonic()
            self._pause(0.5)
            self._parts.tend()
        self._parts.end_nodes()
        return [line for node in self._parts.nodes for line in node_lines(node, self._parts.store(node))]

    def _waits(self) -> bool:
        try:
            lines = [line for node in self._parts.nodes for line in node_lines(node, self._parts.store(node))]
        except sqlite3.Error:
            return True
        return any(line.waiting for line in lines if line.series not in ("health", "telemetry"))

    def _settle(self) -> None:
        """Let the cameras be seen for a while, if there are any."""
        if not self._parts.cameras:
            return
        user, password = next(iter(log_ins(self._parts.state / "cloud" / "users.txt").items()))
        patrol = Patrol(self._parts.address, user, password)
        until = time.monotonic() + CAMERAS_WITHIN
        while sum(node["cameras_up"] for node in patrol.get("/nodes")) < len(self._parts.cameras):
            if time.monotonic() > until:
                raise DrillError("the cameras did not come up; see the nodes' logs")
            self._pause(1.0)
        settled = time.monotonic() + EYES_SETTLE
        while time.monotonic() < settled:
            self._pause(TICK)
            self._parts.tend()

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise DrillError("interrupted")


def _not_done(full_disks: bool, cameras: bool) -> list[str]:
    missing = [] if full_disks else ["disk_full: only root can mount the small disks (tmpfs) it takes"]
    return missing + ([] if cameras else ["faults of cameras: the drill has none"])
