"""`policy`: every version of every document, append-only; `policy_file`: the file last seen of each kind."""

from __future__ import annotations

from sqlalchemy import Boolean, Integer, Table, Text

from cloud.database.columns import JSON, TIME, key, metadata, must

policy = Table(
    "policy", metadata, key("kind", Text), key("version", Integer), must("at", TIME), must("source", Text),
    must("actor_kind", Text), must("actor_name", Text), must("body", JSON),
)  # fmt: skip
policy_file = Table(
    "policy_file", metadata, key("kind", Text), must("digest", Text), must("seen_at", TIME),
    must("body", JSON), must("waiting", Boolean),
)  # fmt: skip
