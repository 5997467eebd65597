"""Lists of what is open, and of what is in one state, among a million others."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_WORST_FIRST = "CREATE INDEX incident_worst_first ON incident (severity, opened_at DESC, id DESC)"
_OPEN = (
    "('detected', 'verifying', 'accepted', 'filed', 'dispatched', 'in_progress', 'resolved', 'checking',"
    " 'suspended')"
)


def upgrade() -> None:
    """The worst first are only ever the open ones; with all in the index, they are sought among the ended."""
    op.execute("DROP INDEX incident_worst_first")
    op.execute(f"{_WORST_FIRST} WHERE state IN {_OPEN}")
    op.execute("CREATE INDEX incident_state_newest_first ON incident (state, opened_at DESC, id DESC)")


def downgrade() -> None:
    """As before."""
    op.execute("DROP INDEX incident_state_newest_first")
    op.execute("DROP INDEX incident_worst_first")
    op.execute(_WORST_FIRST)
