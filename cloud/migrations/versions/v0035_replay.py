"""An index for the cases that were open at a moment of the past."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of closed ones by when; the open ones have an index of their own."""
    op.execute("CREATE INDEX incident_closed ON incident (closed_at) WHERE closed_at IS NOT NULL")


def downgrade() -> None:
    """Without it."""
    op.execute("DROP INDEX incident_closed")
