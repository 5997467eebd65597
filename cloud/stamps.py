"""When and where something was done, as the device says on which it was done, perhaps hours ago offline."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, model_validator

from cloud.times import Moment

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, strict=True)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, strict=True)]


STAMP = frozenset({"written_at", "sent_at", "lon", "lat"})
"""What the two below carry, by name."""


class Placed(BaseModel):
    """A position, or none."""

    lon: Longitude | None = None
    """WGS-84, degrees."""
    lat: Latitude | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("lon and lat: give both or none")
        return self


class Clocked(BaseModel):
    """Two times of one clock, which may be hours wrong."""

    written_at: Moment | None = None
    """By the clock of the device."""
    sent_at: Moment | None = None
    """By the same clock, when it is sent: how wrong the clock is shows in it. Needed with `written_at`."""

    @model_validator(mode="after")
    def _clocked(self) -> Self:
        if (self.written_at is None) != (self.sent_at is None):
            raise ValueError("written_at and sent_at: give both or none")
        if self.written_at and self.sent_at and self.written_at > self.sent_at:
            raise ValueError("written_at: cannot be later than sent_at")
        return self


def true_time(written_at: datetime | None, sent_at: datetime | None, now: datetime) -> datetime:
    """When it was written, by the server's clock: as long ago as the device's clock says. Pure.

    A device's clock may be hours wrong; how much time went by on it is right all the same.
    """
    if written_at is None or sent_at is None:
        return now
    return now - (sent_at - written_at)


def stamp(when: Clocked, where: Placed, now: datetime) -> dict[str, Any]:
    """What a log line says of both, as JSON; nothing, where the device said nothing. Pure."""
    told: dict[str, Any] = {}
    if when.written_at is not None:
        told["happened_at"] = true_time(when.written_at, when.sent_at, now).isoformat()
        told["written_at"] = when.written_at.isoformat()
    if where.lon is not None:
        told |= {"lon": where.lon, "lat": where.lat}
    return told
