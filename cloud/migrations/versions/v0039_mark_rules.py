"""What counts for the indices is another: every case is marked anew, by who asks or in the background."""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_ANEW = "UPDATE incident SET marked_version = NULL WHERE marked_version IS NOT NULL"


def upgrade() -> None:
    """By the new rules."""
    op.execute(_ANEW)


def downgrade() -> None:
    """By the ones before."""
    op.execute(_ANEW)
