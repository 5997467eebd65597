"""Policies: documents of several kinds, each with all its versions, and the file last seen of each kind."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_UP = (
    (
        "CREATE TABLE policy (kind text NOT NULL, version integer NOT NULL, at timestamptz NOT NULL,"
        " source text NOT NULL CHECK (source IN ('file', 'person')), actor_kind text NOT NULL,"
        " actor_name text NOT NULL, body jsonb NOT NULL, PRIMARY KEY (kind, version))"
    ),
    (
        "CREATE TRIGGER policy_is_append_only BEFORE UPDATE OR DELETE ON policy"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    ),
    (
        "CREATE TABLE policy_file (kind text PRIMARY KEY, digest text NOT NULL, seen_at timestamptz NOT NULL,"
        " body jsonb NOT NULL, waiting boolean NOT NULL)"
    ),
)


def upgrade() -> None:
    """Add them; the files beside the site file are taken over at the next start."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; what administrators wrote is lost, the files are read at start as before."""
    op.execute("DROP TABLE policy_file")
    op.execute("DROP TABLE policy")
