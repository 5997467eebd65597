"""Cases of any source: an incident may have no alarm; what its log's lines carry beside a reason."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_UP = """
ALTER TABLE incident
    ALTER COLUMN point DROP NOT NULL,
    ADD COLUMN source text NOT NULL DEFAULT 'edge'
        CHECK (source IN ('edge', 'worker', 'citizen', 'hotline', 'manual', 'open311')),
    ADD COLUMN level text NOT NULL DEFAULT 'grid' CHECK (level IN ('grid', 'community', 'street')),
    ADD COLUMN handler text,
    ADD COLUMN organisation text,
    ADD COLUMN description text,
    ADD COLUMN lon double precision,
    ADD COLUMN lat double precision,
    ADD COLUMN reported_class text,
    ADD COLUMN pending text[] NOT NULL DEFAULT '{}',
    ADD COLUMN merged_into uuid REFERENCES incident,
    ADD COLUMN duplicate_of uuid REFERENCES incident,
    ADD COLUMN recurrence_of uuid REFERENCES incident;
CREATE INDEX incident_handler ON incident (handler) WHERE handler IS NOT NULL;
CREATE INDEX incident_merged ON incident (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX incident_duplicate ON incident (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX incident_recurrence ON incident (recurrence_of) WHERE recurrence_of IS NOT NULL;
ALTER TABLE incident_event ADD COLUMN detail jsonb NOT NULL DEFAULT '{}'
"""
_DOWN = """
ALTER TABLE incident_event DROP COLUMN detail;
UPDATE incident SET point = place WHERE point IS NULL;
ALTER TABLE incident
    ALTER COLUMN point SET NOT NULL,
    DROP COLUMN source, DROP COLUMN level, DROP COLUMN handler, DROP COLUMN organisation,
    DROP COLUMN description, DROP COLUMN lon, DROP COLUMN lat, DROP COLUMN reported_class,
    DROP COLUMN pending, DROP COLUMN merged_into, DROP COLUMN duplicate_of, DROP COLUMN recurrence_of
"""


def upgrade() -> None:
    """Add the columns; every incident so far came from an edge node."""
    for statement in _UP.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them; a case without a point gets its place for one."""
    for statement in _DOWN.split(";"):
        op.execute(statement)
