"""The ledger gets a name, which changes when the cloud is restored from a backup."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table with its one row."""
    op.execute(
        "CREATE TABLE install (single boolean PRIMARY KEY CHECK (single), ledger uuid NOT NULL,"
        " restored_at timestamptz)"
    )
    op.execute("INSERT INTO install (single, ledger) VALUES (true, gen_random_uuid())")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE install")
