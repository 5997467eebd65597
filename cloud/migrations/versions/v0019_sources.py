"""What people report: reports, their photos, requests that may come again, counts that were published."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_UP = (
    (
        "CREATE TABLE report (id uuid PRIMARY KEY, number text NOT NULL UNIQUE,"
        " source text NOT NULL CHECK (source IN ('worker', 'citizen', 'hotline', 'manual', 'open311')),"
        " sender text NOT NULL, external text, received_at timestamptz NOT NULL,"
        " happened_at timestamptz NOT NULL, event_class text, words text NOT NULL, address text,"
        " lon double precision, lat double precision, point text, grid text, community text,"
        " photos text[] NOT NULL,"
        " state text NOT NULL CHECK (state IN ('waiting', 'accepted', 'merged', 'refused')),"
        " version integer NOT NULL, incident_id uuid REFERENCES incident (id) ON DELETE CASCADE,"
        " decided_at timestamptz, decided_by text, reason text,"
        " CHECK ((incident_id IS NOT NULL) = (state IN ('accepted', 'merged'))))"
    ),
    "CREATE UNIQUE INDEX report_external ON report (sender, external) WHERE external IS NOT NULL",
    "CREATE INDEX report_waiting ON report (received_at, id) WHERE state = 'waiting'",
    "CREATE INDEX report_incident ON report (incident_id) WHERE incident_id IS NOT NULL",
    "CREATE INDEX report_sender ON report (sender, received_at DESC, id DESC)",
    (
        "CREATE TABLE photo_upload (sha256 text NOT NULL, sender text NOT NULL, at timestamptz NOT NULL,"
        " size integer NOT NULL, used boolean NOT NULL, PRIMARY KEY (sha256, sender))"
    ),
    "CREATE INDEX photo_upload_waiting ON photo_upload (sender, at) WHERE NOT used",
    (
        "CREATE TABLE request_key (name bytea PRIMARY KEY, digest bytea NOT NULL, answer jsonb,"
        " at timestamptz NOT NULL)"
    ),
    "CREATE INDEX request_key_at ON request_key (at)",
    "CREATE TABLE install_secret (name text PRIMARY KEY, secret bytea NOT NULL)",
    (
        "CREATE TABLE open_data_week (week text PRIMARY KEY, published_at timestamptz NOT NULL,"
        " cells jsonb NOT NULL)"
    ),
)


def upgrade() -> None:
    """Make the tables."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; cases that were opened from reports stay."""
    op.execute("DROP TABLE open_data_week, install_secret, request_key, photo_upload, report")
