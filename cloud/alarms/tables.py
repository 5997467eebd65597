"""Tables beside `alarm`: what was done to alarms, what is shelved, and which devices are out of service."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Integer, SmallInteger, Table, Text, Uuid

from cloud.database.columns import TIME, key, may, metadata, must

alarm_event = Table(
    "alarm_event", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    must("alarm_id", Uuid), must("version", Integer), must("at", TIME), must("actor_kind", Text),
    must("actor_name", Text), must("action", Text), must("from_state", Text), must("to_state", Text),
    may("reason", Text), may("until", TIME),
)  # fmt: skip
alarm_shelf = Table(
    "alarm_shelf", metadata, key("id", Uuid), must("place", Text), must("event_class", Text),
    must("severity", SmallInteger), must("since", TIME), must("until", TIME), must("shelved_by", Text),
    must("reason", Text), may("ended_at", TIME), may("ended_by", Text),
)  # fmt: skip
out_of_service = Table(
    "out_of_service", metadata, key("id", Uuid), must("device", Text), must("since", TIME),
    must("until", TIME), must("taken_by", Text), must("reason", Text), may("ended_at", TIME),
    may("ended_by", Text),
)  # fmt: skip
