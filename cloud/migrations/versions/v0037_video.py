"""Who looked at which camera's live picture or stills, and when last."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.execute(
        "CREATE TABLE live_view (username text NOT NULL, camera text NOT NULL,"
        " what text NOT NULL CHECK (what IN ('live', 'stills')), reason text NOT NULL,"
        " hour timestamptz NOT NULL, first_at timestamptz NOT NULL, last_at timestamptz NOT NULL,"
        " PRIMARY KEY (username, camera, what, reason, hour), CHECK (last_at >= first_at))"
    )
    op.execute("CREATE INDEX live_view_newest ON live_view (first_at)")


def downgrade() -> None:
    """Drop it; who looked is forgotten."""
    op.execute("DROP TABLE live_view")
