"""What a simulated device has to say, whatever its format: who it is, what it measured, what is published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from devices.site.model import Sensor


@dataclass(frozen=True, slots=True)
class Publication:
    """One message to be published at QoS 1."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Who:
    """One device as the site has it."""

    point: str
    sensor: Sensor
    seed: int

    @property
    def id(self) -> str:
        """The sensor's id."""
        return self.sensor.id

    @property
    def name(self) -> str:
        """What it is called where it speaks."""
        return self.sensor.device or self.sensor.id

    def topic(self, usual: str) -> str:
        """Where it publishes: the site's own topic with its wildcards filled, else the usual one."""
        given = self.sensor.topic
        if given is None:
            return usual
        return "/".join({"+": self.name, "#": "up"}.get(level, level) for level in given.split("/"))


@dataclass(frozen=True, slots=True)
class Sample:
    """What a device measured at one moment."""

    taken_at: float
    """Unix seconds by the device's own clock."""
    values: Mapping[str, float]
    """Quantity -> value in that quantity's own unit; `battery` among them."""
    boot: str
    seq: int
    rssi: int
    """dBm."""
    sudden: bool = False
    """It is sent because something happened, not because it is due."""
    odd_unit: str | None = field(default=None)
    """A unit that the device wrongly names for all."""


@dataclass(frozen=True, slots=True)
class Link:
    """One connection of a device to the broker."""

    boot: str
    number: int
    """Of the connections since this boot, from 1."""
    at: float = 0.0
    """Unix seconds."""


class Shape(Protocol):
    """How one device speaks. One object for each device."""

    @property
    def asked(self) -> str | None:
        """Under this topic it is asked to say again what it says first."""

    def born(self, link: Link) -> list[Publication]:
        """What it says first on a new connection: that it is there, and what it is."""

    def gone(self, link: Link) -> Publication | None:
        """Its last will and its leave; None where its format has no such thing."""

    def measured(self, sample: Sample) -> list[Publication]:
        """The messages of one measurement."""


def as_json(body: Mapping[str, Any] | list[Any]) -> bytes:
    """As small devices write it: without blanks."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def rfc3339(unix: float) -> str:
    """With milliseconds and Z."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
