"""The words that messages are made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Box = tuple[Fraction, Fraction, Fraction, Fraction]
"""x0, y0, x1, y1 in parts of the picture."""
Polygon = Annotated[tuple[tuple[Fraction, Fraction], ...], Field(min_length=3)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
"""Ids of nodes, points, cameras, zones, sensors: letters, digits, and . _ : -, at most 64."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Message(BaseModel):
    """Base of everything that travels: frozen, and unknown fields are ignored (older readers)."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Series(StrEnum):
    """What a `seq` counts; each series is numbered on its own."""

    ALARM = "alarm"
    EVIDENCE = "evidence"
    HEALTH = "health"
    TELEMETRY = "telemetry"


class EvidenceKind(StrEnum):
    """What a photo or a clip shows."""

    EMPTY = "empty"
    """The place before anything stood there."""
    PRESENT = "present"
    """The thing, boxed, with the zone outlined."""
    CLEARED = "cleared"
    """The same place, seen empty again."""
    FRESH = "fresh"
    """What the camera showed when somebody asked."""
    CLIP = "clip"
    """The seconds around the arrival where they were kept, else the last ones before the alarm."""
