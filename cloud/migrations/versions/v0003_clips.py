"""Evidence that is a clip."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; all older evidence is photos."""
    op.execute("ALTER TABLE evidence ADD COLUMN media_type text NOT NULL DEFAULT 'image/jpeg'")
    op.execute("ALTER TABLE evidence ADD COLUMN codec text")
    op.execute("ALTER TABLE evidence ADD COLUMN seconds double precision")


def downgrade() -> None:
    """Drop them, and the clips' records, which nobody could show."""
    op.execute("DELETE FROM evidence WHERE kind = 'clip'")
    op.execute("ALTER TABLE evidence DROP COLUMN media_type, DROP COLUMN codec, DROP COLUMN seconds")
