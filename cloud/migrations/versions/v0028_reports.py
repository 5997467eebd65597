"""Marks of cases for the indices, reports as they were made, notes of grids."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_UP = (
    (
        "CREATE TABLE case_mark (incident_id uuid NOT NULL REFERENCES incident, code text NOT NULL,"
        " n smallint NOT NULL, at timestamptz NOT NULL, hit boolean NOT NULL, version integer NOT NULL,"
        " value integer, person text, organisation text, PRIMARY KEY (incident_id, code, n))"
    ),
    "CREATE INDEX case_mark_at ON case_mark (at)",
    ("CREATE TABLE case_marked (incident_id uuid PRIMARY KEY REFERENCES incident, version integer NOT NULL)"),
    (
        "CREATE TABLE period_report (kind text NOT NULL, period text NOT NULL, begins timestamptz NOT NULL,"
        " ends timestamptz NOT NULL, made_at timestamptz NOT NULL, body text NOT NULL,"
        " PRIMARY KEY (kind, period))"
    ),
    (
        "CREATE TABLE grid_note (id uuid PRIMARY KEY, grid text NOT NULL, at timestamptz NOT NULL,"
        " person text NOT NULL, words text NOT NULL)"
    ),
    "CREATE INDEX grid_note_of ON grid_note (grid, at)",
    "CREATE INDEX incident_event_at ON incident_event (at)",
    *(
        f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in ("period_report", "grid_note")
    ),
)


def upgrade() -> None:
    """Make the tables; marks are worked out of the logs once the cloud runs."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; reports and notes of grids are forgotten."""
    op.execute("DROP INDEX incident_event_at")
    for table in ("grid_note", "period_report", "case_marked", "case_mark"):
        op.execute(f"DROP TABLE {table}")
