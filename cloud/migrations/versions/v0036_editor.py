"""Each version of the site as text, to go back to; and the pictures in nodes' answers, for some minutes."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables; the version in force is the first that is kept."""
    op.execute(
        "CREATE TABLE site_version (version integer PRIMARY KEY, digest text NOT NULL, text text NOT NULL)"
    )
    op.execute("INSERT INTO site_version (version, digest, text) SELECT version, digest, text FROM site_text")
    op.execute(
        "CREATE TABLE command_picture (command uuid NOT NULL, number integer NOT NULL,"
        " taken_at timestamptz NOT NULL, jpeg bytea NOT NULL, expires_at timestamptz NOT NULL,"
        " PRIMARY KEY (command, number))"
    )
    op.execute("CREATE INDEX command_picture_over ON command_picture (expires_at)")


def downgrade() -> None:
    """Drop them; earlier versions cannot be gone back to."""
    op.execute("DROP TABLE command_picture")
    op.execute("DROP TABLE site_version")
