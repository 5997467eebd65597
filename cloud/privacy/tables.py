"""Tables of privacy: who looked at which original, what was deleted, and where workers on shift are."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Identity, Table, Text, Uuid

from cloud.database.columns import TIME, key, may, metadata, must

original_view = Table(
    "original_view", metadata, key("username", Text), key("sha256", Text), key("reason", Text),
    key("hour", TIME), must("first_at", TIME),
)  # fmt: skip
"""Once an hour for the same person, picture and reason: a clip is fetched in many pieces."""
deletion = Table(
    "deletion", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    must("at", TIME), must("batch", Uuid), must("what", Text), must("subject", Text),
    must("count", BigInteger), must("size", BigInteger), must("actor_kind", Text), must("actor_name", Text),
    must("why", Text),
)  # fmt: skip
"""`subject`: a SHA-256, or a user name. What it was of (evidence, case, log) stays."""
worker_position = Table(
    "worker_position", metadata, key("username", Text), key("at", TIME), must("lon", Double),
    must("lat", Double), may("accuracy_m", Double), must("received_at", TIME),
)  # fmt: skip
