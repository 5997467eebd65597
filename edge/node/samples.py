"""What a node measures of its cameras, their zones and itself, as samples of telemetry. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from devices.messages import Sample
from edge.judge.counts import Counts
from edge.see.health.facts import PictureFacts

Facts = Mapping[str, float | int | str | bool]
RATES = {"looks": "looks", "dropped": "dropped", "lost": "lost_packets"}
"""Counters of a camera -> the quantity that they give a minute."""
LEVELS = {
    "fps": ("fps", "Hz"),
    "key_interval_s": ("key_interval", "s"),
    "clock_offset_s": ("clock_offset", "s"),
}
"""Facts of a camera that are told as they are: quantity and unit."""
WHITE = 255.0


@dataclass(frozen=True, slots=True)
class CameraState:
    """One camera at one moment."""

    up: bool
    facts: Facts
    """As `Reception.facts` has them; counters since the start."""
    picture: PictureFacts | None = None
    faults: int = 0
    """Kinds of ill health that are believed."""
    zones: Counts | None = None


@dataclass(frozen=True, slots=True)
class NodeState:
    """The node at one moment; None where the machine does not tell."""

    cores: float
    """CPU seconds a second, of its process."""
    memory: int | None
    """Bytes that its process holds."""
    memory_free: float | None
    """Percent of the machine's that may still be had."""
    disk_free: float
    """Percent of the file system with its store."""
    store: int
    """Bytes of its databases and evidence."""
    waiting: int
    """Messages for the cloud."""
    waiting_for: float
    """Seconds that the first of them has waited."""


def of_camera(
    point: str, camera: str, now: CameraState, before: CameraState | None, seconds: float, at: datetime
) -> Iterator[Sample]:
    """Its stream, its picture's health and its zones; `before` was `seconds` ago."""

    def one(quantity: str, value: float, unit: str, zone: str | None = None) -> Sample:
        return Sample(
            device=camera, point=point, zone=zone, quantity=quantity, value=value, unit=unit, taken_at=at
        )

    yield one("up", float(now.up), "")
    for fact, (quantity, unit) in LEVELS.items():
        if (level := _number(now.facts, fact)) is not None:
            yield one(quantity, level, unit)
    for fact, quantity in RATES.items():
        count, earlier = _number(now.facts, fact), _number(before.facts if before else {}, fact)
        if count is not None and earlier is not None and count >= earlier and seconds > 0:
            yield one(quantity, round((count - earlier) * 60.0 / seconds, 3), "1/min")
    if now.picture is not None:
        yield one("brightness", round(100.0 * now.picture.middle / WHITE, 1), "%")
        yield one("edges_lost", round(100.0 * (now.picture.vanished + now.picture.strange), 1), "%")
        if now.picture.sharpness is not None:
            yield one("sharpness", round(100.0 * now.picture.sharpness, 1), "%")
    yield one("faults", now.faults, "")
    for zone, counts in (now.zones or {}).items():
        for quantity, number in counts.items():
            yield one(quantity, number, "", zone)


def of_node(node: str, now: NodeState, at: datetime) -> Iterator[Sample]:
    """What its machine and its outbox come to."""
    told: tuple[tuple[str, float | None, str], ...] = (
        ("cpu", round(now.cores, 3), "core"),
        ("memory", None if now.memory is None else round(now.memory / 1e6, 1), "MBy"),
        ("memory_free", now.memory_free, "%"),
        ("disk_free", now.disk_free, "%"),
        ("store", round(now.store / 1e6, 1), "MBy"),
        ("waiting", now.waiting, ""),
        ("waiting_for", round(now.waiting_for, 1), "s"),
    )
    for quantity, value, unit in told:
        if value is not None:
            yield Sample(device=node, quantity=quantity, value=value, unit=unit, taken_at=at)


def _number(facts: Facts, name: str) -> float | None:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) else None
