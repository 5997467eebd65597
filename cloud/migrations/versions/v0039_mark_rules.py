"""What counts for the indices is another: every case is marked anew, by who asks or in the background."""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_ANEW = (
    "ALTER TABLE incident DROP COLUMN marked_version",
    "ALTER TABLE incident ADD COLUMN marked_version integer",
    "CREATE INDEX incident_unmarked ON incident (id) WHERE marked_version IS DISTINCT FROM version",
)
"""An empty column comes at once; to empty it, row by row, holds the start up for minutes after a year."""


def upgrade() -> None:
    """By the new rules."""
    for statement in _ANEW:
        op.execute(statement)


def downgrade() -> None:
    """By the ones before."""
    for statement in _ANEW:
        op.execute(statement)
