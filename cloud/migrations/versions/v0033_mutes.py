"""Which walls were silent, why and until when: never longer than ten minutes at a time."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.execute(
        "CREATE TABLE mute (id uuid PRIMARY KEY, username text NOT NULL, reason text NOT NULL,"
        " since timestamptz NOT NULL, until timestamptz NOT NULL, ended_at timestamptz,"
        " CHECK (until > since AND until <= since + interval '10 minutes'))"
    )
    op.execute("CREATE INDEX mute_newest ON mute (since)")


def downgrade() -> None:
    """Drop it; who was silent is forgotten."""
    op.execute("DROP TABLE mute")
