"""Markets with their security offices and joint-defence groups."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE market (
    id text PRIMARY KEY,
    body jsonb NOT NULL,
    taken_at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_name text NOT NULL
)
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE market")
