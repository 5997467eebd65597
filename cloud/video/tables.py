"""Who looked at which camera's live picture or stills."""

from __future__ import annotations

from sqlalchemy import Table, Text

from cloud.database.columns import TIME, key, metadata, must

live_view = Table(
    "live_view", metadata, key("username", Text), key("camera", Text), key("what", Text), key("reason", Text),
    key("hour", TIME), must("first_at", TIME), must("last_at", TIME),
)  # fmt: skip
"""One row for the same person, camera, reason and hour; `what`: live, stills."""
