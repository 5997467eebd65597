"""The first tables.

The states in the partial unique index are those that `cloud.incidents.transitions` calls open; a test
compares the two.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE site (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version integer NOT NULL,
    digest text NOT NULL,
    name jsonb NOT NULL,
    timezone text NOT NULL,
    imported_at timestamptz NOT NULL
);
CREATE TABLE area (
    id text PRIMARY KEY,
    level text NOT NULL,
    parent text,
    code text,
    name jsonb NOT NULL,
    households integer,
    rings jsonb NOT NULL,
    position integer NOT NULL,
    active boolean NOT NULL
);
CREATE TABLE event_class (
    code text PRIMARY KEY,
    name jsonb NOT NULL,
    severity text NOT NULL,
    position integer NOT NULL,
    active boolean NOT NULL
);
CREATE TABLE node (
    id text PRIMARY KEY,
    name jsonb NOT NULL,
    token_hash bytea UNIQUE,
    last_seen_at timestamptz,
    position integer NOT NULL,
    active boolean NOT NULL
);
CREATE TABLE point (
    id text PRIMARY KEY,
    name jsonb NOT NULL,
    node text NOT NULL,
    grid text NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    position integer NOT NULL,
    active boolean NOT NULL
);
CREATE TABLE device (
    id text PRIMARY KEY,
    kind text NOT NULL,
    point text NOT NULL,
    name jsonb NOT NULL,
    sensor_kind text,
    position integer NOT NULL,
    active boolean NOT NULL
);
CREATE TABLE device_health (
    node text NOT NULL,
    device text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    detail text NOT NULL,
    since timestamptz NOT NULL,
    checked_at timestamptz NOT NULL,
    facts jsonb NOT NULL,
    PRIMARY KEY (node, device)
);

CREATE TABLE received (
    event_id uuid PRIMARY KEY,
    node text NOT NULL,
    epoch uuid NOT NULL,
    series text NOT NULL,
    seq bigint NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE INDEX received_at_idx ON received (received_at);
CREATE TABLE ledger (
    node text NOT NULL,
    epoch uuid NOT NULL,
    series text NOT NULL,
    committed int8multirange NOT NULL,
    refused int8multirange NOT NULL,
    duplicates bigint NOT NULL,
    PRIMARY KEY (node, epoch, series)
);

CREATE SEQUENCE incident_number;
CREATE TABLE incident (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    place text NOT NULL,
    event_class text NOT NULL,
    state text NOT NULL CHECK (state IN (
        'detected', 'verifying', 'accepted', 'filed', 'dispatched', 'in_progress', 'resolved', 'checking',
        'closed', 'evaluated', 'rejected', 'void', 'false_alarm', 'suspended')),
    suspended_from text,
    version integer NOT NULL,
    severity smallint NOT NULL,
    point text NOT NULL,
    grid text,
    community text,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    seen_gone_at timestamptz,
    closed_at timestamptz
);
CREATE UNIQUE INDEX incident_one_open_per_place_and_class ON incident (place, event_class)
    WHERE state IN ('detected', 'verifying', 'accepted', 'filed', 'dispatched', 'in_progress', 'resolved',
                    'checking', 'suspended');
CREATE INDEX incident_worst_first ON incident (severity, opened_at DESC, id DESC);
CREATE INDEX incident_newest_first ON incident (opened_at DESC, id DESC);

CREATE TABLE incident_event (
    incident_id uuid NOT NULL REFERENCES incident (id),
    version integer NOT NULL,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_name text NOT NULL,
    action text NOT NULL,
    from_state text,
    to_state text NOT NULL,
    cause text NOT NULL,
    reason text,
    PRIMARY KEY (incident_id, version)
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER incident_event_is_append_only BEFORE UPDATE OR DELETE ON incident_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE alarm (
    id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incident (id),
    version integer NOT NULL,
    rev bigint NOT NULL,
    state text NOT NULL,
    node text NOT NULL,
    point text NOT NULL,
    device text NOT NULL,
    zone text,
    rule text NOT NULL,
    place text NOT NULL,
    event_class text NOT NULL,
    label text NOT NULL,
    score double precision NOT NULL,
    severity text NOT NULL,
    since timestamptz NOT NULL,
    at_least boolean NOT NULL,
    box jsonb,
    outline jsonb,
    count bigint,
    measured jsonb,
    reopens uuid,
    opened_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    cleared_at timestamptz,
    received_at timestamptz NOT NULL,
    verdict text CHECK (verdict IN ('true', 'false')),
    acknowledged_at timestamptz,
    acknowledged_by text,
    shelved_until timestamptz,
    shelved_by text,
    shelved_reason text
);
CREATE INDEX alarm_incident_idx ON alarm (incident_id);
CREATE INDEX alarm_newest_first ON alarm (opened_at DESC, id DESC);
CREATE INDEX alarm_active_newest_first ON alarm (opened_at DESC, id DESC) WHERE state <> 'cleared';

CREATE TABLE evidence (
    id uuid PRIMARY KEY,
    condition_id uuid NOT NULL,
    kind text NOT NULL,
    camera text NOT NULL,
    captured_at timestamptz NOT NULL,
    sha256 text NOT NULL,
    size bigint NOT NULL,
    width bigint NOT NULL,
    height bigint NOT NULL
);
CREATE INDEX evidence_condition_idx ON evidence (condition_id);

CREATE TABLE person (
    id uuid PRIMARY KEY,
    username text NOT NULL UNIQUE CHECK (username = lower(username)),
    name jsonb NOT NULL,
    roles text[] NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE session (
    token_hash bytea PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_expires_idx ON session (expires_at);
CREATE INDEX session_person_idx ON session (person_id);
CREATE TABLE login_failure (
    username text NOT NULL,
    address text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX login_failure_at_idx ON login_failure (at);

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text NOT NULL,
    subject text NOT NULL
);
CREATE INDEX outbox_order ON outbox (xid, id);
CREATE INDEX outbox_at_idx ON outbox (at);
CREATE TABLE outbox_floor (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    xid xid8 NOT NULL,
    id bigint NOT NULL
);
INSERT INTO outbox_floor (xid, id) VALUES ('0', 0);
"""

_DOWN = """
DROP TABLE outbox_floor, outbox, login_failure, session, person, evidence, alarm, incident_event, incident,
    ledger, received, device_health, device, point, node, event_class, area, site;
DROP SEQUENCE incident_number;
DROP FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make the tables."""
    _each(_UP)


def downgrade() -> None:
    """Drop them."""
    _each(_DOWN)


def _each(script: str) -> None:
    """Run statement by statement: asyncpg prepares each, and prepares one at a time."""
    for statement in script.split(";\n"):
        if statement.strip():
            op.execute(statement)
