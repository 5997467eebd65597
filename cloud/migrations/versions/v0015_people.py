"""People's areas and organisations, who is party to a case, tokens of API clients, log-in by a provider."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_UP = (
    (
        "ALTER TABLE person ADD COLUMN areas text[] NOT NULL DEFAULT '{}', ADD COLUMN organisation text,"
        " ADD COLUMN version integer NOT NULL DEFAULT 1, ADD COLUMN locked_at timestamptz,"
        " ALTER COLUMN password_hash DROP NOT NULL"
    ),
    (
        "CREATE TABLE incident_party (incident_id uuid NOT NULL REFERENCES incident (id) ON DELETE CASCADE,"
        " party text NOT NULL, PRIMARY KEY (incident_id, party))"
    ),
    "CREATE INDEX incident_party_of ON incident_party (party, incident_id)",
    (
        "CREATE TABLE api_token (id uuid PRIMARY KEY, token_hash bytea NOT NULL UNIQUE, name text NOT NULL,"
        " person_id uuid REFERENCES person (id) ON DELETE CASCADE, organisation text,"
        " roles text[] NOT NULL, areas text[] NOT NULL, created_at timestamptz NOT NULL,"
        " created_by text NOT NULL, expires_at timestamptz NOT NULL, revoked_at timestamptz,"
        " used_at timestamptz, CHECK ((person_id IS NULL) <> (organisation IS NULL)))"
    ),
    "CREATE INDEX api_token_person ON api_token (person_id)",
    (
        "CREATE TABLE person_subject (issuer text NOT NULL, subject text NOT NULL,"
        " person_id uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE, linked_at timestamptz NOT NULL,"
        " linked_by text NOT NULL, PRIMARY KEY (issuer, subject))"
    ),
    "CREATE INDEX person_subject_person ON person_subject (person_id)",
    (
        "CREATE TABLE oidc_login (state_hash bytea PRIMARY KEY, browser_hash bytea NOT NULL,"
        " nonce text NOT NULL, verifier text NOT NULL, began_at timestamptz NOT NULL)"
    ),
)
_DOWN = (
    "DROP TABLE oidc_login, person_subject, api_token, incident_party",
    "DELETE FROM person WHERE password_hash IS NULL",
    (
        "ALTER TABLE person ALTER COLUMN password_hash SET NOT NULL, DROP COLUMN locked_at,"
        " DROP COLUMN version, DROP COLUMN organisation, DROP COLUMN areas"
    ),
)


def upgrade() -> None:
    """Add them. Everybody who was there sees the whole street, as before."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; who has no password goes too, for nobody could log in as them."""
    for statement in _DOWN:
        op.execute(statement)
