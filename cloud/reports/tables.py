"""The tables of what is worked out of the logs, and of what is kept as it was."""

from __future__ import annotations

from sqlalchemy import Boolean, Integer, SmallInteger, Table, Text, Uuid

from cloud.database.columns import TIME, key, may, metadata, must

case_mark = Table(
    "case_mark", metadata, key("incident_id", Uuid), key("code", Text), key("n", SmallInteger),
    must("at", TIME), must("hit", Boolean), must("version", Integer), may("value", Integer),
    may("person", Text), may("organisation", Text),
)  # fmt: skip
"""`cloud.reports.facts.Mark` of every case as its log is now. It can be thrown away: with
`incident.marked_version` (the version that a case's marks are of) set to null they are made again."""
period_report = Table(
    "period_report", metadata, key("kind", Text), key("period", Text), must("begins", TIME),
    must("ends", TIME), must("made_at", TIME), must("body", Text),
)  # fmt: skip
"""Reports as they were made, once, when their period had ended; `body`: JSON, to the byte."""
grid_note = Table(
    "grid_note", metadata, key("id", Uuid), must("grid", Text), must("at", TIME), must("person", Text),
    must("words", Text),
)  # fmt: skip
"""What a grid's log has beside what happened to its cases; append-only."""
