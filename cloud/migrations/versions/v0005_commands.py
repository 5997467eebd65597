"""Commands for nodes, and the site as it travels to them."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE command (
    id uuid PRIMARY KEY,
    node text NOT NULL,
    kind text NOT NULL,
    body jsonb NOT NULL,
    incident_id uuid REFERENCES incident (id),
    asked_by text NOT NULL,
    request_key text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'sent', 'answered', 'failed', 'expired')),
    sent_at timestamptz,
    answer jsonb,
    answered_at timestamptz
);
CREATE UNIQUE INDEX command_once_per_key ON command (node, asked_by, request_key);
CREATE INDEX command_live_idx ON command (node, id) WHERE state IN ('queued', 'sent');
CREATE INDEX command_node_idx ON command (node, id);
CREATE INDEX command_incident_idx ON command (incident_id) WHERE incident_id IS NOT NULL;
CREATE TABLE site_text (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version integer NOT NULL,
    digest text NOT NULL,
    text text NOT NULL
)
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in _UP.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE command, site_text")
