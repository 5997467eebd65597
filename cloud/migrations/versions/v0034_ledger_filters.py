"""The ledger's filters, each with an index in the ledger's order."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_NEWEST = "opened_at DESC, id DESC"
_INDEXES = {
    "incident_class_newest_first": f"(event_class, {_NEWEST})",
    "incident_grid_newest_first": f"(grid, {_NEWEST}) WHERE grid IS NOT NULL",
    "incident_community_newest_first": f"(community, {_NEWEST}) WHERE community IS NOT NULL",
    "incident_source_newest_first": f"(source, {_NEWEST})",
    "incident_organisation_newest_first": f"(organisation, {_NEWEST}) WHERE organisation IS NOT NULL",
    "incident_number_begins": '(number COLLATE "C")',
}


def upgrade() -> None:
    """One a filter; severities and groups of classes are many: the list newest first finds them soon."""
    for name, columns in _INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON incident {columns}")


def downgrade() -> None:
    """As before."""
    op.execute(f"DROP INDEX {', '.join(_INDEXES)}")
