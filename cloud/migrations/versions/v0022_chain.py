"""Every log is chained; anchors over all heads; no log can be emptied, either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from cloud.incidents import chain

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BATCH = 5000
_APPEND_ONLY = "BEFORE UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
_KEPT_WHOLE = "BEFORE TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
_TABLES = (
    "CREATE TABLE audit_anchor (number integer PRIMARY KEY, at timestamptz NOT NULL, digest bytea NOT NULL)",
    (
        "CREATE TABLE audit_head (anchor integer NOT NULL REFERENCES audit_anchor, incident_id uuid NOT NULL,"
        " version integer NOT NULL, hash bytea NOT NULL, PRIMARY KEY (anchor, incident_id))"
    ),
    "ALTER TABLE incident ADD COLUMN anchored_version integer",
    "CREATE INDEX incident_unanchored ON incident (id) WHERE anchored_version IS DISTINCT FROM version",
    (
        "CREATE INDEX incident_closed_there ON incident (place, event_class, closed_at)"
        " WHERE state IN ('closed', 'evaluated')"
    ),
)
_DOWN = (
    "DROP INDEX incident_closed_there, incident_unanchored",
    "ALTER TABLE incident DROP COLUMN anchored_version",
    "DROP TABLE audit_head, audit_anchor",
    "DROP TRIGGER incident_event_is_kept_whole ON incident_event",
    "ALTER TABLE incident_event DROP COLUMN hash",
)


def upgrade() -> None:
    """Chain the lines that are there, by the same rule as new ones; then refuse lines without a hash."""
    op.execute("ALTER TABLE incident_event ADD COLUMN hash bytea")
    op.execute("ALTER TABLE incident_event DISABLE TRIGGER incident_event_is_append_only")
    mine = "incident_id = :incident_id AND version = :version"
    write = sa.text(f"UPDATE incident_event SET hash = :hash WHERE {mine}")  # noqa: S608
    for some in _chained():
        op.get_bind().execute(write, some)
    op.execute("ALTER TABLE incident_event ENABLE TRIGGER incident_event_is_append_only")
    op.execute("ALTER TABLE incident_event ALTER COLUMN hash SET NOT NULL")
    for statement in _TABLES:
        op.execute(statement)
    for table in ("incident_event", "audit_anchor", "audit_head"):
        op.execute(f"CREATE TRIGGER {table}_is_kept_whole {_KEPT_WHOLE.format(table)}")
    for table in ("audit_anchor", "audit_head"):
        op.execute(f"CREATE TRIGGER {table}_is_append_only {_APPEND_ONLY.format(table)}")


def downgrade() -> None:
    """The logs stay, without their hashes."""
    for statement in _DOWN:
        op.execute(statement)


def _chained() -> Iterator[list[dict[str, Any]]]:
    """Each line with its hash, in the order of the chain; in pieces, for a site may have millions."""
    case, version, previous = None, 0, b""
    while True:
        where = "WHERE (incident_id, version) > (:case, :version)" if case else ""
        order = f"ORDER BY incident_id, version LIMIT {BATCH}"
        read = sa.text(f"SELECT * FROM incident_event {where} {order}")  # noqa: S608
        given: dict[str, Any] = {"case": case, "version": version} if case else {}
        rows = op.get_bind().execute(read, given).mappings().all()
        if not rows:
            return
        some = []
        for row in rows:
            previous = chain.line_hash({**row}, previous if row["incident_id"] == case else None)
            case, version = row["incident_id"], row["version"]
            some.append({"incident_id": case, "version": version, "hash": previous})
        yield some
