"""What is due when, what fired, and for which version of an incident that was worked out."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_UP = (
    (
        "CREATE TABLE deadline (key text PRIMARY KEY, kind text NOT NULL, incident_id uuid,"
        " due_at timestamptz NOT NULL, look_at timestamptz NOT NULL, attempts integer NOT NULL,"
        " detail jsonb NOT NULL)"
    ),
    "CREATE INDEX deadline_next ON deadline (look_at)",
    "CREATE INDEX deadline_of_incident ON deadline (incident_id)",
    (
        "CREATE TABLE deadline_event (key text NOT NULL, due_at timestamptz NOT NULL, kind text NOT NULL,"
        " incident_id uuid, fired_at timestamptz NOT NULL, detail jsonb NOT NULL, PRIMARY KEY (key, due_at))"
    ),
    "CREATE INDEX deadline_event_of_incident ON deadline_event (incident_id)",
    "CREATE INDEX deadline_event_clearing ON deadline_event (due_at) WHERE kind = 'clearing'",
    (
        "CREATE TRIGGER deadline_event_is_append_only BEFORE UPDATE OR DELETE ON deadline_event"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    ),
    "CREATE TABLE deadline_policy (single boolean PRIMARY KEY CHECK (single), digest text NOT NULL)",
    "ALTER TABLE incident ADD COLUMN planned_version integer",
    "UPDATE incident SET planned_version = version WHERE closed_at IS NOT NULL",
    "CREATE INDEX incident_unplanned ON incident (id) WHERE planned_version IS DISTINCT FROM version",
)
_DOWN = (
    "DROP INDEX incident_unplanned",
    "ALTER TABLE incident DROP COLUMN planned_version",
    "DROP TABLE deadline_policy",
    "DROP TABLE deadline_event",
    "DROP TABLE deadline",
)


def upgrade() -> None:
    """Add them. What is closed has nothing due."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; the clocks can be worked out of the logs again, what fired is forgotten."""
    for statement in _DOWN:
        op.execute(statement)
