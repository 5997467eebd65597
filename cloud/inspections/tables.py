"""Inspections that are to be done, were done or missed; how far ahead each is planned."""

from __future__ import annotations

from sqlalchemy import Boolean, Date, Double, Integer, Table, Text, Uuid

from cloud.database.columns import JSON, TIME, key, may, metadata, must

inspection = Table(
    "inspection", metadata, key("id", Uuid), must("task", Text), must("target", Text), must("day", Date),
    must("body", JSON), must("begins_at", TIME), must("due_at", TIME), may("grid", Text),
    may("community", Text), may("point", Text), may("lon", Double), may("lat", Double), must("state", Text),
    must("version", Integer), may("missed_at", TIME), may("done_at", TIME), may("done_by", Text),
    may("answers", JSON), must("faulty", Boolean),
)  # fmt: skip
"""`target` is `grid:ID`, `point:ID` or `asset:CODE`; `body` is the policy's inspection as it was
planned. What was missed says so for ever (`missed_at`), also when it was done later."""
inspection_case = Table("inspection_case", metadata, key("inspection_id", Uuid), key("incident_id", Uuid))
inspection_plan = Table("inspection_plan", metadata, key("task", Text), must("through", Date))
"""The last day up to which each is planned: what fell on a day on which nothing ran is planned afterwards."""
