"""Samples, once a minute, what a node tells as telemetry of its cameras and itself."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from devices.messages import DeviceStatus, Sample
from edge.errors import StoreError
from edge.keep import NodeStore
from edge.node.health import HealthDesk
from edge.node.reception import Reception
from edge.node.samples import CameraState, NodeState, of_camera, of_node
from edge.node.sight import SightDesk
from edge.node.throttle import Throttle
from edge.node.trouble import StoreTrouble

STALE = 120.0
"""Seconds after the last look from which a zone's counts say nothing any more."""


class Measurer:
    """One node's; used by its main thread, which reads what the deciding threads leave whole."""

    def __init__(
        self,
        store: NodeStore,
        state: Path,
        reception: Reception,
        sight: SightDesk,
        health: HealthDesk,
        throttle: Throttle,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._state = store, state
        self._reception, self._sight, self._health, self._throttle = reception, sight, health, throttle
        self._now, self._monotonic = now, monotonic
        self._before: dict[str, tuple[CameraState, float]] = {}
        self._trouble = StoreTrouble("what the node measures")

    def measure(self) -> None:
        """Keep one sample of everything; where the store fails, the next turn has newer ones."""
        at, moment = self._now(), self._monotonic()
        samples: list[Sample] = []
        states: dict[str, tuple[CameraState, float]] = {}
        for camera, seat in list(self._sight.seats.items()):
            state = self._camera(camera, moment)
            before, then = self._before.get(camera, (None, moment))
            samples += of_camera(seat.point.id, camera, state, before, moment - then, at)
            states[camera] = (state, moment)
        self._before = states
        try:
            samples += of_node(self._store.node, self._node(at), at)
            self._store.keep_samples(samples)
        except StoreError as error:
            self._trouble.failed(error)
        else:
            self._trouble.kept()

    def _camera(self, camera: str, moment: float) -> CameraState:
        seat, ward = self._sight.seats[camera], self._health.wards.get(camera)
        looked = seat.looked is not None and moment - seat.looked[1] <= STALE
        checkup = ward.watch.last if ward is not None and looked else None
        believed = () if ward is None else (*ward.pictures.values(), *ward.stream.values())
        return CameraState(
            up=self._reception.stream(camera).state is DeviceStatus.UP,
            facts=self._reception.facts(camera),
            picture=None if checkup is None else checkup.facts,
            faults=sum(one.on for one in believed),
            zones=seat.counts if looked else None,
        )

    def _node(self, at: datetime) -> NodeState:
        figures = self._store.figures()
        series = figures.series.values()
        disk = shutil.disk_usage(self._state)
        return NodeState(
            cores=self._throttle.cores,
            memory=_resident(),
            memory_free=_free(),
            disk_free=round(100.0 * disk.free / disk.total, 1),
            store=figures.database_bytes + figures.evidence_bytes,
            waiting=sum(one.queued for one in series) + figures.unnumbered,
            waiting_for=max((one.oldest_age_s(at) for one in series), default=0.0),
        )


def _resident() -> int | None:
    """Bytes, by proc(5)."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    except OSError:
        return None


def _free() -> float | None:
    """Percent that may be had without swapping, by proc(5)."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    told = {name: float(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    return round(100.0 * told["MemAvailable"] / told["MemTotal"], 1)
