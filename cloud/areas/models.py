"""The registry as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from cloud.areas.imports import MovedPoint
from cloud.areas.succession import Change
from cloud.areas.versions import Version
from devices.messages import DeviceStatus, Severity
from devices.site.model import Names

Status = DeviceStatus | Literal["unknown"]
"""A device's last word; `unknown` when it or its node has not been heard of (lately)."""


class AreaProperties(BaseModel):
    """One area."""

    id: str
    level: Literal["street", "community", "grid"]
    parent: str | None
    code: str | None
    name: Names
    households: int | None


class PolygonGeometry(BaseModel):
    """GeoJSON, WGS-84, longitude first."""

    type: Literal["Polygon"] = "Polygon"
    coordinates: list[list[tuple[float, float]]]


class MultiPolygonGeometry(BaseModel):
    """GeoJSON, WGS-84, longitude first: an area in several pieces."""

    type: Literal["MultiPolygon"] = "MultiPolygon"
    coordinates: list[list[list[tuple[float, float]]]]


class AreaFeature(BaseModel):
    """GeoJSON."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: PolygonGeometry | MultiPolygonGeometry = Field(discriminator="type")
    properties: AreaProperties


class AreaCollection(BaseModel):
    """GeoJSON."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    version: int | None
    """Of the tree; null: there never was one."""
    features: list[AreaFeature]


class AreaVersions(BaseModel):
    """Versions of the tree, newest first."""

    items: list[Version]


class AreasTaken(BaseModel):
    """What became of areas that were sent."""

    taken: bool
    """False: it was a dry run, or they are in force already."""
    version: int
    """Of the tree that is in force."""
    site_version: int
    communities: int
    grids: int
    changes: list[Change]
    """Against the tree that was in force."""
    moved: list[MovedPoint]
    stale_markets: list[str]
    """Markets with shops that now stand in another grid than their office; import these again."""
    stale_people: list[str]
    """User names of those who work in an area that is no more; give them the new one, too: the old one shows
    what was opened there before."""


class GridThen(BaseModel):
    """The grid of a position at a time."""

    version: int
    grid: AreaProperties


class CameraState(BaseModel):
    """A camera and how it is."""

    id: str
    name: Names
    status: Status


class SensorState(CameraState):
    """A sensor and how it is."""

    kind: str


class PointProperties(BaseModel):
    """One point."""

    id: str
    name: Names
    grid: str
    node: str
    cameras: list[CameraState]
    sensors: list[SensorState]
    open_incidents: int
    worst: Severity | None
    """Of its open incidents."""


class PointGeometry(BaseModel):
    """GeoJSON, WGS-84, longitude first."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class PointFeature(BaseModel):
    """GeoJSON."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: PointGeometry
    properties: PointProperties


class PointCollection(BaseModel):
    """GeoJSON."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[PointFeature]


class EventClassOut(BaseModel):
    """A coded class of events."""

    code: str
    name: Names
    severity: Severity


class LedgerLine(BaseModel):
    """What became of one series of a node's messages.

    `numbered = accepted + refused + evicted + waiting + missing`.
    """

    numbered: int
    sent: int
    """Answered here: accepted or refused."""
    accepted: int
    duplicate: int
    """Deliveries of what had been accepted before."""
    refused: int
    evicted: int
    """Given up by the node, which said so."""
    waiting: int
    """Still at the node, by its own last word."""
    missing: int
    """Neither here nor refused, given up or waiting: these are looked for."""


class NodeOut(BaseModel):
    """An edge node and how it is."""

    id: str
    name: Names
    status: Status
    """Its own last word, or `unreachable` after 90 s of silence; `unknown` before its first."""
    last_seen_at: datetime | None
    ledger: dict[str, LedgerLine]
    """By series: alarm, evidence, health, telemetry."""
    cameras_up: int
    cameras_total: int
