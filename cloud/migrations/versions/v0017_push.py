"""Notices with their attempts and receipts; webhooks with their feed and deliveries."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE push_notice (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    incident_id uuid REFERENCES incident (id),
    opened_version integer,
    severity smallint NOT NULL,
    targets jsonb NOT NULL,
    words jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    ladder text,
    ended_at timestamptz,
    ended_by text,
    look_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX push_notice_once_per_opening ON push_notice (incident_id, opened_version)
    WHERE opened_version IS NOT NULL;
CREATE INDEX push_notice_of_incident ON push_notice (incident_id);
CREATE INDEX push_notice_next ON push_notice (look_at) WHERE ended_at IS NULL;
CREATE INDEX push_notice_ended ON push_notice (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX incident_open_updated ON incident (updated_at) WHERE closed_at IS NULL;
CREATE TABLE push_attempt (
    id uuid PRIMARY KEY,
    notice_id uuid NOT NULL REFERENCES push_notice (id) ON DELETE CASCADE,
    rung integer NOT NULL,
    rung_name text NOT NULL,
    channel text NOT NULL,
    lane text NOT NULL,
    recipients jsonb NOT NULL,
    severity smallint NOT NULL,
    began_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'dropped')),
    tries integer NOT NULL,
    message_id uuid,
    sent_at timestamptz,
    lease_until timestamptz,
    settled_at timestamptz,
    answer text
);
CREATE INDEX push_attempt_of_notice ON push_attempt (notice_id);
CREATE INDEX push_attempt_queued ON push_attempt (lane) WHERE state = 'queued';
CREATE INDEX push_attempt_leased ON push_attempt (lease_until) WHERE state = 'sending';
CREATE INDEX push_attempt_lane ON push_attempt (lane, sent_at);
CREATE TABLE push_receipt (
    notice_id uuid NOT NULL REFERENCES push_notice (id) ON DELETE CASCADE,
    username text NOT NULL,
    delivered_at timestamptz,
    read_at timestamptz,
    how text,
    PRIMARY KEY (notice_id, username)
);
CREATE TABLE push_link (
    token_hash bytea PRIMARY KEY,
    notice_id uuid NOT NULL REFERENCES push_notice (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX push_link_of_notice ON push_link (notice_id);
CREATE TABLE webhook_relay (
    single boolean PRIMARY KEY CHECK (single),
    xid xid8 NOT NULL,
    id bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL
);
CREATE TABLE webhook_event (
    seq bigint PRIMARY KEY,
    event_id uuid NOT NULL,
    incident_id uuid NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    areas text[] NOT NULL,
    at timestamptz NOT NULL,
    data jsonb NOT NULL
);
CREATE UNIQUE INDEX webhook_event_once_per_line ON webhook_event (incident_id, version);
CREATE INDEX webhook_event_at ON webhook_event (at);
CREATE TABLE webhook_subscription (
    id uuid PRIMARY KEY,
    address text NOT NULL,
    kinds text[] NOT NULL,
    areas text[] NOT NULL,
    generation integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    disabled_at timestamptz,
    disabled_why text,
    failing_since timestamptz
);
CREATE TABLE webhook_delivery (
    subscription_id uuid NOT NULL REFERENCES webhook_subscription (id) ON DELETE CASCADE,
    seq bigint NOT NULL REFERENCES webhook_event (seq) ON DELETE CASCADE,
    incident_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    tries integer NOT NULL,
    since timestamptz NOT NULL,
    look_at timestamptz NOT NULL,
    status integer,
    answer text,
    settled_at timestamptz,
    PRIMARY KEY (subscription_id, seq)
);
CREATE INDEX webhook_delivery_next ON webhook_delivery (look_at) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_order ON webhook_delivery (subscription_id, incident_id, seq)
    WHERE state = 'waiting';
CREATE INDEX webhook_delivery_of_event ON webhook_delivery (seq)
"""


_HEARD_OF = """
INSERT INTO push_notice
SELECT gen_random_uuid(), 'incident', i.id, max(e.version), i.severity, '[]', '{"zh": "", "en": ""}',
       i.opened_at, NULL, now(), 'upgrade', now()
FROM incident i JOIN incident_event e ON e.incident_id = i.id AND e.action IN ('open', 'reopen')
WHERE i.closed_at IS NULL GROUP BY i.id
"""

_START = "INSERT INTO webhook_relay VALUES (true, pg_snapshot_xmin(pg_current_snapshot()), 0, 0, now())"


def upgrade() -> None:
    """Make the tables. What is open now was heard of before: no ladder begins for it."""
    for statement in (*_UP.split(";\n"), _HEARD_OF, _START):
        op.execute(statement)


def downgrade() -> None:
    """Drop them; who was told what is forgotten."""
    op.execute("DROP TABLE webhook_delivery, webhook_subscription, webhook_event, webhook_relay")
    op.execute("DROP TABLE push_link, push_receipt, push_attempt, push_notice")
    op.execute("DROP INDEX incident_open_updated")
