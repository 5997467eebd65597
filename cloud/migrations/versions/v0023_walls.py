"""Row-level security: what is done for a person sees no case out of their scope, whatever a query forgot."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ROLE = (
    """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gridwatch_person') THEN
            CREATE ROLE gridwatch_person NOLOGIN;
        END IF;
        IF NOT pg_has_role(current_user, 'gridwatch_person', 'MEMBER') THEN
            GRANT gridwatch_person TO CURRENT_USER;
        END IF;
    EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
            RAISE EXCEPTION 'the database role gridwatch_person is missing'
            USING HINT = 'let an administrator of the database run: CREATE ROLE gridwatch_person NOLOGIN; '
                'GRANT gridwatch_person TO ' || current_user;
    END $$
    """,
    "GRANT USAGE ON SCHEMA public TO gridwatch_person",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO gridwatch_person",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO gridwatch_person",
    (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gridwatch_person"
    ),
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO gridwatch_person",
)
_PARTIES = (
    """
    CREATE FUNCTION keep_parties() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO incident_party SELECT NEW.id, party FROM unnest(ARRAY[
            'organisation:' || NEW.organisation, 'person:' || NEW.handler]) AS party
        WHERE party IS NOT NULL ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    (
        "CREATE TRIGGER incident_has_parties AFTER INSERT OR UPDATE OF organisation, handler ON incident"
        " FOR EACH ROW WHEN (NEW.organisation IS NOT NULL OR NEW.handler IS NOT NULL)"
        " EXECUTE FUNCTION keep_parties()"
    ),
    (
        "INSERT INTO incident_party SELECT id, party FROM incident, unnest(ARRAY["
        "'organisation:' || organisation, 'person:' || handler]) AS party"
        " WHERE party IS NOT NULL ON CONFLICT DO NOTHING"
    ),
    "CREATE INDEX incident_event_photos ON incident_event USING gin ((detail -> 'photos'))",
)
# sub-selects, so that a setting is read once a statement and not once a row
_AREAS = "(SELECT string_to_array(current_setting('gridwatch.areas', true), E'\\n'))::text[]"
_MINE = "(SELECT string_to_array(current_setting('gridwatch.parties', true), E'\\n'))::text[]"
_WHOLE = "(SELECT current_setting('gridwatch.areas', true) = '*')"
_PARTY = (
    "EXISTS (SELECT FROM incident_party AS party WHERE party.incident_id = {} AND party.party = ANY ("
    + _MINE
    + "))"
)
_AT = f"EXISTS (SELECT FROM point WHERE point.id = {{}} AND point.grid = ANY ({_AREAS}))"
_HANGS = "EXISTS (SELECT FROM incident WHERE incident.id = incident_id)"
_SEEN = {
    "incident": f"grid = ANY ({_AREAS}) OR community = ANY ({_AREAS}) OR {_PARTY.format('incident.id')}",
    "incident_event": _HANGS,
    "alarm": f"CASE WHEN incident_id IS NULL THEN {_AT.format('alarm.point')} ELSE {_HANGS} END",
    "alarm_event": "EXISTS (SELECT FROM alarm WHERE alarm.id = alarm_id)",
    "evidence": "EXISTS (SELECT FROM alarm WHERE alarm.id = condition_id)",
    "evidence_lost": "EXISTS (SELECT FROM alarm WHERE alarm.id = condition_id)",
    "deadline": f"incident_id IS NULL OR {_HANGS}",
    "deadline_event": f"incident_id IS NULL OR {_HANGS}",
    "whistle_call": _HANGS,
    "whistle_rating": _HANGS,
    "project_case": _HANGS,
    "push_notice": f"incident_id IS NULL OR {_HANGS}",
    "report": (
        f"grid = ANY ({_AREAS}) OR community = ANY ({_AREAS}) OR 'person:' || sender = ANY ({_MINE})"
        f" OR (incident_id IS NOT NULL AND {_HANGS})"
    ),
    "trace": _AT.format("trace.point"),
}
"""Table -> what of it is in scope. The policies of the tables that it asks hold there too."""


def upgrade() -> None:
    """Make the role, grant it what people's requests need, and say what it sees."""
    for statement in (*_ROLE, *_PARTIES):
        op.execute(statement)
    for table, seen in _SEEN.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY in_scope ON {table} TO gridwatch_person"
            f" USING ({_WHOLE} OR {seen}) WITH CHECK (true)"
        )


def downgrade() -> None:
    """Take the walls down. The role belongs to the cluster, other databases may use it: it stays."""
    for table in _SEEN:
        op.execute(f"DROP POLICY in_scope ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP INDEX incident_event_photos")
    op.execute("DROP TRIGGER incident_has_parties ON incident")
    op.execute("DROP FUNCTION keep_parties")
    op.execute("DROP OWNED BY gridwatch_person")
