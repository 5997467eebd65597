"""The tables, as SQLAlchemy Core sees them; the migrations make them, a test compares the two.

Why each exists is said in `docs/design/cloud.md`. Ids of things that travel are UUIDv7.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Identity,
    Integer,
    LargeBinary,
    Sequence,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE

from cloud.database.columns import JSON, TIME, Xid8, key, may, metadata, must

site = Table(
    "site", metadata, key("single", Boolean), must("version", Integer), must("digest", Text),
    must("name", JSON), must("timezone", Text), must("imported_at", TIME),
    must("incident_joins", JSON),
)  # fmt: skip
area = Table(
    "area", metadata, key("id", Text), must("level", Text), may("parent", Text), may("code", Text),
    must("name", JSON), may("households", Integer), must("rings", JSON), must("position", Integer),
    must("active", Boolean),
)  # fmt: skip
area_version = Table(
    "area_version", metadata, Column("version", Integer, primary_key=True, autoincrement=False),
    must("valid_from", TIME), may("valid_to", TIME), must("site_version", Integer),
    must("actor_kind", Text), must("actor_name", Text), must("changes", JSON),
)  # fmt: skip
area_then = Table(
    "area_then", metadata, key("version", Integer), key("id", Text), must("level", Text),
    may("parent", Text), may("code", Text), must("name", JSON), may("households", Integer),
    must("rings", JSON), must("position", Integer),
)  # fmt: skip
market = Table(
    "market", metadata, key("id", Text), must("body", JSON), must("taken_at", TIME),
    must("actor_kind", Text), must("actor_name", Text),
)  # fmt: skip
event_class = Table(
    "event_class", metadata, key("code", Text), must("name", JSON), must("severity", Text),
    must("position", Integer), must("active", Boolean),
)  # fmt: skip
node = Table(
    "node", metadata, key("id", Text), must("name", JSON), may("last_seen_at", TIME),
    must("position", Integer), must("active", Boolean), may("clock_offset_s", Double),
)  # fmt: skip
node_credential = Table(
    "node_credential", metadata, key("token_hash", LargeBinary), must("node", Text), must("origin", Text),
    must("made_at", TIME), must("confirmed", Boolean), may("ends_at", TIME), must("revoked", Boolean),
)  # fmt: skip
node_code = Table(
    "node_code", metadata, key("node", Text), must("code_hash", LargeBinary), must("made_at", TIME),
    must("expires_at", TIME), may("used_for", LargeBinary),
)  # fmt: skip
node_event = Table(
    "node_event", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    must("at", TIME), must("node", Text), must("action", Text), must("actor_kind", Text),
    must("actor_name", Text), must("detail", Text),
)  # fmt: skip
place = Table("place", metadata, key("id", Text), key("node", Text))
point = Table(
    "point", metadata, key("id", Text), must("name", JSON), must("node", Text), must("grid", Text),
    must("lon", Double), must("lat", Double), must("position", Integer), must("active", Boolean),
)  # fmt: skip
device = Table(
    "device", metadata, key("id", Text), must("kind", Text), must("point", Text), must("name", JSON),
    may("sensor_kind", Text), must("position", Integer), must("active", Boolean), must("limits", JSON),
    may("owner", Text), may("purpose", Text), may("signage", Boolean), may("watches", Boolean),
)  # fmt: skip
device_health = Table(
    "device_health", metadata, key("node", Text), key("device", Text), must("kind", Text),
    must("status", Text), must("detail", Text), must("since", TIME), must("checked_at", TIME),
    must("facts", JSON),
)  # fmt: skip

received = Table(
    "received", metadata, key("event_id", Uuid), must("node", Text), must("epoch", Uuid),
    must("series", Text), must("seq", BigInteger), must("received_at", TIME),
)  # fmt: skip
ledger = Table(
    "ledger", metadata, key("node", Text), key("epoch", Uuid), key("series", Text),
    must("committed", INT8MULTIRANGE), must("refused", INT8MULTIRANGE), must("duplicates", BigInteger),
    must("evicted", INT8MULTIRANGE), must("waiting", INT8MULTIRANGE), may("next", BigInteger),
    may("reported_at", TIME),
)  # fmt: skip
refusal = Table(
    "refusal", metadata, key("node", Text), key("epoch", Uuid), key("series", Text),
    key("seq", BigInteger), must("code", Text), must("reason", Text), must("at", TIME),
)  # fmt: skip
gap = Table(
    "gap", metadata, key("event_id", Uuid), must("node", Text), must("epoch", Uuid),
    must("series", Text), must("numbers", INT8MULTIRANGE), must("cause", Text), may("first_at", TIME),
    may("last_at", TIME), must("readings", BigInteger), must("at", TIME),
)  # fmt: skip
trace = Table(
    "trace", metadata, Column("id", Integer, Identity(always=True), primary_key=True), must("node", Text),
    must("point", Text), must("device", Text), must("zone", Text), must("quantity", Text),
    must("unit", Text), may("last_at", TIME), may("last_value", Double),
)  # fmt: skip
sample = Table(
    "sample", metadata, key("trace", Integer), key("at", TIME), must("value", Double),
    must("sound", Boolean),
)  # fmt: skip
sample_mark = Table("sample_mark", metadata, key("trace", Integer), key("hour", TIME))
_ROLLED = ("low", "total", "high", "last")
sample_minute, sample_hour = (
    Table(
        name, metadata, key("trace", Integer), key("at", TIME), must("count", BigInteger),
        *(must(column, Double) for column in _ROLLED),
    )
    for name in ("sample_minute", "sample_hour")
)  # fmt: skip
telemetry_journal = Table(
    "telemetry_journal", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    must("at", TIME), must("lines", LargeBinary),
)  # fmt: skip
telemetry_server = Table("telemetry_server", metadata, key("single", Boolean), must("started", Text))

incident_number = Sequence("incident_number", metadata=metadata)
incident = Table(
    "incident", metadata, key("id", Uuid), must("number", Text), must("place", Text),
    must("event_class", Text), must("state", Text), may("suspended_from", Text), must("version", Integer),
    must("severity", SmallInteger), may("point", Text), may("grid", Text), may("community", Text),
    must("opened_at", TIME), must("updated_at", TIME), may("seen_gone_at", TIME),
    may("closed_at", TIME), may("planned_version", Integer), may("area_version", Integer),
    must("source", Text), must("level", Text), may("handler", Text), may("organisation", Text),
    may("description", Text), may("lon", Double), may("lat", Double), may("reported_class", Text),
    must("pending", ARRAY(Text)), may("merged_into", Uuid), may("duplicate_of", Uuid),
    may("recurrence_of", Uuid), may("anchored_version", Integer), may("marked_version", Integer),
)  # fmt: skip
incident_event = Table(
    "incident_event", metadata, key("incident_id", Uuid), key("version", Integer), must("at", TIME),
    must("actor_kind", Text), must("actor_name", Text), must("action", Text), may("from_state", Text),
    must("to_state", Text), must("cause", Text), may("reason", Text), must("detail", JSON),
    must("hash", LargeBinary),
)  # fmt: skip
alarm = Table(
    "alarm", metadata, key("id", Uuid), may("incident_id", Uuid), must("version", Integer),
    must("rev", BigInteger), must("state", Text), must("node", Text), must("point", Text),
    must("device", Text), may("zone", Text), must("rule", Text), must("place", Text),
    must("event_class", Text), must("label", Text), must("score", Double), must("severity", Text),
    must("since", TIME), must("at_least", Boolean), may("box", JSON), may("outline", JSON),
    may("count", BigInteger), may("count_error", BigInteger), must("suspected", Boolean),
    may("measured", JSON), may("reopens", Uuid), may("ended", Text), must("opened_at", TIME),
    must("changed_at", TIME), may("cleared_at", TIME), must("received_at", TIME), must("hints", JSON),
    may("no_clip", Text),
    may("verdict", Text), may("verdict_reason", Text), may("verdict_class", Text), may("verdict_by", Text),
    may("verdict_at", TIME), may("acknowledged_at", TIME), may("acknowledged_by", Text),
    may("aside", Text), may("aside_until", TIME), may("aside_by", Text), may("aside_reason", Text),
    may("aside_at_opening", Text),
    may("inhibited_since", TIME), must("history", Boolean), must("parts", JSON),
)  # fmt: skip
alarm_part = Table("alarm_part", metadata, key("part", Uuid), key("joined", Uuid))
evidence = Table(
    "evidence", metadata, key("id", Uuid), must("condition_id", Uuid), must("kind", Text),
    must("camera", Text), must("captured_at", TIME), must("sha256", Text), must("size", BigInteger),
    must("width", BigInteger), must("height", BigInteger), must("media_type", Text), may("codec", Text),
    may("seconds", Double),
)  # fmt: skip
evidence_lost = Table(
    "evidence_lost", metadata, key("condition_id", Uuid), key("kind", Text), must("cause", Text)
)

person = Table(
    "person", metadata, key("id", Uuid), must("username", Text), must("name", JSON),
    must("roles", ARRAY(Text)), may("password_hash", Text), must("created_at", TIME),
    must("areas", ARRAY(Text)), may("organisation", Text), must("version", Integer), may("locked_at", TIME),
)  # fmt: skip
session = Table(
    "session", metadata, key("token_hash", LargeBinary), must("person_id", Uuid),
    must("created_at", TIME), must("expires_at", TIME),
)  # fmt: skip
login_failure = Table(
    "login_failure", metadata, must("username", Text), must("address", Text), must("at", TIME)
)

outbox = Table(
    "outbox", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("xid", Xid8, nullable=False), Column("at", TIME, nullable=False), must("kind", Text),
    must("subject", Text),
)  # fmt: skip
outbox_floor = Table(
    "outbox_floor", metadata, key("single", Boolean), must("xid", Xid8), must("id", BigInteger)
)
command = Table(
    "command", metadata, key("id", Uuid), must("node", Text), must("kind", Text), must("body", JSON),
    may("incident_id", Uuid), must("asked_by", Text), may("request_key", Text), must("created_at", TIME),
    must("expires_at", TIME), must("state", Text), may("sent_at", TIME), may("answer", JSON),
    may("answered_at", TIME),
)  # fmt: skip
site_text = Table(
    "site_text", metadata, key("single", Boolean), must("version", Integer), must("digest", Text),
    must("text", Text),
)  # fmt: skip
site_version = Table(
    "site_version", metadata, Column("version", Integer, primary_key=True, autoincrement=False),
    must("digest", Text), must("text", Text),
)  # fmt: skip
command_picture = Table(
    "command_picture", metadata, key("command", Uuid), key("number", Integer), must("taken_at", TIME),
    must("jpeg", LargeBinary), must("expires_at", TIME),
)  # fmt: skip
site_change = Table(
    "site_change", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    must("at", TIME), must("version", Integer), must("digest", Text), must("actor_kind", Text),
    must("actor_name", Text),
)  # fmt: skip
deadline = Table(
    "deadline", metadata, key("key", Text), must("kind", Text), may("incident_id", Uuid),
    must("due_at", TIME), must("look_at", TIME), must("attempts", Integer), must("detail", JSON),
)  # fmt: skip
deadline_event = Table(
    "deadline_event", metadata, key("key", Text), key("due_at", TIME), must("kind", Text),
    may("incident_id", Uuid), must("fired_at", TIME), must("detail", JSON),
)  # fmt: skip
deadline_policy = Table("deadline_policy", metadata, key("single", Boolean), must("digest", Text))
