"""Alarms aside (shelved, suppressed, out of service) need no incident; verdicts have reasons."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_UP = (
    "ALTER TABLE alarm ALTER COLUMN incident_id DROP NOT NULL",
    (
        "ALTER TABLE alarm ADD COLUMN aside text"
        " CHECK (aside IN ('shelved', 'suppressed', 'out_of_service')),"
        " ADD COLUMN aside_until timestamptz, ADD COLUMN aside_by text, ADD COLUMN aside_reason text,"
        " ADD COLUMN aside_at_opening text, ADD COLUMN verdict_reason text, ADD COLUMN verdict_class text,"
        " ADD COLUMN verdict_by text, ADD COLUMN verdict_at timestamptz"
    ),
    "ALTER TABLE alarm DROP COLUMN shelved_until, DROP COLUMN shelved_by, DROP COLUMN shelved_reason",
    "ALTER TABLE alarm DROP CONSTRAINT alarm_verdict_check",
    (
        "ALTER TABLE alarm ADD CONSTRAINT alarm_verdict_check"
        " CHECK (verdict IN ('true', 'false', 'other_class', 'unsure')),"
        " ADD CONSTRAINT alarm_aside_whole CHECK ((aside IS NULL) = (aside_until IS NULL)),"
        " ADD CONSTRAINT alarm_calls_somebody CHECK (incident_id IS NOT NULL OR aside IS NOT NULL)"
    ),
    "CREATE INDEX alarm_aside ON alarm (aside, id) WHERE aside IS NOT NULL AND state <> 'cleared'",
    (
        "CREATE INDEX alarm_judged ON alarm (opened_at)"
        " INCLUDE (device, event_class, verdict, verdict_reason, score) WHERE verdict IS NOT NULL"
    ),
    (
        "CREATE TABLE alarm_event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " alarm_id uuid NOT NULL, version integer NOT NULL, at timestamptz NOT NULL,"
        " actor_kind text NOT NULL, actor_name text NOT NULL, action text NOT NULL,"
        " from_state text NOT NULL, to_state text NOT NULL, reason text, until timestamptz)"
    ),
    "CREATE INDEX alarm_event_of_alarm ON alarm_event (alarm_id, id)",
    (
        "CREATE TRIGGER alarm_event_is_append_only BEFORE UPDATE OR DELETE ON alarm_event"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    ),
    (
        "CREATE TABLE alarm_shelf (id uuid PRIMARY KEY, place text NOT NULL, event_class text NOT NULL,"
        " severity smallint NOT NULL, since timestamptz NOT NULL, until timestamptz NOT NULL,"
        " shelved_by text NOT NULL, reason text NOT NULL, ended_at timestamptz, ended_by text)"
    ),
    "CREATE UNIQUE INDEX alarm_shelf_standing ON alarm_shelf (place, event_class) WHERE ended_at IS NULL",
    (
        "CREATE TABLE out_of_service (id uuid PRIMARY KEY, device text NOT NULL, since timestamptz NOT NULL,"
        " until timestamptz NOT NULL, taken_by text NOT NULL, reason text NOT NULL, ended_at timestamptz,"
        " ended_by text)"
    ),
    "CREATE UNIQUE INDEX out_of_service_now ON out_of_service (device) WHERE ended_at IS NULL",
    "CREATE INDEX out_of_service_of_device ON out_of_service (device, since)",
)
_DOWN = (
    "DROP TABLE out_of_service",
    "DROP TABLE alarm_shelf",
    "DROP TABLE alarm_event",
    "DELETE FROM deadline WHERE kind IN ('shelf', 'service', 'suppression')",
    "DELETE FROM alarm WHERE incident_id IS NULL",
    (
        "UPDATE alarm SET verdict = CASE verdict WHEN 'other_class' THEN 'false' END"
        " WHERE verdict IN ('other_class', 'unsure')"
    ),
    "DROP INDEX alarm_judged",
    "DROP INDEX alarm_aside",
    (
        "ALTER TABLE alarm ADD COLUMN shelved_until timestamptz, ADD COLUMN shelved_by text,"
        " ADD COLUMN shelved_reason text"
    ),
    (
        "UPDATE alarm SET shelved_until = aside_until, shelved_by = aside_by, shelved_reason = aside_reason"
        " WHERE aside = 'shelved'"
    ),
    (
        "ALTER TABLE alarm DROP CONSTRAINT alarm_verdict_check, DROP CONSTRAINT alarm_aside_whole,"
        " DROP CONSTRAINT alarm_calls_somebody"
    ),
    "ALTER TABLE alarm ADD CONSTRAINT alarm_verdict_check CHECK (verdict IN ('true', 'false'))",
    (
        "ALTER TABLE alarm DROP COLUMN aside, DROP COLUMN aside_until, DROP COLUMN aside_by,"
        " DROP COLUMN aside_reason, DROP COLUMN aside_at_opening, DROP COLUMN verdict_reason,"
        " DROP COLUMN verdict_class, DROP COLUMN verdict_by, DROP COLUMN verdict_at"
    ),
    "ALTER TABLE alarm ALTER COLUMN incident_id SET NOT NULL",
)


def upgrade() -> None:
    """Add them; nothing was ever shelved before."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; alarms that never had an incident go, `other_class` is false, `unsure` is no verdict."""
    for statement in _DOWN:
        op.execute(statement)
