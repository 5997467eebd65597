"""The site: what stands where, who looks after it, and by which rules it is judged.

These are the shapes of the site file after it was read and checked (`devices.site.load`).
Everything is frozen: a changed site is a new site with a higher `version`.
Secrets never stand here: `credentials` names the environment variables that hold them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, field_validator, model_validator

from devices.messages import Identifier, Polygon, Severity
from devices.site.holidays import Calendar
from devices.site.joins import IncidentJoin as IncidentJoin
from devices.site.joins import Join as Join
from devices.site.part import Part, Seconds
from devices.site.planar import ring_fault, rings_fault
from devices.site.rules import CameraRule as CameraRule
from devices.site.rules import LeftRule as LeftRule
from devices.site.rules import ParkedRule as ParkedRule
from devices.site.sensor_rules import QuantityRule, SensorHealth, SensorHealthKind, Works
from devices.site.sensor_rules import ThresholdRule as ThresholdRule
from devices.site.stations import Listener, Station
from devices.site.wiring import DecoderName, Device, Mapping, Topic

_IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
_CREDENTIALS = r"^[A-Z][A-Z0-9_]*$"
_ORIGIN = r"^https?://[^/@?#\s]+$"
_CLASS_CODE = r"^\d{2}-\d{2}(-\d{3})?$"
_HOST = r"^[A-Za-z0-9._:-]+$"
PATTERNS = {
    _IDENTIFIER: (
        "is not an id",
        "use letters, digits and . _ : -, at most 64, beginning with a letter or digit",
    ),
    _CREDENTIALS: (
        "is not the name of a credential",
        "write a NAME in capitals; the environment variables NAME_USER and NAME_PASSWORD hold the secret",
    ),
    _ORIGIN: (
        "is not an address of the cloud",
        "write scheme, host and port only: https://cloud.example:8420",
    ),
    _CLASS_CODE: (
        "is not a code of an event class",
        "write major-minor or major-minor-extension: 05-06 or 05-06-081",
    ),
    _HOST: ("is not a host", "write a name or an address only, the port goes to `port`"),
}
"""Pattern -> what is wrong when it does not match, and the fix."""
Credentials = Annotated[str, Field(pattern=_CREDENTIALS)]
Host = Annotated[str, Field(pattern=_HOST)]


def _outline(polygon: Polygon) -> Polygon:
    fault = ring_fault(polygon, least=1e-6)
    if fault:
        raise ValueError(f"{fault}; list the corners in order around the zone")
    return polygon


def _timezone(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_+/-]+", name) or name not in available_timezones():
        known = available_timezones()
        raise ValueError(
            "is not a time zone of the IANA list; write one such as Asia/Shanghai"
            if known
            else "cannot be checked, this machine knows no time zones; install the Python package tzdata"
        )
    ZoneInfo(name)
    return name


Timezone = Annotated[str, AfterValidator(_timezone)]
"""A time zone by its name in the IANA list."""


def _stream(uri: str) -> str:
    if not re.match(r"rtsps?://[^/\s]", uri):
        raise ValueError("is not an RTSP address; write rtsp://host:port/path")
    return uri


def _ring(ring: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if ring[0] != ring[-1]:
        raise ValueError("is not closed; repeat its first position at the end")
    fault = ring_fault(ring)
    if fault:
        raise ValueError(f"{fault}; list the positions in order along the boundary")
    return ring


Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]
GeoRing = Annotated[tuple[tuple[Lon, Lat], ...], Field(min_length=4), AfterValidator(_ring)]
"""Closed ring of (lon, lat), WGS-84 degrees, as in GeoJSON."""


class Names(Part):
    """A name in both languages of the faces."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Position(Part):
    """WGS-84, degrees."""

    lon: Lon
    lat: Lat


class Zone(Part):
    """A polygon in a camera's picture (parts of width and height) and what may not happen in it."""

    id: Identifier
    name: Names
    polygon: Annotated[Polygon, AfterValidator(_outline)]
    place: Identifier | None = None
    """Zones and sensors that name the same place share its incidents; the zone's id unless given."""
    rules: tuple[CameraRule, ...] = ()


class HealthKind(StrEnum):
    """What can be wrong with what a camera delivers."""

    COVERED = "covered"
    """A hand, a bag or a box is before all of the lens."""
    SPRAYED = "sprayed"
    """Something blurs a part of the picture: paint, dirt, a leaf on the glass."""
    FROZEN = "frozen"
    """The stream runs, but its picture stands still."""
    BLACK = "black"
    WASHED_OUT = "washed_out"
    DEFOCUSED = "defocused"
    TURNED = "turned"
    """It looks somewhere else."""
    GOP_TOO_LONG = "gop_too_long"
    """Key frames come so seldom that every frame must be decoded for the rules' sake."""
    STALLED = "stalled"
    """No pictures come."""


