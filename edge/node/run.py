"""`gridwatch edge`: one node, from its site file to its threads, and back down in order."""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import cv2

from devices.credentials import Credentials
from devices.errors import CredentialsError, DevicesError
from devices.ids import uuid7
from devices.messages import DeviceStatus
from devices.sensors.client import SensorClient
from devices.sensors.topics import filters
from devices.site.load import load_site
from devices.site.model import Site
from edge.errors import EdgeError, StoreError
from edge.judge.watch import request_for
from edge.keep import NodeStore
from edge.node.fetch import CameraThread
from edge.node.mailbox import Mailbox
from edge.node.report import REPEAT, Reporter
from edge.node.sense import SenseDesk
from edge.node.sight import SightDesk
from edge.see.detector import Detector, SsdLite
from edge.send.token import token_from
from edge.send.uplink import Uplink

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds a deciding thread waits at most before it looks whether it shall end."""
END = 20.0
"""Seconds for all threads to end."""


class Node:
    """One running node."""

    def __init__(
        self, site: Site, node: str, state: Path, env: Mapping[str, str], detector: Detector
    ) -> None:
        """Open the store and make all parts; nothing runs before `start`.

        Raises:
            EdgeError: the node is not in the site, or its store cannot be opened.
        """
        known = [one.id for one in site.nodes]
        if node not in known:
            raise EdgeError(f"node {node!r} is not in the site file; it has {', '.join(known)}")
        points = list(site.points_of(node))
        self._id = node
        self._stopping = threading.Event()
        self._store = NodeStore.open(state, node, now=_now, new_id=uuid7)
        self._uplink = Uplink(
            self._store, site.uplink.url, token_from(env), site.uplink.ca_file, on_status=self._cloud_status
        )
        wake = self._uplink.wake
        self._reporter = Reporter(node, self._store, _now, wake)
        self._mailbox = Mailbox()
        self._sight = SightDesk(node, points, self._store, detector, uuid7, wake)
        self._sense = SenseDesk(node, points, self._store, self._reporter, uuid7, wake)
        self._cameras = [
            CameraThread(
                camera,
                request_for([rule for zone in camera.zones for rule in zone.rules]),
                env,
                self._mailbox.put,
                self._reporter,
                random.random,
            )
            for point in points
            for camera in point.cameras
        ]
        self._broker: SensorClient | None = None
        if any(point.sensors for point in points):
            self._broker = self._subscribe(site, [point.id for point in points], env)
        self._threads = [
            threading.Thread(target=self._look, name="sight", daemon=True),
            threading.Thread(target=self._feel, name="sense", daemon=True),
        ]

    def _subscribe(self, site: Site, points: list[str], env: Mapping[str, str]) -> SensorClient | None:
        name = site.broker.credentials
        try:
            credentials = None if name is None else Credentials.from_environment(name, env)
        except CredentialsError as error:
            self._reporter.tell("broker", "broker", DeviceStatus.REFUSED, str(error))
            return None
        return SensorClient(
            site.broker,
            credentials,
            client_id=f"gridwatch-{self._id}",
            filters=filters(points),
            on_status=lambda status, detail: self._reporter.tell("broker", "broker", status, detail),
        )

    def start(self) -> None:
        """Start all threads."""
        detail = f"gridwatch {self._id} runs"
        if self._store.damaged is not None:
            detail += f"; its store was damaged and set aside as {self._store.damaged.name}"
        self._uplink.start()
        self._reporter.note(self._id, {"cameras": len(self._cameras)})
        self._reporter.tell(self._id, "node", DeviceStatus.UP, detail)
        for thread in self._threads:
            thread.start()
        if self._broker is not None:
            self._broker.start()
        for camera in self._cameras:
            camera.start()
        log.info("node %s: %d cameras", self._id, len(self._cameras))

    def wait(self) -> None:
        """Until somebody calls `stop`; repeats the health reports."""
        while not self._stopping.wait(REPEAT):
            self._reporter.note(self._id, {"skipped": self._mailbox.skipped})
            self._reporter.repeat()

    def stop(self) -> None:
        """Ask everything to end; safe in a signal handler."""
        self._stopping.set()

    def close(self) -> None:
        """End all threads in the order in which things flow, then close the store."""
        for camera in self._cameras:
            camera.stop()
        if self._broker is not None:
            self._broker.stop()
        self._mailbox.close()
        for thread in self._threads:
            thread.join(END)
        self._uplink.stop()
        for camera in self._cameras:
            camera.join(1.0)
        self._store.close()

    def _look(self) -> None:
        while not self._stopping.is_set():
            taken = self._mailbox.take(TICK)
            if taken is None:
                continue
            try:
                self._sight.look(*taken)
            except StoreError as error:
                log.error("a look could not be kept: %s", error)

    def _feel(self) -> None:
        if self._broker is None:
            return
        while not self._stopping.is_set():
            try:
                self._sense.take(self._broker.deliveries, TICK)
            except StoreError as error:
                log.error("readings could not be kept, the broker keeps them: %s", error)
                self._stopping.wait(TICK)

    def _cloud_status(self, status: DeviceStatus, detail: str) -> None:
        level = logging.INFO if status is DeviceStatus.UP else logging.WARNING
        log.log(level, "cloud %s: %s", status, detail)


def _now() -> datetime:
    return datetime.now(UTC)


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--site", type=Path, required=True, help="the site file")
    parser.add_argument("--node", required=True, metavar="ID", help="which of its nodes this is")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="where the node keeps what it must not lose (var/edge/ID)"
    )
    parser.add_argument("--verbose", action="store_true", help="log more")


def run(options: argparse.Namespace) -> int:
    """Run the node until SIGINT or SIGTERM; 0 then, 1 when it could not start."""
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(threadName)s %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    # One core's worth of threads a node: cameras run side by side instead.
    cv2.setNumThreads(1)
    try:
        site = load_site(options.site)
        state = options.state or Path("var") / "edge" / options.node
        node = Node(site, options.node, state, os.environ, SsdLite())
    except (DevicesError, EdgeError) as error:
        print(f"gridwatch edge: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: node.stop())
    node.start()
    try:
        node.wait()
    finally:
        node.close()
    return 0
