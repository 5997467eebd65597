"""The registry as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud.assets.changes import Action
from cloud.assets.policy import State
from cloud.incidents.transitions import State as CaseState
from devices.site.model import Names

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$", examples=["3301000101000123"])]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class AssetClassOut(BaseModel):
    """A class of assets or places."""

    code: str
    name: Names
    kind: Literal["asset", "place"]


class Asset(BaseModel):
    """A place or public asset."""

    id: UUID
    """`subject` of its events."""
    code: str
    asset_class: AssetClassOut
    name: str | None
    lon: float
    lat: float
    point: str | None
    """The monitored point at which it stands."""
    grid: str | None
    community: str | None
    area_version: int | None
    """Of the areas by which its grid was found: those in force."""
    state: State
    keeper: str | None
    """The organisation that looks after it."""
    address: str | None
    version: int
    updated_at: datetime
    metres: float | None = None
    """From where was asked, if `near` was given."""


class AssetPage(BaseModel):
    """By code, or with `near` the nearest first."""

    items: list[Asset]
    next: str | None
    """`after` of the next page; null: that is all, or `near` was given."""


class NewAsset(BaseModel):
    """What an asset is from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"class": "01-03", "lon": 120.155, "lat": 30.005, "keeper": "SW"}]},
    )

    asset_class: Text = Field(alias="class")
    name: Text | None = None
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, strict=True)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, strict=True)] | None = None
    point: Text | None = None
    """Instead of `lon` and `lat`, or beside them."""
    state: State = "intact"
    keeper: Text | None = None
    address: Text | None = None


class AssetChange(BaseModel):
    """What an asset was at one version."""

    version: int
    at: datetime
    action: Action
    actor: str
    data: dict[str, Any]


class AssetCase(BaseModel):
    """A case that is about an asset."""

    id: UUID
    number: str
    event_class: str
    state: CaseState
    opened_at: datetime
    closed_at: datetime | None
    linked_at: datetime


class AssetHistory(BaseModel):
    """What became of an asset: its own changes, and its cases in your scope; the latest first."""

    changes: list[AssetChange]
    cases: list[AssetCase]


class AssetFault(BaseModel):
    """A row that was not taken."""

    line: int
    """Of CSV: of the file, from 1. Of GeoJSON: the number of the feature, from 1."""
    column: str
    """As the file calls it; empty: the whole row."""
    what: str


class AssetsTaken(BaseModel):
    """What became of a file."""

    taken: bool
    """False: it was a dry run."""
    added: int
    changed: int
    same: int
    refused: int
    faults: list[AssetFault]
    """Of the refused, the first 200."""


class CameraOwner(BaseModel):
    """Whose a camera is, and why it watches."""

    id: str
    name: Names
    point: str
    owner: str | None
    """As the site file says it; null: the street's own."""
    organisation: Names | None
    """The owner's name, where the owner is an organisation of the policy `organisations`."""
    purpose: str | None
    signage: bool
    """A visible sign at the place says that it is watched."""
    watches: bool
    """It has rules: it watches a place, and is not only looked through."""


class CameraOwners(BaseModel):
    """Every camera of the present site."""

    items: list[CameraOwner]
