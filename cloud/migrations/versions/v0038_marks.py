"""Cases whose marks are behind are found by an index, not by comparing two tables of a million rows."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_WHOLE = "(SELECT current_setting('gridwatch.areas', true) = '*')"
_HANGS = "EXISTS (SELECT FROM incident WHERE incident.id = incident_id)"
_UP = (
    "ALTER TABLE incident ADD COLUMN marked_version integer",
    (
        "UPDATE incident SET marked_version = case_marked.version FROM case_marked"
        " WHERE case_marked.incident_id = incident.id"
    ),
    "CREATE INDEX incident_unmarked ON incident (id) WHERE marked_version IS DISTINCT FROM version",
    "DROP TABLE case_marked",
)
_DOWN = (
    "CREATE TABLE case_marked (incident_id uuid PRIMARY KEY REFERENCES incident, version integer NOT NULL)",
    ("INSERT INTO case_marked SELECT id, marked_version FROM incident WHERE marked_version IS NOT NULL"),
    "ALTER TABLE case_marked ENABLE ROW LEVEL SECURITY",
    (
        "CREATE POLICY in_scope ON case_marked TO gridwatch_person"
        f" USING ({_WHOLE} OR {_HANGS}) WITH CHECK (true)"
    ),
    "DROP INDEX incident_unmarked",
    "ALTER TABLE incident DROP COLUMN marked_version",
)


def upgrade() -> None:
    """Beside each case, the version that its marks are of."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """As before."""
    for statement in _DOWN:
        op.execute(statement)
