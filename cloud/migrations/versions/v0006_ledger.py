"""The ledger's further columns, refusals and gaps by their cause, readings, and what is history."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UP = (
    """
    ALTER TABLE ledger
        ADD COLUMN evicted int8multirange NOT NULL DEFAULT '{}',
        ADD COLUMN waiting int8multirange NOT NULL DEFAULT '{}',
        ADD COLUMN next bigint,
        ADD COLUMN reported_at timestamptz
    """,
    """
    CREATE TABLE refusal (
        node text NOT NULL,
        epoch uuid NOT NULL,
        series text NOT NULL,
        seq bigint NOT NULL,
        code text NOT NULL,
        reason text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (node, epoch, series, seq)
    )
    """,
    "CREATE INDEX refusal_latest ON refusal (node, at DESC)",
    """
    CREATE TABLE gap (
        event_id uuid PRIMARY KEY,
        node text NOT NULL,
        epoch uuid NOT NULL,
        series text NOT NULL,
        numbers int8multirange NOT NULL,
        cause text NOT NULL,
        first_at timestamptz,
        last_at timestamptz,
        readings bigint NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX gap_latest ON gap (node, at DESC)",
    """
    CREATE TABLE evidence_lost (
        condition_id uuid NOT NULL,
        kind text NOT NULL,
        cause text NOT NULL,
        PRIMARY KEY (condition_id, kind)
    )
    """,
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
    "ALTER TABLE alarm ADD COLUMN history boolean NOT NULL DEFAULT false",
    "ALTER TABLE node ADD COLUMN clock_offset_s double precision",
)
_DOWN = (
    "ALTER TABLE node DROP COLUMN clock_offset_s",
    "ALTER TABLE alarm DROP COLUMN history",
    "DROP TABLE reading, evidence_lost, gap, refusal",
    """
    ALTER TABLE ledger DROP COLUMN evicted, DROP COLUMN waiting, DROP COLUMN next, DROP COLUMN reported_at
    """,
)


def upgrade() -> None:
    """Add them; what came before was not history, and no node had reported yet."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for statement in _DOWN:
        op.execute(statement)
