"""Subscriptions as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Kind = Annotated[str, Field(pattern=r"^(incident|asset)\.(\*|[a-z_]{1,40})$")]


class SubscriptionRequest(BaseModel):
    """Where events are to go, and which."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"address": "https://example.org/hook", "kinds": ["incident.*"]}]},
    )

    address: str = Field(min_length=8, max_length=500)
    """https, at a public address. It is shown to administrators: put no key into it."""
    kinds: list[Kind] = Field(default=["incident.*"], min_length=1, max_length=50)
    """`incident.*`, or `incident.` and an action of the log: `incident.open`, `incident.close`, ...
    Of the registry `asset.*`: `asset.added`, `asset.changed`, `asset.moved` (to another grid)."""
    areas: list[Annotated[str, Field(max_length=64)]] = Field(default=[], max_length=200)
    """Ids of grids, communities or the street; none: everything."""


class Subscription(BaseModel):
    """A subscription."""

    id: UUID
    address: str
    kinds: list[str]
    areas: list[str]
    created_at: datetime
    created_by: str
    failing_since: datetime | None
    """Nothing was taken since then."""
    disabled_at: datetime | None
    disabled_why: str | None


class SubscriptionMade(Subscription):
    """A subscription with its secret, which is shown this once."""

    secret: str
    """`whsec_` and the key in base64, as Standard Webhooks has it."""


class SubscriptionList(BaseModel):
    """All subscriptions, the oldest first."""

    items: list[Subscription]
    last: int
    """Number of the latest event; a replay `from` it has nothing."""


class Replay(BaseModel):
    """What a replay sends again."""

    events: int
    first: int
    """Number (`sequence`) of the first one; 0: there is none."""


class Delivery(BaseModel):
    """One event for one subscription."""

    seq: int
    """`sequence` of the event."""
    event_id: UUID
    kind: str
    incident_id: UUID
    """`subject` of the event: a case, or the asset of an event `asset.*`."""
    state: Literal["waiting", "delivered", "failed"]
    tries: int
    since: datetime
    look_at: datetime
    """While waiting: not tried before."""
    status: int | None
    """Of the latest answer."""
    answer: str | None
    """Why it was not taken."""
    settled_at: datetime | None


class DeliveryPage(BaseModel):
    """Deliveries, the latest first."""

    items: list[Delivery]
    next: int | None
    """`before` of the next page."""
