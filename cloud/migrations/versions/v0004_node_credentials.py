"""Credentials of nodes with their history, enrolment codes, and which node may speak of which place."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE node_credential (
    token_hash bytea PRIMARY KEY,
    node text NOT NULL REFERENCES node (id),
    origin text NOT NULL,
    made_at timestamptz NOT NULL,
    confirmed boolean NOT NULL,
    ends_at timestamptz,
    revoked boolean NOT NULL
);
CREATE INDEX node_credential_node_idx ON node_credential (node);
INSERT INTO node_credential (token_hash, node, origin, made_at, confirmed, revoked)
    SELECT token_hash, id, 'file', now(), true, false FROM node WHERE token_hash IS NOT NULL;
ALTER TABLE node DROP COLUMN token_hash;
CREATE TABLE node_code (
    node text PRIMARY KEY REFERENCES node (id),
    code_hash bytea NOT NULL UNIQUE,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_for bytea
);
CREATE TABLE node_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    node text NOT NULL,
    action text NOT NULL,
    actor_kind text NOT NULL,
    actor_name text NOT NULL,
    detail text NOT NULL
);
CREATE INDEX node_event_node_idx ON node_event (node, id);
CREATE TRIGGER node_event_is_append_only BEFORE UPDATE OR DELETE ON node_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE place (
    id text NOT NULL,
    node text NOT NULL,
    PRIMARY KEY (id, node)
);
UPDATE site SET digest = ''
"""
"""The site's digest is forgotten so that the same file is taken over once more, with its places."""

_DOWN = """
ALTER TABLE node ADD COLUMN token_hash bytea UNIQUE;
UPDATE node SET token_hash = (
    SELECT token_hash FROM node_credential AS c
    WHERE c.node = node.id AND c.confirmed AND NOT c.revoked AND c.ends_at IS NULL
    ORDER BY made_at DESC LIMIT 1);
DROP TABLE place, node_event, node_code, node_credential
"""


def upgrade() -> None:
    """Make the tables; the tokens of before go on being valid."""
    for statement in _UP.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them; each node keeps its newest token."""
    for statement in _DOWN.split(";\n"):
        op.execute(statement)
