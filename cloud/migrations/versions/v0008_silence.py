"""Silent nodes: their event class, and alarms that are inhibited while their node is silent."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CLASS = """
    INSERT INTO event_class (code, name, severity, position, active)
    VALUES ('90-02-089', jsonb_build_object('zh', '边缘节点失联', 'en', 'Edge node silent'),
            'high', 9999, false)
    ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Add the column, and the class unless the site has it."""
    op.execute("ALTER TABLE alarm ADD COLUMN inhibited_since timestamptz")
    op.execute(CLASS)


def downgrade() -> None:
    """Drop the column; incidents keep the name of their class."""
    op.execute("ALTER TABLE alarm DROP COLUMN inhibited_since")
