"""Who looked after whom: the log of people."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_UP = (
    (
        "CREATE TABLE person_event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " at timestamptz NOT NULL, username text NOT NULL, action text NOT NULL, actor text NOT NULL,"
        " detail jsonb NOT NULL)"
    ),
    "CREATE INDEX person_event_of ON person_event (username, id)",
    (
        "CREATE TRIGGER person_event_is_append_only BEFORE UPDATE OR DELETE ON person_event"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    ),
)


def upgrade() -> None:
    """Make the table."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE person_event")
