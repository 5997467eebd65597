"""What the wire protocols of stations (HJ 212, GB/T 26875.3) have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Fault(StrEnum):
    """Why bytes were thrown away."""

    RUBBISH = "rubbish between packets"
    LENGTH = "its length is wrong or it was cut off"
    CHECK = "its check sum is wrong"
    END = "its end is not where its length says"


@dataclass(frozen=True, slots=True)
class Broken:
    """Something on the line that was no packet."""

    fault: Fault
    size: int
    """Bytes known to belong to it when it was found; more may follow."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which part of a building's fire system a value is of; a transmitter's own where nothing is given."""

    system: int | None = None
    """Its type."""
    address: int | None = None
    component: str | None = None
    """Address of a component, as its bytes came, in hex."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value as a station gave it, before the site says whose it is."""

    quantity: str
    value: float
    unit: str
    taken_at: datetime | None
    """By the station's clock; None where it told none."""
    boot: str
    seq: int
    """With `boot` it tells this value from all others of its quantity; the same when it is sent again."""
    quality: Literal["good", "uncertain", "bad"] = "good"
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One packet that a station sent, or several pieces of rubbish that it did."""

    station: str
    """Its number or address; empty for what was no packet."""
    samples: tuple[Sample, ...] = ()
    sent_at: datetime | None = None
    """By its own clock; None where it told none."""
    answer: bytes = field(default=b"", repr=False)
    """To be sent once its values are kept."""
    fault: str = ""
    """Why nothing of it can be used, or in what it failed; of a fixed set of sentences."""
    denied: bool = False
    """Its password is wrong."""
