"""The tables, as SQLAlchemy Core sees them; the migrations make them, a test compares the two.

Why each exists is said in `docs/design/cloud.md`. Ids of things that travel are UUIDv7.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE, JSONB
from sqlalchemy.types import UserDefinedType

metadata = MetaData()


class Xid8(UserDefinedType[Any]):
    """PostgreSQL's 64-bit transaction id; read and written through a cast to text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "xid8"


def _key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True)


def _must(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _may(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=True)


_TIME = DateTime(timezone=True)
_JSON = JSONB(none_as_null=True)

site = Table(
    "site", metadata, _key("single", Boolean), _must("version", Integer), _must("digest", Text),
    _must("name", _JSON), _must("timezone", Text), _must("imported_at", _TIME),
    _must("incident_joins", _JSON),
)  # fmt: skip
area = Table(
    "area", metadata, _key("id", Text), _must("level", Text), _may("parent", Text), _may("code", Text),
    _must("name", _JSON), _may("households", Integer), _must("rings", _JSON), _must("position", Integer),
    _must("active", Boolean),
)  # fmt: skip
area_version = Table(
    "area_version", metadata, Column("version", Integer, primary_key=True, autoincrement=False),
    _must("valid_from", _TIME), _may("valid_to", _TIME), _must("site_version", Integer),
    _must("actor_kind", Text), _must("actor_name", Text), _must("changes", _JSON),
)  # fmt: skip
area_then = Table(
    "area_then", metadata, _key("version", Integer), _key("id", Text), _must("level", Text),
    _may("parent", Text), _may("code", Text), _must("name", _JSON), _may("households", Integer),
    _must("rings", _JSON), _must("position", Integer),
)  # fmt: skip
market = Table(
    "market", metadata, _key("id", Text), _must("body", _JSON), _must("taken_at", _TIME),
    _must("actor_kind", Text), _must("actor_name", Text),
)  # fmt: skip
event_class = Table(
    "event_class", metadata, _key("code", Text), _must("name", _JSON), _must("severity", Text),
    _must("position", Integer), _must("active", Boolean),
)  # fmt: skip
node = Table(
    "node", metadata, _key("id", Text), _must("name", _JSON), _may("last_seen_at", _TIME),
    _must("position", Integer), _must("active", Boolean), _may("clock_offset_s", Double),
)  # fmt: skip
node_credential = Table(
    "node_credential", metadata, _key("token_hash", LargeBinary), _must("node", Text), _must("origin", Text),
    _must("made_at", _TIME), _must("confirmed", Boolean), _may("ends_at", _TIME), _must("revoked", Boolean),
)  # fmt: skip
node_code = Table(
    "node_code", metadata, _key("node", Text), _must("code_hash", LargeBinary), _must("made_at", _TIME),
    _must("expires_at", _TIME), _may("used_for", LargeBinary),
)  # fmt: skip
node_event = Table(
    "node_event", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    _must("at", _TIME), _must("node", Text), _must("action", Text), _must("actor_kind", Text),
    _must("actor_name", Text), _must("detail", Text),
)  # fmt: skip
place = Table("place", metadata, _key("id", Text), _key("node", Text))
point = Table(
    "point", metadata, _key("id", Text), _must("name", _JSON), _must("node", Text), _must("grid", Text),
    _must("lon", Double), _must("lat", Double), _must("position", Integer), _must("active", Boolean),
)  # fmt: skip
device = Table(
    "device", metadata, _key("id", Text), _must("kind", Text), _must("point", Text), _must("name", _JSON),
    _may("sensor_kind", Text), _must("position", Integer), _must("active", Boolean), _must("limits", _JSON),
)  # fmt: skip
device_health = Table(
    "device_health", metadata, _key("node", Text), _key("device", Text), _must("kind", Text),
    _must("status", Text), _must("detail", Text), _must("since", _TIME), _must("checked_at", _TIME),
    _must("facts", _JSON),
)  # fmt: skip

received = Table(
    "received", metadata, _key("event_id", Uuid), _must("node", Text), _must("epoch", Uuid),
    _must("series", Text), _must("seq", BigInteger), _must("received_at", _TIME),
)  # fmt: skip
ledger = Table(
    "ledger", metadata, _key("node", Text), _key("epoch", Uuid), _key("series", Text),
    _must("committed", INT8MULTIRANGE), _must("refused", INT8MULTIRANGE), _must("duplicates", BigInteger),
    _must("evicted", INT8MULTIRANGE), _must("waiting", INT8MULTIRANGE), _may("next", BigInteger),
    _may("reported_at", _TIME),
)  # fmt: skip
refusal = Table(
    "refusal", metadata, _key("node", Text), _key("epoch", Uuid), _key("series", Text),
    _key("seq", BigInteger), _must("code", Text), _must("reason", Text), _must("at", _TIME),
)  # fmt: skip
gap = Table(
    "gap", metadata, _key("event_id", Uuid), _must("node", Text), _must("epoch", Uuid),
    _must("series", Text), _must("numbers", INT8MULTIRANGE), _must("cause", Text), _may("first_at", _TIME),
    _may("last_at", _TIME), _must("readings", BigInteger), _must("at", _TIME),
)  # fmt: skip
trace = Table(
    "trace", metadata, Column("id", Integer, Identity(always=True), primary_key=True), _must("node", Text),
    _must("point", Text), _must("device", Text), _must("zone", Text), _must("quantity", Text),
    _must("unit", Text), _may("last_at", _TIME), _may("last_value", Double),
)  # fmt: skip
sample = Table(
    "sample", metadata, _key("trace", Integer), _key("at", _TIME), _must("value", Double),
    _must("sound", Boolean),
)  # fmt: skip
sample_mark = Table("sample_mark", metadata, _key("trace", Integer), _key("hour", _TIME))
_ROLLED = ("low", "total", "high", "last")
sample_minute, sample_hour = (
    Table(
        name, metadata, _key("trace", Integer), _key("at", _TIME), _must("count", BigInteger),
        *(_must(column, Double) for column in _ROLLED),
    )
    for name in ("sample_minute", "sample_hour")
)  # fmt: skip
telemetry_journal = Table(
    "telemetry_journal", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    _must("at", _TIME), _must("lines", LargeBinary),
)  # fmt: skip
telemetry_server = Table("telemetry_server", metadata, _key("single", Boolean), _must("started", Text))

incident_number = Sequence("incident_number", metadata=metadata)
incident = Table(
    "incident", metadata, _key("id", Uuid), _must("number", Text), _must("place", Text),
    _must("event_class", Text), _must("state", Text), _may("suspended_from", Text), _must("version", Integer),
    _must("severity", SmallInteger), _must("point", Text), _may("grid", Text), _may("community", Text),
    _must("opened_at", _TIME), _must("updated_at", _TIME), _may("seen_gone_at", _TIME),
    _may("closed_at", _TIME), _may("planned_version", Integer), _may("area_version", Integer),
)  # fmt: skip
incident_event = Table(
    "incident_event", metadata, _key("incident_id", Uuid), _key("version", Integer), _must("at", _TIME),
    _must("actor_kind", Text), _must("actor_name", Text), _must("action", Text), _may("from_state", Text),
    _must("to_state", Text), _must("cause", Text), _may("reason", Text),
)  # fmt: skip
alarm = Table(
    "alarm", metadata, _key("id", Uuid), _must("incident_id", Uuid), _must("version", Integer),
    _must("rev", BigInteger), _must("state", Text), _must("node", Text), _must("point", Text),
    _must("device", Text), _may("zone", Text), _must("rule", Text), _must("place", Text),
    _must("event_class", Text), _must("label", Text), _must("score", Double), _must("severity", Text),
    _must("since", _TIME), _must("at_least", Boolean), _may("box", _JSON), _may("outline", _JSON),
    _may("count", BigInteger), _may("count_error", BigInteger), _must("suspected", Boolean),
    _may("measured", _JSON), _may("reopens", Uuid), _may("ended", Text), _must("opened_at", _TIME),
    _must("changed_at", _TIME), _may("cleared_at", _TIME), _must("received_at", _TIME), _must("hints", _JSON),
    _may("no_clip", Text),
    _may("verdict", Text), _may("acknowledged_at", _TIME), _may("acknowledged_by", Text),
    _may("shelved_until", _TIME), _may("shelved_by", Text), _may("shelved_reason", Text),
    _may("inhibited_since", _TIME), _must("history", Boolean), _must("parts", _JSON),
)  # fmt: skip
alarm_part = Table("alarm_part", metadata, _key("part", Uuid), _key("joined", Uuid))
evidence = Table(
    "evidence", metadata, _key("id", Uuid), _must("condition_id", Uuid), _must("kind", Text),
    _must("camera", Text), _must("captured_at", _TIME), _must("sha256", Text), _must("size", BigInteger),
    _must("width", BigInteger), _must("height", BigInteger), _must("media_type", Text), _may("codec", Text),
    _may("seconds", Double),
)  # fmt: skip
evidence_lost = Table(
    "evidence_lost", metadata, _key("condition_id", Uuid), _key("kind", Text), _must("cause", Text)
)

person = Table(
    "person", metadata, _key("id", Uuid), _must("username", Text), _must("name", _JSON),
    _must("roles", ARRAY(Text)), _must("password_hash", Text), _must("created_at", _TIME),
)  # fmt: skip
session = Table(
    "session", metadata, _key("token_hash", LargeBinary), _must("person_id", Uuid),
    _must("created_at", _TIME), _must("expires_at", _TIME),
)  # fmt: skip
login_failure = Table(
    "login_failure", metadata, _must("username", Text), _must("address", Text), _must("at", _TIME)
)

outbox = Table(
    "outbox", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("xid", Xid8, nullable=False), Column("at", _TIME, nullable=False), _must("kind", Text),
    _must("subject", Text),
)  # fmt: skip
outbox_floor = Table(
    "outbox_floor", metadata, _key("single", Boolean), _must("xid", Xid8), _must("id", BigInteger)
)
command = Table(
    "command", metadata, _key("id", Uuid), _must("node", Text), _must("kind", Text), _must("body", _JSON),
    _may("incident_id", Uuid), _must("asked_by", Text), _may("request_key", Text), _must("created_at", _TIME),
    _must("expires_at", _TIME), _must("state", Text), _may("sent_at", _TIME), _may("answer", _JSON),
    _may("answered_at", _TIME),
)  # fmt: skip
site_text = Table(
    "site_text", metadata, _key("single", Boolean), _must("version", Integer), _must("digest", Text),
    _must("text", Text),
)  # fmt: skip
site_change = Table(
    "site_change", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True),
    _must("at", _TIME), _must("version", Integer), _must("digest", Text), _must("actor_kind", Text),
    _must("actor_name", Text),
)  # fmt: skip
deadline = Table(
    "deadline", metadata, _key("key", Text), _must("kind", Text), _may("incident_id", Uuid),
    _must("due_at", _TIME), _must("look_at", _TIME), _must("attempts", Integer), _must("detail", _JSON),
)  # fmt: skip
deadline_event = Table(
    "deadline_event", metadata, _key("key", Text), _key("due_at", _TIME), _must("kind", Text),
    _may("incident_id", Uuid), _must("fired_at", _TIME), _must("detail", _JSON),
)  # fmt: skip
deadline_policy = Table("deadline_policy", metadata, _key("single", Boolean), _must("digest", Text))
