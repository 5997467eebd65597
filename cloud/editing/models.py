"""What the site editor is given and sends."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from devices.site.model import Names

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
ZONES, RULES = 32, 16
"""At most, of a camera and of a zone."""


class CameraSite(BaseModel):
    """One camera as the site in force has it."""

    version: int
    """Of the site; also the `ETag`."""
    camera: str
    name: Names
    point: str
    point_name: Names
    node: str
    owner: str
    """Whose camera it is; empty: the street's own."""
    purpose: str
    signage: bool
    zones: list[dict[str, Any]]
    """As the site file has them, durations in words."""


class CameraBrief(BaseModel):
    """A camera to choose."""

    camera: str
    name: Names
    point: str
    point_name: Names
    node: str
    zones: int
    rules: int


class CameraEdit(BaseModel):
    """What shall stand at one camera."""

    model_config = ConfigDict(extra="forbid")

    zones: list[dict[str, Any]] = Field(max_length=ZONES)
    purpose: Line
    signage: bool


class Step(BaseModel):
    """One step down the site: a field, and in a list of named things which one."""

    field: str
    id: str | None = None


class Kind(StrEnum):
    """How two sites differ at a place."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Difference(BaseModel):
    """One thing that two sites say differently."""

    where: tuple[Step, ...]
    kind: Kind
    before: Any = None
    after: Any = None


class Proposal(BaseModel):
    """What a version would change, or has changed."""

    version: int
    """The one it would be, or is now."""
    changes: list[Difference]
    warnings: list[str]
    """What is doubtful in it, a line each."""


class Back(BaseModel):
    """Which version shall come back."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)


class RuleForms(BaseModel):
    """What a zone's rules are made of, by the site's JSON Schema."""

    rules: dict[str, dict[str, Any]]
    """Kind of rule -> its schema."""
    labels: list[str]
    """What the detector can name."""
    groups: dict[str, list[str]]
    """Names for several of them together."""
