"""The site: what stands where, who looks after it, and by which rules it is judged.

These are the shapes of the site file after it was read and checked (`devices.site.load`).
Everything is frozen: a changed site is a new site with a higher `version`.
Secrets never stand here: `credentials` names the environment variables that hold them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.messages import Identifier, Polygon, Severity

Seconds = Annotated[float, Field(gt=0)]
"""A duration; the file may also say "90 s", "5 min", "2 h"."""


class Part(BaseModel):
    """Base of every part of the site: frozen, and a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Names(Part):
    """A name in both languages of the faces."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Position(Part):
    """WGS-84, degrees."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)


class ParkedRule(Part):
    """Something of these labels stays in the zone for `dwell`."""

    kind: Literal["parked"]
    id: Identifier
    event_class: str
    labels: tuple[str, ...] = ()
    """Detector labels that count; empty: anything that stays, named or not."""
    dwell: Seconds
    severity: Severity = Severity.MEDIUM


class ThresholdRule(Part):
    """A quantity passes `above` (or falls under `below`), and is over when it is back past `clear`."""

    kind: Literal["threshold"]
    id: Identifier
    event_class: str
    quantity: str
    above: float | None = None
    below: float | None = None
    clear: float
    """The other side of the hysteresis: under `above`, or over `below`."""
    hold: float = Field(default=0, ge=0)
    """Seconds the value must stay past the limit before the condition opens."""
    clear_hold: float = Field(default=0, ge=0)
    """Seconds the value must stay past `clear` before the condition is cleared."""
    severity: Severity = Severity.MEDIUM


class Zone(Part):
    """A polygon in a camera's picture (parts of width and height) and what may not happen in it."""

    id: Identifier
    name: Names
    polygon: Polygon
    place: Identifier | None = None
    """Zones and sensors that name the same place share its incidents; the zone's id unless given."""
    rules: tuple[ParkedRule, ...] = ()


class Camera(Part):
    """One ONVIF camera at a point."""

    id: Identifier
    name: Names
    host: str
    port: int = Field(default=80, ge=1, le=65535)
    """Where its ONVIF device service listens."""
    credentials: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    """`X` means the environment variables `X_USER` and `X_PASSWORD` (or `X_PASSWORD_FILE`)."""
    profile: Literal["main", "sub"] = "main"
    """Which stream is looked at."""
    stream_uri: str | None = None
    """An RTSP address for a camera without ONVIF; without user or password in it."""
    owner: str = ""
    """The organisation the camera belongs to."""
    purpose: str = ""
    """Why it watches this place; PIPL article 26 asks for a purpose in public places."""
    signage: bool = False
    """A visible sign at the place says that it is watched."""
    zones: tuple[Zone, ...] = ()


class Sensor(Part):
    """One MQTT sensor at a point; `id` is the device id in its topic."""

    id: Identifier
    name: Names
    kind: str
    """smoke, manhole, water_level, parking, door, air, noise, leakage, sos, climate, bin, ..."""
    place: Identifier | None = None
    period: Seconds = 60
    """How often it reports."""
    rules: tuple[ThresholdRule, ...] = ()


class Point(Part):
    """One monitored place; lies in exactly one grid and is owned by exactly one node."""

    id: Identifier
    name: Names
    node: Identifier
    grid: Identifier
    position: Position
    cameras: tuple[Camera, ...] = ()
    sensors: tuple[Sensor, ...] = ()


class Node(Part):
    """One edge computer."""

    id: Identifier
    name: Names


class Broker(Part):
    """The MQTT broker at the edge."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    credentials: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    tls: bool = False


class Uplink(Part):
    """Where the cloud answers."""

    url: str = Field(default="http://127.0.0.1:8420", pattern=r"^https?://[^/@]+$")
    """Scheme, host and port only."""
    ca_file: str | None = None
    """Trust anchors for https, PEM; the system's unless given."""


class EventClass(Part):
    """A coded class of events (GB/T 30428 style); data, never an enum."""

    code: str = Field(pattern=r"^\d{2}-\d{2}(-\d{3})?$")
    """Major-minor, with a city extension of three digits."""
    name: Names
    severity: Severity = Severity.MEDIUM


class Area(Part):
    """Street, community or grid, with its polygon (WGS-84, outer ring first, closed)."""

    id: Identifier
    level: Literal["street", "community", "grid"]
    parent: Identifier | None = None
    code: str | None = None
    """For a grid the 15-digit unit grid code."""
    name: Names
    households: int | None = None
    rings: tuple[tuple[tuple[float, float], ...], ...]


class Site(Part):
    """The whole site."""

    version: int = Field(ge=1)
    """Only rises."""
    name: Names
    timezone: str = "Asia/Shanghai"
    broker: Broker = Broker()
    uplink: Uplink = Uplink()
    areas: tuple[Area, ...] = ()
    event_classes: tuple[EventClass, ...] = ()
    nodes: tuple[Node, ...] = Field(min_length=1)
    points: tuple[Point, ...] = Field(min_length=1)

    def points_of(self, node: str) -> Iterator[Point]:
        """The points that `node` owns, in the file's order."""
        return (point for point in self.points if point.node == node)
