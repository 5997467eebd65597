"""Recurring inspections."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_UP = (
    (
        "CREATE TABLE inspection (id uuid PRIMARY KEY, task text NOT NULL, target text NOT NULL,"
        " day date NOT NULL, body jsonb NOT NULL, begins_at timestamptz NOT NULL,"
        " due_at timestamptz NOT NULL, grid text, community text, point text, lon double precision,"
        " lat double precision, state text NOT NULL CHECK (state IN ('planned', 'missed', 'done')),"
        " version integer NOT NULL, missed_at timestamptz, done_at timestamptz, done_by text, answers jsonb,"
        " faulty boolean NOT NULL, UNIQUE (task, target, day),"
        " CHECK (due_at > begins_at), CHECK ((state = 'done') = (done_at IS NOT NULL)))"
    ),
    "CREATE INDEX inspection_due ON inspection (due_at)",
    (
        "CREATE TABLE inspection_case (inspection_id uuid NOT NULL REFERENCES inspection,"
        " incident_id uuid NOT NULL REFERENCES incident, PRIMARY KEY (inspection_id, incident_id))"
    ),
    "CREATE INDEX inspection_case_of_incident ON inspection_case (incident_id)",
    "CREATE TABLE inspection_plan (task text PRIMARY KEY, through date NOT NULL)",
)
# sub-selects, so that a setting is read once a statement and not once a row
_AREAS = "(SELECT string_to_array(current_setting('gridwatch.areas', true), E'\\n'))::text[]"
_WHOLE = "(SELECT current_setting('gridwatch.areas', true) = '*')"
_SEEN = {
    "inspection": f"grid = ANY ({_AREAS}) OR community = ANY ({_AREAS})",
    "inspection_case": "EXISTS (SELECT FROM inspection WHERE inspection.id = inspection_id)",
}


def upgrade() -> None:
    """Make the tables, and say what of them is in scope."""
    for statement in _UP:
        op.execute(statement)
    for table, seen in _SEEN.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY in_scope ON {table} TO gridwatch_person"
            f" USING ({_WHOLE} OR {seen}) WITH CHECK (true)"
        )


def downgrade() -> None:
    """Drop them; cases that inspections opened stay."""
    op.execute("DROP TABLE inspection_case, inspection_plan, inspection")
    op.execute("DELETE FROM deadline WHERE kind = 'inspection'")
