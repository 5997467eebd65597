"""Who is told by webhook: subscriptions, the feed of events, one delivery for each of both."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from cloud.database.columns import JSON, TIME, Xid8, key, may, metadata, must

relay = Table(
    "webhook_relay", metadata, key("single", Boolean), must("xid", Xid8), must("id", BigInteger),
    must("seq", BigInteger), must("at", TIME),
)  # fmt: skip
event = Table(
    "webhook_event", metadata, Column("seq", BigInteger, primary_key=True, autoincrement=False),
    must("event_id", Uuid), must("incident_id", Uuid), must("version", Integer), must("kind", Text),
    must("areas", ARRAY(Text)), must("at", TIME), must("data", JSON),
)  # fmt: skip
"""`incident_id` is the subject, here and in a delivery: a case, or the asset of an event `asset.*`."""
subscription = Table(
    "webhook_subscription", metadata, key("id", Uuid), must("address", Text), must("kinds", ARRAY(Text)),
    must("areas", ARRAY(Text)), must("generation", Integer), must("created_at", TIME),
    must("created_by", Text), may("disabled_at", TIME), may("disabled_why", Text),
    may("failing_since", TIME),
)  # fmt: skip
delivery = Table(
    "webhook_delivery", metadata, key("subscription_id", Uuid),
    Column("seq", BigInteger, primary_key=True, autoincrement=False), must("incident_id", Uuid),
    must("state", Text), must("tries", Integer), must("since", TIME), must("look_at", TIME),
    may("status", Integer), may("answer", Text), may("settled_at", TIME),
)  # fmt: skip
