"""Who brought which version of the site, and when."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE site_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    actor_kind text NOT NULL,
    actor_name text NOT NULL
);
CREATE TRIGGER site_change_is_append_only BEFORE UPDATE OR DELETE ON site_change
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Make the table."""
    for statement in _UP.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE site_change")
