"""What a node says of its devices: their state as health messages, when it changes and every minute."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from devices.messages import DeviceStatus, Health
from edge.errors import StoreError
from edge.keep import NodeStore
from edge.node.trouble import StoreTrouble

log = logging.getLogger(__name__)

Kind = Literal["camera", "sensor", "broker", "node"]
Facts = Mapping[str, float | int | str | bool]
REPEAT = 60.0
"""Seconds between two reports of a device that does not change; the cloud calls a node lost after 90."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one device stands."""

    kind: Kind
    status: DeviceStatus
    detail: str
    since: datetime


class Reporter:
    """Collects how every device stands and queues it as health; safe to call from any thread."""

    def __init__(
        self, node: str, store: NodeStore, now: Callable[[], datetime], wake: Callable[[], None]
    ) -> None:
        self._node = node
        self._store = store
        self._now = now
        self._wake = wake
        self._trouble = StoreTrouble("health")
        self._lock = threading.Lock()
        self._standing: dict[str, Standing] = {}
        self._facts: dict[str, Facts] = {}

    def note(self, device: str, facts: Facts) -> None:
        """Something measured about a device; it goes out with the next report of it."""
        with self._lock:
            self._facts[device] = {**self._facts.get(device, {}), **facts}

    def tell(
        self, device: str, kind: Kind, status: DeviceStatus, detail: str, *, logged: bool = False
    ) -> None:
        """A device stands like this now; queued when its status or the sentence changed.

        A change of status is logged, unless whoever tells it has `logged` it.
        """
        with self._lock:
            before = self._standing.get(device)
            same = before is not None and before.status is status
            since = before.since if same and before is not None else self._now()
            now = Standing(kind, status, detail, since)
            self._standing[device] = now
        if same and before is not None and before.detail == detail:
            return
        if not same and not logged:
            level = logging.INFO if status is DeviceStatus.UP else logging.WARNING
            log.log(level, "%s %s: %s", device, status, detail)
        self._queue({device: now})

    def repeat(self) -> None:
        """Queue how every device stands; called every `REPEAT` seconds."""
        with self._lock:
            standing = dict(self._standing)
        self._queue(standing)

    def _queue(self, standing: dict[str, Standing]) -> None:
        at = self._now()
        try:
            with self._store.transaction() as tx:
                for device, one in standing.items():
                    tx.queue(
                        Health(
                            node=self._node,
                            device=device,
                            kind=one.kind,
                            status=one.status,
                            detail=one.detail[:500],
                            since=one.since,
                            checked_at=at,
                            facts=dict(self._facts.get(device, {})),
                        ),
                        at,
                    )
        except StoreError as error:
            with self._lock:
                self._trouble.failed(error)
            return
        with self._lock:
            self._trouble.kept()
        self._wake()