class PictureHealth(Part):
    """How the health of one camera's picture is judged."""

    off: tuple[HealthKind, ...] = ()
    """Kinds that are neither judged nor reported, such as `black` for a street without lamps."""
    event_classes: dict[HealthKind, str] = Field(default_factory=dict)
    """Kind -> code, where it differs from the site's `health_classes`."""
    severity: Severity = Severity.LOW
    enter: Seconds = 10.0
    """How long a kind must last before it is believed; some take longer by themselves."""
    leave: Seconds = 10.0
    """How long it must be over before it is."""
    frozen_after: Seconds = 60.0
    """The same as `enter` for a frozen picture."""
    stalled_after: Seconds = 30.0
    """Without any picture."""
    new_view_after: Seconds = 600.0
    """A view that lasts so long is the usual one from then on."""


class Camera(Part):
    """One ONVIF camera at a point."""

    id: Identifier
    name: Names
    host: Host
    port: int = Field(default=80, ge=1, le=65535)
    """Where its ONVIF device service listens."""
    credentials: Credentials | None = None
    """`X` means the environment variables `X_USER` and `X_PASSWORD` (or `X_PASSWORD_FILE`)."""
    profile: Literal["main", "sub"] = "main"
    """Which stream is looked at."""
    stream_uri: Annotated[str, AfterValidator(_stream)] | None = None
    """An RTSP address for a camera without ONVIF; without user or password in it."""
    transport: Literal["gridwatch", "ffmpeg", "snapshot"] = "gridwatch"
    """How its pictures come: by our own RTSP receiver, by FFmpeg's (many times the CPU, for a camera that
    ours cannot read), or as still pictures over ONVIF (for one without RTSP)."""
    events: bool = True
    """Take its ONVIF events (motion, tamper) as hints of when to look; not for one with a `stream_uri`."""
    owner: str = ""
    """The organisation the camera belongs to."""
    purpose: str = ""
    """Why it watches this place; PIPL article 26 asks for a purpose in public places."""
    signage: bool = False
    """A visible sign at the place says that it is watched."""
    zones: tuple[Zone, ...] = ()
    health: PictureHealth = PictureHealth()


class Sensor(Part):
    """One sensor at a point, heard over MQTT by one of `devices.sensors.decoders`."""

    id: Identifier
    name: Names
    kind: str
    """smoke, manhole, water_level, parking, door, air, noise, leakage, sos, climate, bin, ..."""
    place: Identifier | None = None
    period: Seconds = 60.0
    """How often it reports."""
    decoder: DecoderName = "gridwatch"
    """What it speaks."""
    device: Device | None = None
    """What it is called there: devEUI, friendly name, topic, GROUP/NODE/DEVICE; its `id` unless given."""
    topic: Topic | None = None
    """Where it is heard, + and # allowed; the decoder's usual topics for `device` unless given."""
    mapping: Mapping | None = None
    """Where its values stand, for `json` and wherever a decoder's own names do not fit."""
    station: Station | None = None
    """Which station it is, for one that speaks to the node itself over TCP and not to the broker."""
    parent: Identifier | None = None
    """The gateway it is heard through, itself a sensor of the site: while that is silent, nobody is told that
    this one is."""
    works: tuple[Works, ...] = ()
    """When somebody works on it: nothing opens meanwhile."""
    health: SensorHealth = SensorHealth()
    rules: tuple[QuantityRule, ...] = ()
    """None: those that are usual for its kind."""

    @model_validator(mode="after")
    def _any_json_is_mapped(self) -> Self:
        if self.decoder == "json" and (self.topic is None or self.mapping is None):
            raise ValueError("is any JSON; give its `topic`, and where its values stand by `mapping`")
        if self.decoder == "senml" and self.topic is None:
            raise ValueError("speaks SenML, which has no usual topic; give its `topic`")
        if self.decoder == "gridwatch" and (self.topic or self.device or self.mapping):
            raise ValueError("has the topic of its point and id; name another `decoder`, or take it out")
        if self.station is not None and self.decoder != "gridwatch":
            raise ValueError("is a `station`, which no decoder of MQTT reads; take one of them out")
        return self


