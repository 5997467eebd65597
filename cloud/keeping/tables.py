"""Which install this is: its ledger has a name, and a restored one gets a new name."""

from __future__ import annotations

from sqlalchemy import Boolean, Table, Uuid

from cloud.database.columns import TIME, key, may, metadata, must

install = Table(
    "install", metadata, key("single", Boolean), must("ledger", Uuid), may("restored_at", TIME)
)  # fmt: skip
