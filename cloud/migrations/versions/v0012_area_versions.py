"""The area tree in versions; the one an incident was opened in."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE area_version (
    version integer PRIMARY KEY,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz CHECK (valid_to > valid_from),
    site_version integer NOT NULL,
    actor_kind text NOT NULL,
    actor_name text NOT NULL,
    changes jsonb NOT NULL
);
CREATE UNIQUE INDEX area_version_in_force_idx ON area_version ((true)) WHERE valid_to IS NULL;
CREATE TABLE area_then (
    version integer NOT NULL REFERENCES area_version,
    id text NOT NULL,
    level text NOT NULL,
    parent text,
    code text,
    name jsonb NOT NULL,
    households integer,
    rings jsonb NOT NULL,
    position integer NOT NULL,
    PRIMARY KEY (version, id)
);
CREATE TRIGGER area_then_is_append_only BEFORE UPDATE OR DELETE ON area_then
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE incident ADD COLUMN area_version integer REFERENCES area_version;
INSERT INTO area_version
    SELECT 1, imported_at, NULL, version, 'system', 'gridwatch', '[]' FROM site
    WHERE EXISTS (SELECT FROM area WHERE active);
INSERT INTO area_then (version, id, level, parent, code, name, households, rings, position)
    SELECT 1, id, level, parent, code, name, households, rings, position FROM area
    WHERE active AND EXISTS (SELECT FROM area_version);
UPDATE incident SET area_version = 1 FROM area_version WHERE opened_at >= valid_from
"""


def upgrade() -> None:
    """Make them; the areas in force are the first version, and incidents since then were opened in it."""
    for statement in _UP.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them; the areas in force stay."""
    op.execute("ALTER TABLE incident DROP COLUMN area_version")
    op.execute("DROP TABLE area_then")
    op.execute("DROP TABLE area_version")
