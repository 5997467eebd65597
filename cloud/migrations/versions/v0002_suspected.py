"""What is only suspected, counts that are estimates, and alarms that ended with their rule."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; older alarms were counted one by one, and nothing was called suspected."""
    op.execute("ALTER TABLE alarm ADD COLUMN suspected boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE alarm ADD COLUMN count_error bigint")
    op.execute("ALTER TABLE alarm ADD COLUMN ended text")


def downgrade() -> None:
    """Drop them."""
    op.execute("ALTER TABLE alarm DROP COLUMN suspected, DROP COLUMN count_error, DROP COLUMN ended")
