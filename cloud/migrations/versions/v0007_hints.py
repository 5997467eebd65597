"""What a camera itself says of an alarm, and why an alarm has no clip."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of older alarms no camera said anything."""
    op.execute("ALTER TABLE alarm ADD COLUMN hints jsonb NOT NULL DEFAULT '[]', ADD COLUMN no_clip text")


def downgrade() -> None:
    """Drop them."""
    op.execute("ALTER TABLE alarm DROP COLUMN hints, DROP COLUMN no_clip")
