"""The wall around marks of cases; a report's sender is named by id, where parties are named by user name."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_AREAS = "(SELECT string_to_array(current_setting('gridwatch.areas', true), E'\\n'))::text[]"
_MINE = "(SELECT string_to_array(current_setting('gridwatch.parties', true), E'\\n'))::text[]"
_WHOLE = "(SELECT current_setting('gridwatch.areas', true) = '*')"
_HANGS = "EXISTS (SELECT FROM incident WHERE incident.id = incident_id)"
_SENT = f"(SELECT 'person:' || id FROM person WHERE 'person:' || username = ANY ({_MINE}))"  # noqa: S608  constants


def _report(mine: str) -> str:
    return (
        f"{_WHOLE} OR grid = ANY ({_AREAS}) OR community = ANY ({_AREAS}) OR {mine}"
        f" OR (incident_id IS NOT NULL AND {_HANGS})"
    )


_MARKS = ("case_mark", "case_marked")


def upgrade() -> None:
    """As in the migration that built the walls."""
    for table in _MARKS:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY in_scope ON {table} TO gridwatch_person"
            f" USING ({_WHOLE} OR {_HANGS}) WITH CHECK (true)"
        )
    op.execute(f"ALTER POLICY in_scope ON report USING ({_report(f'sender IN {_SENT}')})")


def downgrade() -> None:
    """As before."""
    before = f"'person:' || sender = ANY ({_MINE})"
    op.execute(f"ALTER POLICY in_scope ON report USING ({_report(before)})")
    for table in _MARKS:
        op.execute(f"DROP POLICY in_scope ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
