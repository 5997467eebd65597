"""Places and public assets with their changes; whose each camera is; projects behind the wall."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_UP = (
    (
        "ALTER TABLE project_task ADD COLUMN words text, ADD COLUMN photos text[] NOT NULL DEFAULT '{}',"
        " ADD CONSTRAINT project_task_done_by_somebody CHECK (done_at IS NULL OR claimed_by IS NOT NULL)"
    ),
    (
        "CREATE TABLE asset (id uuid PRIMARY KEY, code text NOT NULL UNIQUE, asset_class text NOT NULL,"
        " name text, lon double precision NOT NULL, lat double precision NOT NULL, point text, grid text,"
        " community text, area_version integer, state text NOT NULL"
        " CHECK (state IN ('intact', 'damaged', 'missing', 'abandoned', 'removed')),"
        " keeper text, address text, version integer NOT NULL, updated_at timestamptz NOT NULL)"
    ),
    "CREATE INDEX asset_at ON asset (lat, lon)",
    "CREATE INDEX asset_of_grid ON asset (grid, asset_class)",
    "CREATE INDEX asset_of_point ON asset (point) WHERE point IS NOT NULL",
    (
        "CREATE TABLE asset_change (asset_id uuid NOT NULL REFERENCES asset, version integer NOT NULL,"
        " at timestamptz NOT NULL, action text NOT NULL CHECK (action IN ('added', 'changed', 'moved')),"
        " actor_kind text NOT NULL, actor_name text NOT NULL, data jsonb NOT NULL,"
        " PRIMARY KEY (asset_id, version))"
    ),
    "CREATE INDEX asset_change_at ON asset_change (at)",
    (
        "CREATE TRIGGER asset_change_is_append_only BEFORE UPDATE OR DELETE ON asset_change"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    ),
    (
        "CREATE TABLE asset_case (asset_id uuid NOT NULL REFERENCES asset,"
        " incident_id uuid NOT NULL REFERENCES incident, linked_at timestamptz NOT NULL,"
        " linked_by text NOT NULL, PRIMARY KEY (asset_id, incident_id))"
    ),
    "CREATE INDEX asset_case_of_incident ON asset_case (incident_id)",
    (
        "ALTER TABLE device ADD COLUMN owner text, ADD COLUMN purpose text, ADD COLUMN signage boolean,"
        " ADD COLUMN watches boolean"
    ),
    # the same site file is taken over once more, with whose its cameras are
    "UPDATE site SET digest = ''",
)
# sub-selects, so that a setting is read once a statement and not once a row
_AREAS = "(SELECT string_to_array(current_setting('gridwatch.areas', true), E'\\n'))::text[]"
_WHOLE = "(SELECT current_setting('gridwatch.areas', true) = '*')"
_SEEN = {
    "project": (
        f"grid = ANY ({_AREAS}) OR community = ANY ({_AREAS})"
        " OR EXISTS (SELECT FROM project_case WHERE project_case.project_id = project.id)"
    ),
    "project_task": "EXISTS (SELECT FROM project WHERE project.id = project_id)",
    "asset_case": "EXISTS (SELECT FROM incident WHERE incident.id = incident_id)",
}
"""Table -> what of it is in scope. The policies of the tables that it asks hold there too."""


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
    """Drop them; the logs of cases still tell what was done."""
    for table in ("project_task", "project"):
        op.execute(f"DROP POLICY in_scope ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP TABLE asset_case, asset_change, asset")
    op.execute(
        "ALTER TABLE project_task DROP COLUMN words, DROP COLUMN photos,"
        " DROP CONSTRAINT project_task_done_by_somebody"
    )
    op.execute(
        "ALTER TABLE device DROP COLUMN owner, DROP COLUMN purpose, DROP COLUMN signage, DROP COLUMN watches"
    )
