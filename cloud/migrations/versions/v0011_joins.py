"""What a joined alarm is made of; which alarms of several places the site makes one incident."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_UP = (
    "ALTER TABLE alarm ADD COLUMN parts jsonb NOT NULL DEFAULT '[]'",
    "ALTER TABLE site ADD COLUMN incident_joins jsonb NOT NULL DEFAULT '[]'",
    "CREATE TABLE alarm_part (part uuid NOT NULL, joined uuid NOT NULL, PRIMARY KEY (part, joined))",
    "CREATE INDEX alarm_place_idx ON alarm (place, event_class)",
    "CREATE INDEX alarm_class_since_idx ON alarm (event_class, since)",
)


def upgrade() -> None:
    """Add them, with the indexes by which a new alarm finds what it joins."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; alarms that share an incident go on doing so."""
    op.execute("DROP INDEX alarm_class_since_idx")
    op.execute("DROP INDEX alarm_place_idx")
    op.execute("DROP TABLE alarm_part")
    op.execute("ALTER TABLE site DROP COLUMN incident_joins")
    op.execute("ALTER TABLE alarm DROP COLUMN parts")
