"""Whether a node may say what it says: everything that a message names must be its own. Pure.

What the registry does not know is nobody's and is taken: a node may have a newer site file than the cloud,
and a refused alarm would be lost. What was its own when a condition opened stays so for that condition:
a point that moved to another node can still be cleared by the one that saw it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from devices.messages import Body, Condition, Evidence, Gap, Health, Telemetry

Owners = Mapping[str, frozenset[str]]
"""Id of a node, point, camera, sensor, zone or place -> the nodes whose it is."""


def refusal(body: Body, node: str, owners: Owners, stored: Mapping[UUID, Any]) -> str | None:
    """Why `node` may not say this; None when it may.

    `stored`: condition id -> the row of its alarm, of those that the message speaks of.
    """
    for condition in _conditions(body):
        if condition in stored and stored[condition].node != node:
            return f"condition {condition} belongs to another node"
    settled = _settled(body, stored)
    for what, name in _named(body):
        if name not in settled and node not in owners.get(name, (node,)):
            return f"{what} {name} belongs to another node"
    return None


def _conditions(body: Body) -> Iterator[UUID]:
    if isinstance(body, Condition | Evidence):
        yield body.condition_id
    if isinstance(body, Condition):
        yield from (part.condition_id for part in body.parts)
        if body.reopens is not None:
            yield body.reopens
    if isinstance(body, Gap):
        yield from (lost.condition_id for lost in body.evidence)


def _settled(body: Body, stored: Mapping[UUID, Any]) -> frozenset[str]:
    """What the stored alarm of this very condition names."""
    row = stored.get(body.condition_id) if isinstance(body, Condition | Evidence) else None
    if row is None:
        return frozenset()
    return frozenset(name for name in (row.point, row.device, row.zone, row.place) if name is not None)


def _named(body: Body) -> Iterator[tuple[str, str]]:
    """What kind of thing, and its id."""
    match body:
        case Condition():
            yield "point", body.point
            yield "device", body.device
            yield "place", body.place
            if body.zone is not None:
                yield "zone", body.zone
        case Evidence():
            yield "camera", body.camera
        case Health():
            yield "device", body.device
        case Telemetry():
            for reading in body.readings:
                yield "point", reading.point
                yield "sensor", reading.sensor
            for sample in body.samples:
                yield "device", sample.device
                if sample.point is not None:
                    yield "point", sample.point
                if sample.zone is not None:
                    yield "zone", sample.zone
        case Gap():
            pass
