"""Departments called to cases and their ratings; projects where something happens again and again."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_UP = (
    (
        "CREATE TABLE whistle_call (id uuid PRIMARY KEY, incident_id uuid NOT NULL REFERENCES incident,"
        " organisation text NOT NULL,"
        " state text NOT NULL CHECK (state IN ('called', 'checked_in', 'reported', 'refused', 'withdrawn')),"
        " version integer NOT NULL, reason text NOT NULL, called_at timestamptz NOT NULL,"
        " called_by text NOT NULL, check_in_due timestamptz, report_due timestamptz,"
        " checked_in_at timestamptz, ended_at timestamptz, words text,"
        " check_in_late boolean NOT NULL, report_late boolean NOT NULL,"
        " CHECK ((ended_at IS NULL) = (state IN ('called', 'checked_in'))))"
    ),
    (
        "CREATE UNIQUE INDEX whistle_one_open_call ON whistle_call (incident_id, organisation)"
        " WHERE state IN ('called', 'checked_in')"
    ),
    "CREATE INDEX whistle_call_of_organisation ON whistle_call (organisation, called_at)",
    (
        "CREATE TABLE whistle_rating (incident_id uuid NOT NULL REFERENCES incident,"
        " organisation text NOT NULL, score smallint NOT NULL CHECK (score BETWEEN 1 AND 5),"
        " words text NOT NULL, community text NOT NULL, rated_by text NOT NULL,"
        " rated_at timestamptz NOT NULL, PRIMARY KEY (incident_id, organisation))"
    ),
    (
        "CREATE TABLE project (id uuid PRIMARY KEY, event_class text NOT NULL, point text NOT NULL,"
        " grid text,"
        " community text, name jsonb NOT NULL, version integer NOT NULL, opened_at timestamptz NOT NULL,"
        " closed_at timestamptz)"
    ),
    "CREATE UNIQUE INDEX project_one_open ON project (point, event_class) WHERE closed_at IS NULL",
    (
        "CREATE TABLE project_task (id uuid PRIMARY KEY, project_id uuid NOT NULL REFERENCES project,"
        " position integer NOT NULL, name jsonb NOT NULL, version integer NOT NULL, claimed_by text,"
        " claimed_at timestamptz, done_at timestamptz, UNIQUE (project_id, position),"
        " CHECK ((claimed_by IS NULL) = (claimed_at IS NULL)))"
    ),
    (
        "CREATE TABLE project_case (project_id uuid NOT NULL REFERENCES project,"
        " incident_id uuid NOT NULL REFERENCES incident, added_at timestamptz NOT NULL,"
        " PRIMARY KEY (project_id, incident_id))"
    ),
    "CREATE INDEX project_case_of_incident ON project_case (incident_id)",
    "CREATE INDEX incident_recurring ON incident (point, event_class, opened_at) WHERE point IS NOT NULL",
)
_DOWN = (
    "DROP INDEX incident_recurring",
    "DROP TABLE project_case, project_task, project, whistle_rating, whistle_call",
)


def upgrade() -> None:
    """Add them."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; the logs still tell of what was done."""
    for statement in _DOWN:
        op.execute(statement)
