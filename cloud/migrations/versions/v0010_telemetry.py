"""Telemetry: traces, their values in pieces of a week, minutes and hours; the limits that charts draw."""

from __future__ import annotations

from datetime import timedelta

from alembic import op
from sqlalchemy import text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WEEK = timedelta(days=7)

_UP = (
    """
    CREATE TABLE trace (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        node text NOT NULL,
        point text NOT NULL,
        device text NOT NULL,
        zone text NOT NULL,
        quantity text NOT NULL,
        unit text NOT NULL,
        last_at timestamptz,
        last_value double precision,
        UNIQUE (device, zone, quantity, unit, point, node)
    )
    """,
    "CREATE INDEX trace_of_point ON trace (point)",
    """
    CREATE TABLE sample (
        trace integer NOT NULL,
        at timestamptz NOT NULL,
        value double precision NOT NULL,
        sound boolean NOT NULL,
        PRIMARY KEY (trace, at)
    ) PARTITION BY RANGE (at)
    """,
    "CREATE TABLE sample_mark (trace integer NOT NULL, hour timestamptz NOT NULL, PRIMARY KEY (trace, hour))",
    *(
        f"""
        CREATE TABLE {table} (
            trace integer NOT NULL,
            at timestamptz NOT NULL,
            count bigint NOT NULL,
            low double precision NOT NULL,
            total double precision NOT NULL,
            high double precision NOT NULL,
            last double precision NOT NULL,
            PRIMARY KEY (trace, at)
        ) PARTITION BY RANGE (at)
        """
        for table in ("sample_minute", "sample_hour")
    ),
    """
    CREATE TABLE telemetry_journal (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        lines bytea NOT NULL
    )
    """,
    "CREATE TABLE telemetry_server (single boolean PRIMARY KEY CHECK (single), started text NOT NULL)",
    "ALTER TABLE device ADD COLUMN limits jsonb NOT NULL DEFAULT '[]'",
)
_PIECES = """
    SELECT DISTINCT date_bin('7 days', taken_at, 'epoch') AS begin FROM reading
    WHERE taken_at > now() - interval '35 days' AND taken_at < now() + interval '1 day'
"""
_TRACES = """
    INSERT INTO trace (node, point, device, zone, quantity, unit, last_at, last_value)
    SELECT DISTINCT ON (r.sensor, r.quantity, r.unit, r.point)
        coalesce(p.node, ''), r.point, r.sensor, '', r.quantity, r.unit, r.taken_at, r.value
    FROM reading r LEFT JOIN point p ON p.id = r.point
    ORDER BY r.sensor, r.quantity, r.unit, r.point, r.taken_at DESC
"""
_VALUES = """
    INSERT INTO sample (trace, at, value, sound)
    SELECT t.id, r.taken_at, r.value, r.quality IN ('good', 'edge_time', 'clock')
    FROM reading r JOIN trace t
    ON t.device = r.sensor AND t.quantity = r.quantity AND t.unit = r.unit AND t.point = r.point
    WHERE taken_at > now() - interval '35 days' AND taken_at < now() + interval '1 day'
    ON CONFLICT DO NOTHING
"""
_MARKS = "INSERT INTO sample_mark SELECT DISTINCT trace, date_bin('1 hour', at, 'epoch') FROM sample"
_DOWN = (
    "ALTER TABLE device DROP COLUMN limits",
    "DROP TABLE telemetry_server, telemetry_journal, sample_hour, sample_minute, sample_mark, sample, trace",
    """
    CREATE TABLE reading (
        sensor text NOT NULL,
        quantity text NOT NULL,
        boot text NOT NULL,
        seq bigint NOT NULL,
        point text NOT NULL,
        value double precision NOT NULL,
        unit text NOT NULL,
        taken_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        quality text NOT NULL,
        battery double precision,
        signal double precision,
        PRIMARY KEY (sensor, quantity, boot, seq)
    )
    """,
    "CREATE INDEX reading_in_time ON reading (sensor, quantity, taken_at)",
    "CREATE INDEX reading_age ON reading USING brin (taken_at)",
)


def upgrade() -> None:
    """Make them; what was kept of the last weeks goes over."""
    for statement in _UP:
        op.execute(statement)
    connection = op.get_bind()
    for (begin,) in connection.execute(text(_PIECES)).all():
        connection.execute(
            text(
                f"CREATE TABLE sample_{begin:%Y%m%d} PARTITION OF sample "
                f"FOR VALUES FROM ('{begin.isoformat()}') TO ('{(begin + WEEK).isoformat()}')"
            )
        )
    for statement in (_TRACES, _VALUES, _MARKS, "DROP TABLE reading"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them; readings are kept anew from then on."""
    for statement in _DOWN:
        op.execute(statement)
