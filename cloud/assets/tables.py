"""Places and public assets, their changes, and the cases that are about them."""

from __future__ import annotations

from sqlalchemy import Double, Integer, Table, Text, Uuid

from cloud.database.columns import JSON, TIME, key, may, metadata, must

asset = Table(
    "asset", metadata, key("id", Uuid), must("code", Text), must("asset_class", Text), may("name", Text),
    must("lon", Double), must("lat", Double), may("point", Text), may("grid", Text), may("community", Text),
    may("area_version", Integer), must("state", Text), may("keeper", Text), may("address", Text),
    must("version", Integer), must("updated_at", TIME),
)  # fmt: skip
"""`grid` and `community` are those of version `area_version` of the areas, the one in force."""
asset_change = Table(
    "asset_change", metadata, key("asset_id", Uuid), key("version", Integer), must("at", TIME),
    must("action", Text), must("actor_kind", Text), must("actor_name", Text), must("data", JSON),
)  # fmt: skip
"""What each version of an asset was, for ever: `added`, `changed`, or `moved` to another grid."""
asset_case = Table(
    "asset_case", metadata, key("asset_id", Uuid), key("incident_id", Uuid), must("linked_at", TIME),
    must("linked_by", Text),
)  # fmt: skip
