"""Seats of the patrol room: who sits there, who ever did, and what each shift handed over."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_UP = (
    (
        "CREATE TABLE seat (seat text PRIMARY KEY, roster text NOT NULL, username text NOT NULL UNIQUE,"
        " since timestamptz NOT NULL, on_roster boolean NOT NULL)"
    ),
    (
        "CREATE TABLE seat_event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at"
        " timestamptz NOT NULL,"
        " seat text NOT NULL, roster text NOT NULL,"
        " action text NOT NULL CHECK (action IN ('taken', 'left', 'freed', 'handed_over')),"
        " username text NOT NULL, actor text NOT NULL, on_roster boolean NOT NULL, handover uuid,"
        " reason text)"
    ),
    "CREATE INDEX seat_event_of_person ON seat_event (username, at)",
    (
        "CREATE TRIGGER seat_event_is_append_only BEFORE UPDATE OR DELETE ON seat_event"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    ),
    (
        "CREATE TABLE handover (id uuid PRIMARY KEY, seat text NOT NULL, roster text NOT NULL,"
        " giver text NOT NULL, notes text NOT NULL, lists jsonb NOT NULL, offered_at timestamptz NOT NULL,"
        " taker text CHECK (taker <> giver), taken_at timestamptz, withdrawn_at timestamptz,"
        " CHECK ((taker IS NULL) = (taken_at IS NULL)), CHECK (taken_at IS NULL OR withdrawn_at IS NULL))"
    ),
    (
        "CREATE UNIQUE INDEX handover_offered ON handover (seat)"
        " WHERE taken_at IS NULL AND withdrawn_at IS NULL"
    ),
    "CREATE INDEX handover_newest ON handover (offered_at)",
)


def upgrade() -> None:
    """Add them."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; who sat where is forgotten."""
    for table in ("handover", "seat_event", "seat"):
        op.execute(f"DROP TABLE {table}")
