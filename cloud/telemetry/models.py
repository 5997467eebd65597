"""Telemetry as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from devices.messages import Severity


class LimitOut(BaseModel):
    """A limit of a rule, in the quantity's own unit."""

    value: float
    side: Literal["above", "below"]
    """On which side of it something is wrong."""
    severity: Severity


class SeriesOut(BaseModel):
    """One quantity of one device."""

    node: str
    point: str | None
    """None: the node's own."""
    device: str
    zone: str | None
    quantity: str
    unit: str
    last_at: datetime | None
    last_value: float | None
    limits: list[LimitOut]


class ChartOut(BaseModel):
    """A series down-sampled, a list a column; times rise, what has no value is left out."""

    device: str
    zone: str | None
    quantity: str
    unit: str
    since: datetime
    until: datetime
    step: int
    """Seconds of one bucket."""
    at: list[datetime]
    """When each begins."""
    count: list[int]
    low: list[float]
    mean: list[float]
    high: list[float]
    last: list[float]
