"""What a node has of its cloud besides commands: the uplink, and whoever is told when the cloud is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from websockets.sync.client import ClientConnection

from devices.link import PING_EVERY, PING_PATIENCE
from devices.messages import DeviceStatus
from devices.site.model import Site
from edge.enrol import finish_rotation
from edge.keep import NodeStore
from edge.link.dial import Address, dial
from edge.node.away import CloudAway
from edge.node.report import Reporter
from edge.send.exchange import HttpDoor
from edge.send.token import token_from
from edge.send.trust import trust_from
from edge.send.uplink import Uplink

log = logging.getLogger(__name__)

MOVED_END = 2.0
"""Seconds for an uplink that a new site has moved."""


class CloudSide:
    """Sends what is queued; a new site may move it."""

    def __init__(self, site: Site, node: str, store: NodeStore, state: Path, env: Mapping[str, str]) -> None:
        """Nothing is sent before `start`."""
        self._node, self._store, self._state, self._env = node, store, state, env
        self._away = CloudAway(env)
        self._reporter: Reporter | None = None
        self._stopping = threading.Event()
        self._uplink = self._sender(site)
        self._door = HttpDoor(site.uplink.url, trust_from(site.uplink, env))

    def start(self, reporter: Reporter) -> None:
        """Begin to send, and finish a token change that was begun; `reporter` is told how sending goes."""
        self._reporter = reporter
        self._uplink.start()
        threading.Thread(
            target=finish_rotation, args=(self._state, self._door, self._stopping, log.warning),
            name="credential", daemon=True,
        ).start()  # fmt: skip

    def wake(self) -> None:
        """Something was queued."""
        self._uplink.wake()

    def dial(self, path: str) -> AbstractContextManager[ClientConnection]:
        """A WebSocket to the cloud; see `edge.link.dial`."""
        return dial(self._address, path, self._token(), (PING_EVERY, PING_PATIENCE))

    def pressed(self) -> bool:
        """Live alarms wait for a line that is slow: nothing else should go."""
        return self._uplink.pressed

    def move(self, site: Site) -> None:
        """The cloud is where this site says."""
        before, self._uplink = self._uplink, self._sender(site)
        before.stop(MOVED_END)
        self._uplink.start()

    def close(self) -> None:
        """Nobody is told any more that the cloud is away."""
        self._stopping.set()
        self._away.close()

    def stop(self) -> None:
        """End the uplink; what was not acknowledged comes again."""
        self._uplink.stop()

    def _sender(self, site: Site) -> Uplink:
        trust = trust_from(site.uplink, self._env)
        self._address, self._token = Address(site.uplink.url, trust), token_from(self._env, self._state)
        return Uplink(
            self._store,
            site.uplink.url,
            self._token,
            trust.ca_file,
            on_status=self._told,
            session_factory=trust.session,
            history_rate=site.uplink.history_rate * 1024.0,
        )

    def _told(self, status: DeviceStatus, detail: str) -> None:
        """The uplink has logged it; the node's next report carries it."""
        self._away.tell(up=status is DeviceStatus.UP)
        if self._reporter is not None:
            self._reporter.note(self._node, {"cloud": str(status), "cloud_detail": detail})
