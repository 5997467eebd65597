"""A node's ledger and its devices, as the API shows them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from cloud.areas.models import LedgerLine, Status
from devices.messages import Series
from devices.site.model import Names


class SeriesLedger(LedgerLine):
    """One series of one of the node's store files."""

    series: Series
    epoch: UUID
    """Names the store file."""
    current: bool
    """The node writes in this file now; of an earlier one nothing waits any more."""
    reported_at: datetime | None
    """When the node last told how it stands, by its own clock."""
    missing_ranges: list[tuple[int, int]]
    """First and last, both included."""


class RefusedMessage(BaseModel):
    """A message that was refused, and why."""

    series: Series
    epoch: UUID
    seq: int
    code: str
    reason: str
    at: datetime


class GapOut(BaseModel):
    """Numbers that a node gave up, and why."""

    series: Series
    epoch: UUID
    ranges: list[tuple[int, int]]
    """First and last, both included; a last of 2^62 stands for "all from there on"."""
    cause: str
    """`quota`, `photo_lost`, `unreadable`, `unfit`, `store_damaged`, `cloud_restored`."""
    first_at: datetime | None
    """Time of the earliest message it counts for."""
    last_at: datetime | None
    readings: int
    """Of telemetry: how many readings were in the messages."""
    at: datetime
    """When the cloud heard of it."""


class NodeLedger(BaseModel):
    """What became of every message that a node numbered."""

    node: str
    clock_offset_s: float | None
    """Seconds the node's clock is ahead of the cloud's, less the time a request takes."""
    lines: list[SeriesLedger]
    refusals: list[RefusedMessage]
    """The latest fifty."""
    gaps: list[GapOut]
    """The latest fifty."""


class DeviceOut(BaseModel):
    """A device of a node and its last word."""

    id: str
    name: Names
    kind: str
    """`camera`, `sensor`, `broker` or `node`."""
    point: str | None
    status: Status
    detail: str
    since: datetime | None
    """When the status began."""
    checked_at: datetime | None
    facts: dict[str, float | int | str | bool]
    """Measured things, such as `key_interval_s`."""
