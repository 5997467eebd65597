"""The tables of sources: reports, their photos, requests that may come again."""

from __future__ import annotations

from sqlalchemy import Boolean, Double, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from cloud.database.columns import JSON, TIME, key, may, metadata, must

report = Table(
    "report", metadata, key("id", Uuid), must("number", Text), must("source", Text), must("sender", Text),
    may("external", Text), must("received_at", TIME), must("happened_at", TIME), may("event_class", Text),
    must("words", Text), may("address", Text), may("lon", Double), may("lat", Double), may("point", Text),
    may("grid", Text), may("community", Text), must("photos", ARRAY(Text)), must("state", Text),
    must("version", Integer), may("incident_id", Uuid), may("decided_at", TIME), may("decided_by", Text),
    may("reason", Text),
)  # fmt: skip
"""What somebody told us. `waiting` in triage, then `accepted` (a case was opened), `merged` or `refused`.
`number` is of the same run as the cases' own: what its reporter looks up by."""
photo_upload = Table(
    "photo_upload",
    metadata,
    key("sha256", Text),
    key("sender", Text),
    must("at", TIME),
    must("size", Integer),
    must("used", Boolean),
)
"""Photos that were sent ahead, by whom: nobody can attach another's. `used`: something refers to it."""
request_key = Table(
    "request_key", metadata, key("name", LargeBinary), must("digest", LargeBinary), may("answer", JSON),
    must("at", TIME),
)  # fmt: skip
install_secret = Table("install_secret", metadata, key("name", Text), must("secret", LargeBinary))
"""Random keys of this install, made at the first use: all its processes and backups share them."""
open_data_week = Table(
    "open_data_week", metadata, key("week", Text), must("published_at", TIME), must("cells", JSON)
)
"""Counts as they were published, never counted again: two editions could be subtracted."""
