"""Privacy: who looked at originals, what was deleted and why, positions of workers on shift."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_UP = (
    (
        "CREATE TABLE original_view (username text NOT NULL, sha256 text NOT NULL, reason text NOT NULL,"
        " hour timestamptz NOT NULL, first_at timestamptz NOT NULL,"
        " PRIMARY KEY (username, sha256, reason, hour))"
    ),
    "CREATE INDEX original_view_newest ON original_view (first_at DESC)",
    "CREATE INDEX original_view_of_picture ON original_view (sha256)",
    (
        "CREATE TABLE deletion (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL,"
        " batch uuid NOT NULL, what text NOT NULL, subject text NOT NULL, count bigint NOT NULL,"
        " size bigint NOT NULL, actor_kind text NOT NULL, actor_name text NOT NULL, why text NOT NULL)"
    ),
    "CREATE INDEX deletion_of_subject ON deletion (subject)",
    *(
        f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in ("original_view", "deletion")
    ),
    (
        "CREATE TABLE worker_position (username text NOT NULL, at timestamptz NOT NULL,"
        " lon double precision NOT NULL, lat double precision NOT NULL, accuracy_m double precision,"
        " received_at timestamptz NOT NULL, PRIMARY KEY (username, at))"
    ),
    "CREATE INDEX worker_position_oldest ON worker_position (at)",
    "CREATE INDEX evidence_sha256 ON evidence (sha256)",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; what was deleted stays so."""
    op.execute("DROP INDEX evidence_sha256")
    op.execute("DROP TABLE worker_position, deletion, original_view")