class Point(Part):
    """One monitored place; lies in exactly one grid and is owned by exactly one node."""

    id: Identifier
    name: Names
    node: Identifier
    grid: Identifier
    position: Position
    cameras: tuple[Camera, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    joins: tuple[Join, ...] = ()


class Node(Part):
    """One edge computer."""

    id: Identifier
    name: Names
    cpu_budget: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Cores it may use. Beyond it, cameras with nothing in view are looked at less often, then those with
    something that may become a condition, never those with an open one."""
    disk_quota: Annotated[float, Field(ge=0.0625, allow_inf_nan=False)] = 2.0
    """GiB of the disk its store may use, 64 MiB at least. Beyond it telemetry gives way, then health reports,
    clips, photos, and what led to alarms of low severity that are over; the cloud is told each number."""
    stations: tuple[Listener, ...] = ()
    """Where it takes connections of stations, in its network of devices; nowhere unless given."""


class Tls(Part):
    """How a line is secured. What is checked of the other side is never up to a setting."""

    ca_file: str | None = None
    """Trust anchors, PEM; the system's unless given."""
    client_cert: str | None = None
    """Our own certificate (chain), PEM, for a server that asks for one."""
    client_key: str | None = None
    """Its private key, PEM without a pass phrase; in the file of `client_cert` unless given."""

    @model_validator(mode="after")
    def _key_has_a_certificate(self) -> Self:
        if self.client_key is not None and self.client_cert is None:
            raise ValueError("has `client_key` without a certificate; give `client_cert`, too")
        return self


class Broker(Tls):
    """The MQTT broker at the edge."""

    host: Host = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    credentials: Credentials | None = None
    tls: bool = False

    @model_validator(mode="after")
    def _tls_is_spoken_where_it_is_set_up(self) -> Self:
        if not self.tls and (self.ca_file or self.client_cert):
            raise ValueError("has certificates but speaks no TLS; set `tls: true` or take them out")
        return self


class Uplink(Tls):
    """Where the cloud answers."""

    url: str = Field(default="http://127.0.0.1:8420", pattern=_ORIGIN)
    """Scheme, host and port only."""
    allow_plain: bool = False
    """Plain http to another machine, said on purpose: the line itself is safe, such as a VPN."""
    history_rate: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 256.0
    """KiB a second that telemetry from before may take of the line, after the cloud was away."""

    @model_validator(mode="after")
    def _nothing_secret_goes_in_the_clear(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme == "http" and not self.allow_plain and not is_loopback(parts.hostname or ""):
            raise ValueError(
                "would send the node's token in clear; write https, or `allow_plain: true` for a safe line"
            )
        return self


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine: localhost, 127.0.0.0/8 or ::1."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class EventClass(Part):
    """A coded class of events (GB/T 30428 style); data, never an enum."""

    code: str = Field(pattern=_CLASS_CODE)
    """Major-minor, with a city extension of three digits."""
    name: Names
    severity: Severity = Severity.MEDIUM


class Area(Part):
    """Street, community or grid, with its outlines and holes (WGS-84, closed rings, even-odd)."""

    id: Identifier
    level: Literal["street", "community", "grid"]
    parent: Identifier | None = None
    code: str | None = None
    """For a grid the 15-digit unit grid code."""
    name: Names
    households: int | None = Field(default=None, ge=0)
    rings: tuple[GeoRing, ...] = Field(min_length=1)
    """A place lies in the area when an odd number of them hold it: several polygons, holes, and so on."""

    @field_validator("rings")
    @classmethod
    def _no_rings_cross(cls, rings: tuple[GeoRing, ...]) -> tuple[GeoRing, ...]:
        fault = rings_fault(rings)
        if fault:
            raise ValueError(f"{fault}; draw each piece of ground once")
        return rings

    @model_validator(mode="after")
    def _code_and_parent_fit_the_level(self) -> Self:
        if self.level == "grid" and not re.fullmatch(r"\d{15}", self.code or ""):
            raise ValueError(
                "a grid needs its unit grid code; give `code` 15 digits (division 12 + sequence 3)"
            )
        if (self.parent is None) != (self.level == "street"):
            raise ValueError(
                "a street has no `parent`, communities and grids have one; mend `parent` or `level`"
            )
        return self


class Site(Part):
    """The whole site."""

    version: int = Field(ge=1)
    """Only rises."""
    name: Names
    timezone: Timezone = "Asia/Shanghai"
    broker: Broker = Broker()
    uplink: Uplink = Uplink()
    areas: tuple[Area, ...] = ()
    area_tolerance: float = Field(default=1.0, ge=0, le=100)
    """Square metres of a gap or an overlap between areas that are rounding."""
    event_classes: tuple[EventClass, ...] = ()
    health_classes: dict[HealthKind, str] = Field(default_factory=dict)
    """Kind of ill health of a camera -> code of the event class; kinds that are not here are not reported."""
    sensor_classes: dict[SensorHealthKind, str] = Field(default_factory=dict)
    """The same for what is wrong with a sensor itself; kinds that are not here have their usual codes."""
    calendar: Calendar = Calendar()
    """Holidays, and the days that make up for them."""
    incident_joins: tuple[IncidentJoin, ...] = ()
    nodes: tuple[Node, ...] = Field(min_length=1)
    points: tuple[Point, ...] = Field(min_length=1)

    def points_of(self, node: str) -> Iterator[Point]:
        """The points that `node` owns, in the file's order."""
        return (point for point in self.points if point.node == node)
