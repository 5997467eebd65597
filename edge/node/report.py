"""What a node says of its devices: their state as health messages, when it changes and every minute."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from devices.messages import DeviceStatus, Health
from edge.errors import StoreError
from edge.keep import NodeStore
from edge.node.trouble import Outages, StoreTrouble

log = logging.getLogger(__name__)

Kind = Literal["camera", "sensor", "broker", "node"]
Facts = Mapping[str, float | int | str | bool]
_UP = DeviceStatus.UP
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
        self,
        node: str,
        store: NodeStore,
        now: Callable[[], datetime],
        wake: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._node = node
        self._store = store
        self._now = now
        self._wake = wake
        self._monotonic = monotonic
        self._outages: defaultdict[str, Outages] = defaultdict(Outages)
        self._trouble = StoreTrouble("health")
        self._lock = threading.Lock()
        self._standing: dict[str, Standing] = {}
        self._facts: dict[str, Facts] = {}
        self._gone: frozenset[str] = frozenset()

    def forget(self, devices: Collection[str]) -> None:
        """The site has these no longer: nothing is told of them, whoever still tells it."""
        with self._lock:
            self._gone = frozenset(devices)
            for device in devices:
                self._standing.pop(device, None)
                self._facts.pop(device, None)

    def note(self, device: str, facts: Facts) -> None:
        """Something measured about a device; it goes out with the next report of it."""
        with self._lock:
            if device in self._gone:
                return
            self._facts[device] = {**self._facts.get(device, {}), **facts}

    def tell(
        self, device: str, kind: Kind, status: DeviceStatus, detail: str, *, logged: bool = False
    ) -> None:
        """A device stands like this now; queued when its status or the sentence changed.

        When it goes and when it is back is logged, once each, unless whoever tells it has `logged` it.
        """
        with self._lock:
            if device in self._gone:
                return
            before = self._standing.get(device)
            same = before is not None and before.status is status
            since = before.since if same and before is not None else self._now()
            now = Standing(kind, status, detail, since)
            self._standing[device] = now
        if same and before is not None and before.detail == detail:
            return
        if not logged and (before is None or (before.status is _UP) != (status is _UP)):
            self._log(device, now, first=before is None)
        self._queue({device: now})

    def repeat(self) -> None:
        """Queue how every device stands; called every `REPEAT` seconds."""
        with self._lock:
            standing = dict(self._standing)
        for device, one in standing.items():
            if one.status is _UP and self._outages[device].held(self._monotonic()):
                log.info("%s holds again: %s", device, one.detail)
        self._queue(standing)

    def wall_stepped(self, by: float) -> None:
        """The wall clock was set by so many seconds: how long things stand as they do is as before."""
        moved = timedelta(seconds=by)
        with self._lock:
            for device, one in self._standing.items():
                self._standing[device] = replace(one, since=one.since + moved)

    def _log(self, device: str, now: Standing, *, first: bool) -> None:
        outages = self._outages[device]
        if now.status is _UP:
            if first or not outages.unsteady:
                log.info("%s %s: %s", device, now.status, now.detail)
        elif outages.lost(self._monotonic()):
            log.warning("%s %s: %s", device, now.status, now.detail)
            if outages.unsteady:
                minutes = outages.WITHIN / 60
                log.warning("%s comes and goes: told no more until it holds for %g min", device, minutes)

    def _queue(self, standing: dict[str, Standing]) -> None:
        at = self._now()
        try:
            ledger = self._store.standing() if self._node in standing else ()
            facts = {**self._facts, self._node: {**self._facts.get(self._node, {}), **self._store.facts()}}
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
                            facts=dict(facts.get(device, {})),
                            ledger=ledger if device == self._node else (),
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
