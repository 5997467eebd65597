"""`seat`: who sits where; `seat_event`: who ever did; `handover`: what a shift gave; `mute`: silence."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Identity, Table, Text, Uuid

from cloud.database.columns import JSON, TIME, key, may, metadata, must

seat = Table(
    "seat", metadata, key("seat", Text), must("roster", Text), must("username", Text), must("since", TIME),
    must("on_roster", Boolean),
)  # fmt: skip
seat_event = Table(
    "seat_event", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    must("at", TIME), must("seat", Text), must("roster", Text), must("action", Text),
    must("username", Text), must("actor", Text), must("on_roster", Boolean), may("handover", Uuid),
    may("reason", Text),
)  # fmt: skip
handover = Table(
    "handover", metadata, key("id", Uuid), must("seat", Text), must("roster", Text), must("giver", Text),
    must("notes", Text), must("lists", JSON), must("offered_at", TIME), may("taker", Text),
    may("taken_at", TIME), may("withdrawn_at", TIME),
)  # fmt: skip
mute = Table(
    "mute", metadata, key("id", Uuid), must("username", Text), must("reason", Text), must("since", TIME),
    must("until", TIME), may("ended_at", TIME),
)  # fmt: skip
