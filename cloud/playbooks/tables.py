"""Projects: what is to be done for good at a point where something happens again and again."""

from __future__ import annotations

from sqlalchemy import Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from cloud.database.columns import JSON, TIME, key, may, metadata, must

project = Table(
    "project", metadata, key("id", Uuid), must("event_class", Text), must("point", Text), may("grid", Text),
    may("community", Text), must("name", JSON), must("version", Integer), must("opened_at", TIME),
    may("closed_at", TIME),
)  # fmt: skip
project_task = Table(
    "project_task", metadata, key("id", Uuid), must("project_id", Uuid), must("position", Integer),
    must("name", JSON), must("version", Integer), may("claimed_by", Text), may("claimed_at", TIME),
    may("done_at", TIME), may("words", Text), must("photos", ARRAY(Text)),
)  # fmt: skip
project_case = Table(
    "project_case", metadata, key("project_id", Uuid), key("incident_id", Uuid), must("added_at", TIME)
)
