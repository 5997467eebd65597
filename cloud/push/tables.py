"""What is told to whom: notices, attempts to deliver them, receipts, short links."""

from __future__ import annotations

from sqlalchemy import Integer, LargeBinary, SmallInteger, Table, Text, Uuid

from cloud.database.columns import JSON, TIME, key, may, metadata, must

notice = Table(
    "push_notice", metadata, key("id", Uuid), must("kind", Text), may("incident_id", Uuid),
    may("opened_version", Integer), must("severity", SmallInteger), must("targets", JSON),
    must("words", JSON), must("created_at", TIME), may("ladder", Text), may("ended_at", TIME),
    may("ended_by", Text), must("look_at", TIME),
)  # fmt: skip
attempt = Table(
    "push_attempt", metadata, key("id", Uuid), must("notice_id", Uuid), must("rung", Integer),
    must("rung_name", Text), must("channel", Text), must("lane", Text), must("recipients", JSON),
    must("severity", SmallInteger), must("began_at", TIME), must("state", Text), must("tries", Integer),
    may("message_id", Uuid), may("sent_at", TIME), may("lease_until", TIME), may("settled_at", TIME),
    may("answer", Text),
)  # fmt: skip
receipt = Table(
    "push_receipt", metadata, key("notice_id", Uuid), key("username", Text), may("delivered_at", TIME),
    may("read_at", TIME), may("how", Text),
)  # fmt: skip
link = Table(
    "push_link", metadata, key("token_hash", LargeBinary), must("notice_id", Uuid), must("expires_at", TIME)
)
