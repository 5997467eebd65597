"""Departments called to cases, and how each was rated."""

from __future__ import annotations

from sqlalchemy import Boolean, Integer, SmallInteger, Table, Text, Uuid

from cloud.database.columns import TIME, key, may, metadata, must

whistle_call = Table(
    "whistle_call", metadata, key("id", Uuid), must("incident_id", Uuid), must("organisation", Text),
    must("state", Text), must("version", Integer), must("reason", Text), must("called_at", TIME),
    must("called_by", Text), may("check_in_due", TIME), may("report_due", TIME), may("checked_in_at", TIME),
    may("ended_at", TIME), may("words", Text), must("check_in_late", Boolean), must("report_late", Boolean),
)  # fmt: skip
whistle_rating = Table(
    "whistle_rating", metadata, key("incident_id", Uuid), key("organisation", Text),
    must("score", SmallInteger), must("words", Text), must("community", Text), must("rated_by", Text),
    must("rated_at", TIME),
)  # fmt: skip
